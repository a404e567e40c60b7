"""One patient's change against counting, assay and biology."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import DesignError, MaturationError
from longate.nk.stages.index import stage_index
from nk.cells import CHANNELS, events_of, gates, random_cells, study_of

WITHIN = lg.nk.Variation(0.03, "twelve healthy donors, monthly")
ASSAY = lg.nk.Variation(0.01, "five tubes of one donor")
WEIGHTS = {"a": 0.0, "b": 0.25, "c": 0.5, "d": 0.75, "e": 1.0}
STABLE = np.array([0.05, 0.03, 0.25, 0.30, 0.37])


class Scored:
    """What a maturation shows of itself."""

    def __init__(self, table, stages=None):
        self.table, self.stages = table, stages


def scored(counts, visits=("m00", "m12")):
    """Return a maturation table from stage counts, rows patient by patient."""
    index, low, high = stage_index(np.asarray(counts, dtype=float), WEIGHTS)
    n = len(index) // len(visits)
    patients = np.repeat([f"P{i}" for i in range(n)], len(visits))
    table = pd.DataFrame(
        {
            "sample": [
                f"{p}_{v}" for p, v in zip(patients, list(visits) * n, strict=True)
            ],
            "patient": patients,
            "visit": pd.Categorical(list(visits) * n, visits, ordered=True),
            "tube": "NK",
            "index": index,
            "counting_low": low,
            "counting_high": high,
        }
    )
    return Scored(table)


def test_the_limit_is_the_formula():
    counts = [[50, 30, 250, 300, 370], [20, 20, 150, 300, 510]]
    found = lg.nk.reference_change(scored(counts), within=WITHIN, assay=ASSAY)
    row = found.table.iloc[0]
    index, low, high = stage_index(np.array(counts, dtype=float), WEIGHTS)
    counting = ((high - low) / 2 / 1.959964) ** 2
    limit = 1.959964 * math.sqrt(2 * (0.03**2 + 0.01**2) + counting.sum())
    assert row["limit"] == pytest.approx(limit, rel=1e-5)
    assert row["change"] == pytest.approx(index[1] - index[0])
    assert row["verdict"] == ("rise" if index[1] - index[0] > limit else "none")


def test_components_show_their_sources_and_shares():
    counts = [[50, 30, 250, 300, 370], [20, 20, 150, 300, 510]]
    found = lg.nk.reference_change(scored(counts), within=WITHIN, assay=ASSAY)
    components = found.components.set_index("component")
    assert components.loc["within the person", "source"] == WITHIN.source
    assert components.loc["assay", "source"] == ASSAY.source
    assert "counted events" in components.loc["counting", "source"]
    assert components["share"].sum() == pytest.approx(1.0)
    for word in (WITHIN.source, ASSAY.source):
        assert word in repr(found)


def stable_patients(n, cells, seed):
    """Simulated patients whose cells do not mature: biology, assay, counting."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        for _ in range(2):
            # A shift of the latent odds gives the index its SD within the person.
            shift = random.normal(0.0, 0.17)
            odds = STABLE * np.exp(shift * np.arange(5))
            rows.append(random.multinomial(cells, odds / odds.sum()))
    return np.array(rows)


def test_stable_patients_are_rarely_called_changed():
    counts = stable_patients(1500, 1500, seed=11)
    truth = stable_patients(4000, 10**7, seed=12)
    index, _, _ = stage_index(truth.astype(float), WEIGHTS)
    within = lg.nk.Variation(float(index.std()), "simulated here")
    nothing = lg.nk.Variation(0.0, "no assay in this simulation")
    held = lg.nk.reference_change(scored(counts), within=within, assay=nothing)
    alone = lg.nk.reference_change(scored(counts), within=nothing, assay=nothing)
    wrong = (held.table["verdict"] != "none").mean()
    error = 3 * math.sqrt(0.05 * 0.95 / 1500)
    assert abs(wrong - 0.05) < error
    assert 0.4 < (alone.table["verdict"] != "none").mean() < 0.8


