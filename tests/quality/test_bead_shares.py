"""Shares of NK cells in two tubes of one sample, compared."""

from __future__ import annotations

import pandas as pd
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import (
    FileWarning,
)
from quality.bead_files import (
    LOTS,
    OTHER,
    STRATEGY,
    bead_file,
    counted,
    row_of,
)


def _disagree(folder, own, other, **options):
    """Whether the NK share of two tubes is flagged; each (NK, lymphocytes)."""
    files = []
    for tube, (n_nk, n_lymphocytes) in {"beads": own, "nk": other}.items():
        sizes = {"n_nk": n_nk, "n_lymphocytes": n_lymphocytes}
        files.append(bead_file(tube=tube, sizes=sizes))
    table = counted(folder, files, strategy={"beads": STRATEGY, "nk": OTHER}, **options)
    assert set(table["tube"]) == {"beads"}
    (flag,) = table["share_disagrees"].unique()
    return None if pd.isna(flag) else bool(flag)


@pytest.mark.parametrize(
    ("own", "other", "flagged"),
    [
        ((120, 1000), (120, 1000), False),
        ((120, 1000), (145, 1000), False),  # within 25 %
        ((300, 1000), (400, 1000), True),
        ((400, 1000), (300, 1000), True),
        ((3, 30), (6, 30), False),  # a factor of 2, but within counting error
        ((0, 1000), (300, 1000), True),
        ((300, 1000), (0, 1000), True),
        ((0, 1000), (0, 1000), False),
        ((0, 1000), (1, 1000), False),
        ((100, 1000), (0, 0), None),
    ],
)
def test_shares_that_differ_beyond_counting_and_a_quarter_are_flagged(
    tmp_path, own, other, flagged
):
    assert _disagree(tmp_path, own, other) is flagged


def test_shares_are_not_compared_where_it_is_not_asked(tmp_path):
    assert _disagree(tmp_path, (300, 1000), (30, 1000), shared=None) is None


def test_one_tube_alone_disagrees_with_nothing(tmp_path):
    table = counted(tmp_path, [bead_file()])
    assert table["share_disagrees"].isna().all()


def test_a_sample_without_the_other_tube_is_not_judged(tmp_path):
    files = [
        bead_file("P1", tube="beads"),
        bead_file("P1", tube="nk", sizes={"n_nk": 900}),
        bead_file("P2", tube="beads"),
    ]
    table = counted(tmp_path, files, strategy={"beads": STRATEGY, "nk": OTHER})
    flags = table.drop_duplicates("sample").set_index("sample")["share_disagrees"]
    assert bool(flags["P1_m0"])
    assert pd.isna(flags["P2_m0"])


def test_a_tube_whose_files_all_fail_is_not_compared(tmp_path):
    files = [bead_file(tube="beads"), bead_file(tube="nk")]
    study = write_study(tmp_path, files, bead_lots=LOTS)
    (tmp_path / "1.fcs").unlink()
    with pytest.warns(FileWarning):
        populations = study.gate({"beads": STRATEGY, "nk": OTHER}, progress=False)
    table = lg.quality.per_microlitre(populations, beads="Beads")
    assert table["share_disagrees"].isna().all()


def test_a_study_whose_populations_do_not_nest_is_counted_without_shares(tmp_path):
    flat = lg.GatingStrategy(
        [
            lg.RectangleGate("Beads", C=(1.0, None)),
            lg.RectangleGate("Lymphocytes", A=(1.0, None)),
            lg.RectangleGate("NK", B=(1.0, None)),
        ]
    )
    table = counted(tmp_path, [bead_file()], strategy=flat)
    assert table["share_disagrees"].isna().all()
    assert row_of(table)["per_microlitre"] == pytest.approx(30.0)
