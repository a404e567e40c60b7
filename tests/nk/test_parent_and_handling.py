"""NK parent with and without CD7, frozen samples, clones, KLRC2, handling flag."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import t

import longate as lg
from longate.exceptions import LongateError, MaturationError
from longate.gating.strategy.implied_bounds import bounds_of
from nk.cells import cell, events_of, gates, random_cells, study_of
from reference import stages as reference

CORE = ["CD56", "CD56bright", "CD16"]
CELLS = {
    name: random_cells(2000, seed)
    for seed, name in enumerate(["P1_m0", "P1_m6", "P2_m0", "P2_m6"])
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    events = {name: events_of(cells) for name, cells in CELLS.items()}
    return study_of(tmp_path_factory.mktemp("parent"), events)


def _scored(study, *, cd7=True, **options):
    found = study.gate(lg.GatingStrategy(gates(cd7=cd7)), progress=False)
    return lg.nk.maturation(found, parent="NK", **options)


def test_without_cd7_the_parent_is_its_cd56_positive_cells(study):
    whole, only = _scored(study), _scored(study, cd7=False)
    assert "|CD3- dump-/NK]" in whole.scheme.id
    assert "|CD3- dump-/NK, CD56+]" in only.scheme.id
    assert "fraction_neg16pos" in whole.table
    assert not [c for c in only.table if c.startswith("fraction_neg")]
    for row in only.table.itertuples():
        cells = [c for c in CELLS[row.sample.replace("_NK", "")] if c["CD56"]]
        assert row.n_parent == len(cells)
        scored = only.event_scores.set_index("sample").loc[row.sample]
        assert scored["n"] == len(cells)
    # CD56neg cells lie off the axis, so the index is the same.
    assert only.table["index"].tolist() == whole.table["index"].tolist()
    assert any("CD7+ (or NKp80+)" in note for note in only.notes)
    assert not any("CD7+ (or NKp80+)" in note for note in whole.notes)
    assert any("panel measures 'CD7'" in note for note in only.notes)
    assert not any("panel measures" in note for note in whole.notes)
    with pytest.raises(MaturationError, match="never compared"):
        lg.nk.maturation.__globals__["combine"](whole, only)


@pytest.mark.parametrize(
    ("expression", "bounds"),
    [
        ("CD7+ and not dump+", {("cd7", "below"), ("dump", "above")}),
        ("CD7+ or CD16+", set()),
        ("not (dump+ or CD3+)", {("dump", "above"), ("cd3", "above")}),
        ("CD7+ and (CD7+ or CD16+)", {("cd7", "below")}),
        ("not (dump+ and CD3+)", set()),
        ("not window", set()),
    ],
)
def test_boolean_parents_bound_what_their_expression_implies(expression, bounds):
    strategy = lg.GatingStrategy(
        [
            *(
                lg.RectangleGate(f"{name}+", dimensions={name: (0.5, None)})
                for name in ("CD7", "CD16", "dump", "CD3")
            ),
            lg.RectangleGate("window", dimensions={"CD7": (0.1, 0.2)}),
            lg.BooleanGate("NK", expression),
        ]
    )
    assert bounds_of(strategy, "NK") == bounds
    parent = lg.nk.NKParent.of(strategy, "NK")
    assert parent.cd7_positive == (("cd7", "below") in bounds)
    assert parent.lineage_removed == (("dump", "above") in bounds)


def test_any_cd16_stages_dim_cells_as_if_they_were_cd16_positive():
    parent = lg.nk.NKParent("NK", lineage_removed=True, cd7_positive=True)
    for size in range(len(reference.OPTIONAL) + 1):
        subset = list(reference.OPTIONAL[:size])
        scheme = lg.nk.stage_scheme(
            "five_stage_any_cd16", markers=[*CORE, *subset], parent=parent
        )
        names = [*CORE, *subset]
        for values in itertools.product([False, True], repeat=len(names)):
            one = dict(zip(names, values, strict=True))
            if one["CD56bright"] and not one["CD56"]:
                continue
            dim = one["CD56"] and not one["CD56bright"]
            expected = reference.five_stage(
                {**one, "CD16": one["CD16"] or dim}, set(subset), lineage_removed=True
            )
            found = scheme.label({k: np.array([v]) for k, v in one.items()})[0]
            assert found == expected.replace("dim16pos", "dim")


def test_any_cd16_stands_beside_the_index_in_robustness(study):
    populations = study.gate(lg.GatingStrategy(gates()), progress=False)
    order = ["gate"]
    found = lg.nk.robustness(lg.nk.thresholds(populations, parent="NK", order=order))
    beside = _scored(study, scheme="five_stage_any_cd16").table
    assert found.samples["index_any_cd16"].tolist() == pytest.approx(
        beside["index"].tolist(), abs=1e-12
    )
    assert "five_stage_any_cd16" in set(found.conclusion["variant"])


def test_frozen_samples_never_define_late_cells_by_cd62l_or_cd27():
    for frozen, late in ((False, "not CD62L"), (True, None)):
        parent = lg.nk.NKParent("NK", cryopreserved=frozen)
        made = lg.nk.stage_scheme(
            "five_stage", markers=[*CORE, "CD62L", "CD27"], parent=parent
        )
        rules = {stage.label: stage.rule for stage in made.stages}
        assert rules.get("dim_late") == late
        assert any("frozen" in note for note in made.notes) == frozen
    kept = lg.nk.stage_scheme(
        "five_stage",
        markers=[*CORE, "KIR", "CD62L"],
        parent=lg.nk.NKParent("NK", cryopreserved=True),
    )
    assert "KIR" in kept.markers


def test_a_frozen_specimen_in_the_sheet_decides_the_rule(study):
    sheet = study.samples.drop(columns="n_events").assign(specimen="pbmc_frozen")
    again = lg.read_study(sheet)
    strategy = lg.GatingStrategy(gates(["CD16", "CD62L"]))
    found = lg.nk.maturation(again.gate(strategy, progress=False), parent="NK")
    assert "CD62L" not in found.scheme.markers


def test_clones_are_part_of_what_a_score_means(study):
    plain = _scored(study)
    told = _scored(study, clones={"KIR": "DX9 (KIR3DL1)", "CD94": "HP-3D9"})
    assert plain.scheme.id != told.scheme.id
    assert told.scheme.reagents == (("KIR", "DX9 (KIR3DL1)"),)
    assert "KIR- means negative for these clones: DX9 (KIR3DL1)." in told.notes
    assert any("not recorded" in note for note in plain.notes)
    sheet = study.samples.drop(columns="n_events").assign(kir_clones="DX9 (KIR3DL1)")
    read = _scored(lg.read_study(sheet))
    assert read.scheme.id == told.scheme.id
    sheet.loc[sheet.index[0], "kir_clones"] = "HP-3E4 (KIR2DL1)"
    with pytest.raises(MaturationError, match=r"kir_clones differ.*HP-3E4"):
        _scored(lg.read_study(sheet))


def test_donors_without_nkg2c_are_not_assessable(tmp_path):
    def dim(n, *, nkg2c):
        return [
            cell(CD56=True, CD16=True, CD57=True, NKG2C=i < nkg2c) for i in range(n)
        ]

    study = study_of(
        tmp_path,
        {
            "P1_m0": events_of(dim(500, nkg2c=0)),
            "P1_m6": events_of(dim(500, nkg2c=5)),
            "P2_m0": events_of(dim(500, nkg2c=0)),
            "P2_m6": events_of(dim(500, nkg2c=6)),
        },
    )
    sheet = study.samples.drop(columns="n_events").assign(cmv="positive")
    made = _scored(lg.read_study(sheet))
    table = made.table.set_index("patient")
    assert not table.loc["P1", "adaptive_assessable"].any()
    assert table.loc["P2", "adaptive_assessable"].all()
    assert table.loc["P1", "fraction_adaptive"].isna().all()
    assert table.loc["P2", "fraction_adaptive"].tolist() == [0, 6 / 500]
    note = next(note for note in made.notes if "not assessable" in note)
    assert "P1 (CMV positive)" in note
    assert "P2" not in note


# Handling


def test_a_handling_limit_is_a_prediction_limit_on_the_logit():
    k, n = np.array([20, 25, 30, 22, 28, 26]), np.full(6, 1000)
    limits, found = lg.quality.handling_limits([30], [1000], k, n)
    y = np.log((k + 0.5) / (n - k + 0.5))
    expected = y.mean() + t.ppf(0.99, 5) * y.std(ddof=1) * np.sqrt(7 / 6)
    assert np.log(limits[0] / (1 - limits[0])) == pytest.approx(expected, rel=1e-12)
    assert (found.n, found.lowest, found.highest) == (6, 0.02, 0.03)
    others, _ = lg.quality.handling_limits([20], [1000], k, n, member=[0])
    assert others[0] == lg.quality.handling_limits([20], [1000], k[1:], n[1:])[0][0]


def test_few_cells_are_no_sign_of_handling():
    """3 of 37 cells are 8 %, and nothing beside a reference of 3 % of 1000."""
    k, n = [28, 30, 33, 27, 31, 35], [1000] * 6
    limits, found = lg.quality.handling_limits([3, 81, 0], [37, 1000, 0], k, n)
    assert limits[0] > 3 / 37
    assert limits[1] < 81 / 1000
    assert np.isnan(limits[2])
    p = 1 / (1 + np.exp(-np.log((np.array(k) + 0.5) / (1000.5 - np.array(k))).mean()))
    more = (1 / 37 - 1 / 1000) / (p * (1 - p))
    y = np.log((np.array(k) + 0.5) / (1000.5 - np.array(k)))
    wide = np.sqrt(y.var(ddof=1) * 7 / 6 + more)
    expected = y.mean() + t.ppf(0.99, 5) * wide
    assert np.log(limits[0] / (1 - limits[0])) == pytest.approx(expected, rel=1e-12)
    assert found.limit < limits[0]


def test_few_reference_samples_give_no_limit():
    limits, found = lg.quality.handling_limits([900], [1000], [10] * 4, [1000] * 4)
    assert np.isnan(limits).all()
    assert np.isnan(found.limit)
    assert found.median == 0.01
    with pytest.raises(LongateError, match=r"k\[1\] is 9 of 8 cells"):
        lg.quality.handling_limits([1, 9], [8, 8], [1], [2])


@pytest.mark.parametrize("bridging", [True, False])
def test_delayed_samples_are_flagged_against_the_study_s_own(tmp_path, bridging):
    def nk(share, seed):
        lost = np.random.default_rng(seed).random(3000) < share
        return events_of([cell(CD56=True, CD16=not low) for low in lost])

    shares = {f"P{p}_m{m}": 0.05 for p in range(4) for m in (0, 6)} | {"P9_m0": 0.4}
    study = study_of(tmp_path, {s: nk(v, i) for i, (s, v) in enumerate(shares.items())})
    sheet = study.samples.drop(columns="n_events")
    if bridging:
        chosen = ~sheet["patient"].isin(["P0", "P9"])
        sheet["role"] = np.where(chosen, "bridging", "sample")
    else:
        sheet["hours_to_stain"] = np.where(sheet["patient"] == "P9", 30.0, 2.0)
    populations = lg.read_study(sheet).gate(lg.GatingStrategy(gates()), progress=False)
    thresholds = lg.nk.thresholds(populations, parent="NK", order=["gate"])
    found = lg.nk.robustness(thresholds)
    flagged = found.samples.set_index("patient")["handling_flag"]
    assert flagged["P9"].all()
    assert not flagged.drop("P9").any()
    said = next(words for words in found.words if "CD56dim CD16-" in words)
    assert ("own bridging samples (n = 6)" in said) == bridging
    assert ("own fresh samples" in said) != bridging
    assert "excludes neither delay nor freezing nor shedding" in said


def test_nothing_recorded_means_nothing_flagged(study):
    populations = study.gate(lg.GatingStrategy(gates()), progress=False)
    thresholds = lg.nk.thresholds(populations, parent="NK", order=["gate"])
    found = lg.nk.robustness(thresholds)
    assert not found.samples["handling_flag"].any()
    assert any("records no bridging sample" in words for words in found.words)