def test_a_fraction_is_judged_on_the_log_scale(tmp_path):
    made = lg.simulate.cohort(
        tmp_path, patients=3, nk_events=20_000, tubes=["NK"], progress=False
    )
    populations = lg.read_study(made.sheet).gate(
        lg.simulate.nk_strategy(), progress=False
    )
    maturation = lg.nk.maturation(populations, parent="NK")
    within = lg.nk.Variation(0.2, "an assumption")
    assay = lg.nk.Variation(0.08, "an assumption")
    found = lg.nk.reference_change(
        maturation, within=within, assay=assay, value="fraction_dim_CD57"
    )
    row = found.table.iloc[0]
    first, _, later = row["contrast"].partition(" - ")[::-1]
    stages = maturation.stages.query("stage == 'dim_CD57'").set_index(
        ["patient", "visit"]
    )
    k = [stages.loc[(row["patient"], v), "n_events"] for v in (first, later)]
    variance = 2 * (math.log1p(0.2**2) + math.log1p(0.08**2))
    variance += sum(math.log1p(1 / n) for n in k)
    assert math.log(row["limit_high"]) == pytest.approx(
        1.959964 * math.sqrt(variance), rel=1e-5
    )
    assert found.components["share"].sum() == pytest.approx(1.0)


def test_bad_input_is_named():
    with pytest.raises(DesignError, match="needs its source"):
        lg.nk.Variation(0.1, "  ")
    with pytest.raises(DesignError, match="at least 0"):
        lg.nk.Variation(math.nan, "somewhere")
    counts = [[50, 30, 250, 300, 370], [20, 20, 150, 300, 510]]
    with pytest.raises(MaturationError, match="no reference change value is known"):
        lg.nk.reference_change(scored(counts), within=WITHIN, assay=ASSAY, value="n")
    with pytest.raises(MaturationError, match="confidence"):
        lg.nk.reference_change(
            scored(counts), within=WITHIN, assay=ASSAY, confidence=95
        )


def test_a_sample_without_cells_on_the_axis_gets_no_verdict():
    counts = [[50, 30, 250, 300, 370], [0, 0, 0, 0, 0]]
    row = lg.nk.reference_change(scored(counts), within=WITHIN, assay=ASSAY).table.iloc[
        0
    ]
    assert row["verdict"] == "none"
    assert "no event on the axis" in row["problem"]


@pytest.fixture
def replicated(tmp_path):
    """A study whose patients' tubes were stained twice."""
    cells = {
        f"P{p}_m{visit}": random_cells(1500, 10 * p + visit)
        for p in range(4)
        for visit in (0, 6)
    }
    files = [
        {"patient": name[:2], "visit": name[3:], "run": run, "events": events_of(half)}
        for name, whole in cells.items()
        for run, half in enumerate((whole[::2], whole[1::2]))
    ]
    return write_study(tmp_path, files, channels=CHANNELS, runs="keep")


def test_a_study_with_replicates_gives_the_assay_s_variation(replicated):
    found = replicated.gate(lg.GatingStrategy(gates()), progress=False)
    made = lg.nk.maturation(found, parent="NK")
    measured = lg.quality.uncertainty(made, specimen=("patient", "visit"))
    assert (measured.n, measured.n_specimens) == (16, 8)
    # Halves of one tube differ by counting alone.
    assert measured.components["low"].iloc[0] == 0
    logit = lg.quality.uncertainty(
        made.stages[made.stages["stage"] == "dim_late"],
        scale="logit",
        counts=("n_events", "n_parent"),
        specimen=("patient", "visit"),
    )
    assert logit.n == 16


def test_a_fraction_takes_a_logit_or_log_variation_and_no_other(tmp_path):
    random = np.random.default_rng(3)
    share = 1 / (1 + np.exp(-(-2 + np.repeat(random.normal(0, 0.3, 30), 2))))
    share = share * np.exp(random.normal(0, 0.15, 60))
    table = pd.DataFrame({"blood": np.repeat(np.arange(30), 2), "n": 100_000})
    table["k"] = random.binomial(table["n"], share)
    measured = lg.quality.uncertainty(
        table, scale="logit", counts=("k", "n"), specimen="blood"
    )
    scale = 1 - measured.mean
    cells = {f"P1_m{v}": events_of(random_cells(2000, v)) for v in (0, 6)}
    populations = study_of(tmp_path, cells).gate(
        lg.GatingStrategy(gates()), progress=False
    )
    made = lg.nk.maturation(populations, parent="NK")
    given = {"within": WITHIN, "value": "fraction_dim_late"}
    found = lg.nk.reference_change(made, assay=measured, **given)
    same = lg.nk.reference_change(
        made,
        assay=lg.nk.Variation(
            measured.assay.size * scale, "the same", df=measured.assay.df
        ),
        **given,
    )
    pd.testing.assert_frame_equal(found.table, same.table)
    with pytest.raises(MaturationError, match="judged on 'log' or 'logit'"):
        lg.nk.reference_change(
            made,
            assay=lg.quality.uncertainty(table, value="k", specimen="blood"),
            **given,
        )
