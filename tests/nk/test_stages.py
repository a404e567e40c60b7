"""Stage rules against an independent reading of them, for every panel and phenotype."""

from __future__ import annotations

from itertools import chain, combinations, product

import numpy as np
import pytest

import longate as lg
from longate.exceptions import MaturationError
from longate.nk.stages.parent import NKParent
from longate.nk.stages.scheme import MARKERS
from reference import stages as reference

CORE = ["CD56", "CD56bright", "CD16"]
SUBSETS = [
    list(subset)
    for subset in chain.from_iterable(
        combinations(reference.OPTIONAL, size)
        for size in range(len(reference.OPTIONAL) + 1)
    )
]


def _phenotypes(names: list[str]) -> dict[str, np.ndarray]:
    codes = np.arange(2 ** len(names))
    return {name: (codes >> bit & 1).astype(bool) for bit, name in enumerate(names)}


def _cells(calls: dict[str, np.ndarray]) -> list[dict[str, bool]]:
    columns = [calls[name].tolist() for name in calls]
    return [dict(zip(calls, row, strict=True)) for row in zip(*columns, strict=True)]


def _possible(calls: dict[str, np.ndarray]) -> np.ndarray:
    return calls["CD56"] | ~calls["CD56bright"]


def _parent(path="NK", *, lineage_removed=False, cd7_positive=True, **more):
    return NKParent(path, lineage_removed, cd7_positive, **more)


def _scheme(subset, name="five_stage", **options):
    return lg.nk.stage_scheme(name, markers=[*CORE, *subset], parent=_parent(**options))


def test_the_markers_are_those_of_the_rules():
    assert set(MARKERS) == {"CD16", *reference.OPTIONAL}


@pytest.mark.parametrize("lineage_removed", [True, False])
def test_five_stages_follow_the_rules_for_every_subset_and_phenotype(lineage_removed):
    for subset in SUBSETS:
        scheme = _scheme(subset, lineage_removed=lineage_removed)
        calls = _phenotypes([*CORE, *subset])
        labels = scheme.label(calls)
        possible = _possible(calls)
        expected = [
            reference.five_stage(cell, set(subset), lineage_removed=lineage_removed)
            for cell, real in zip(_cells(calls), possible, strict=True)
            if real
        ]
        assert labels[possible].tolist() == expected, subset
        assert scheme.axis == tuple(reference.five_stage_axis(set(subset)))


@pytest.mark.parametrize(
    "name", ["five_stage", "five_stage_any_cd16", "hamann2011", "cd56_cd16"]
)
def test_every_phenotype_has_exactly_one_label_of_the_scheme(name):
    everything = _phenotypes([*CORE, *reference.OPTIONAL])
    for subset in SUBSETS:
        if name == "hamann2011" and "CX3CR1" not in subset:
            continue
        scheme = _scheme(subset, name)
        labels = scheme.label({call: everything[call] for call in scheme.markers})
        assert set(labels) == {stage.label for stage in scheme.stages}, subset
        assert len({stage.label for stage in scheme.stages}) == len(scheme.stages)


def test_a_label_looks_at_nothing_but_the_scheme_s_markers():
    for subset in SUBSETS:
        scheme = _scheme(subset)
        assert set(scheme.markers) <= {*CORE, *subset}
        scheme.label(_phenotypes(list(scheme.markers)))  # needs no other call


def test_hamann_2011_is_cd56_by_cx3cr1():
    names = ["CD56", "CD56bright", "CX3CR1"]
    scheme = lg.nk.stage_scheme("hamann2011", markers=names, parent=_parent())
    calls = _phenotypes(names)
    labels = scheme.label(calls)
    for label, cell, real in zip(labels, _cells(calls), _possible(calls), strict=True):
        assert not real or label == reference.hamann2011(cell)
    assert scheme.weights == {
        "bright_CX3CR1neg": 0.0,
        "dim_CX3CR1neg": 0.5,
        "dim_CX3CR1pos": 1.0,
    }
    assert set(scheme.off_axis) == {"bright_CX3CR1pos", "CD56neg"}


@pytest.mark.parametrize("lineage_removed", [True, False])
def test_cd56_by_cd16_has_three_places_on_the_axis(lineage_removed):
    scheme = lg.nk.stage_scheme(
        "cd56_cd16",
        markers=[*CORE, "CD57", "KIR"],
        parent=_parent(lineage_removed=lineage_removed),
    )
    assert set(scheme.markers) == set(CORE)
    calls = _phenotypes(CORE)
    labels = scheme.label(calls)
    for label, cell, real in zip(labels, _cells(calls), _possible(calls), strict=True):
        expected = reference.cd56_cd16(cell, lineage_removed=lineage_removed)
        assert not real or label == expected
    assert scheme.weights == {"bright16neg": 0.0, "bright16pos": 0.5, "dim16pos": 1.0}


def test_weights_are_equally_spaced_from_0_to_1_over_what_remains():
    assert _scheme(["CD57", "KIR"]).weights == reference.FIVE
    for subset in SUBSETS:
        weights = list(_scheme(subset).weights.values())
        np.testing.assert_allclose(weights, np.linspace(0, 1, len(weights)), rtol=1e-15)
        assert len(weights) in (3, 4, 5)


def test_neg16pos_is_there_only_where_lineage_cells_are_removed():
    labels = {s.label for s in _scheme(["CD57"], lineage_removed=True).stages}
    assert "neg16pos" in labels
    without = _scheme(["CD57"], lineage_removed=False)
    assert "neg16pos" not in {s.label for s in without.stages}
    assert any("CD14+ and CD19+" in note for note in without.notes)


def test_notes_say_what_the_markers_cannot_tell_and_nothing_untrue():
    not_separable = "a CD57 rise is not separable from adaptive (CMV) expansion"
    for subset in SUBSETS:
        notes = " ".join(_scheme(subset, lineage_removed=True).notes)
        assert (not_separable in notes) == ("NKG2C" not in subset)
        assert ("NKG2C was not measured" in notes) == ("NKG2C" not in subset)
        has_adaptive = "adaptive" in {stage.label for stage in _scheme(subset).stages}
        assert ("adaptive" in notes) != has_adaptive
        for marker in subset:
            assert f"{marker} was not measured" not in notes


def test_schemes_are_equal_where_their_ids_are():
    assert _scheme(["CD57", "KIR"]) == _scheme(["KIR", "CD57"])
    assert hash(_scheme(["CD57", "KIR"])) == hash(_scheme(["KIR", "CD57"]))
    assert _scheme(["CD57", "KIR"]) != _scheme(["CD57"])


def test_ids_differ_where_markers_rules_or_parent_do():
    names = ["five_stage", "hamann2011", "cd56_cd16"]
    subsets = [[], ["CD57"], ["KIR"], ["NKG2A"], ["KIR", "NKG2A"], ["CD57", "NKG2C"]]
    ids = [
        lg.nk.stage_scheme(
            name,
            markers=[*CORE, "CX3CR1", *subset],
            parent=_parent(parent, lineage_removed=removed),
        ).id
        for name, subset, parent, removed in product(
            names, subsets, ["NK", "Live/NK"], [True, False]
        )
        if name == "five_stage" or (not subset and (removed or name == "cd56_cd16"))
    ]
    assert len(set(ids)) == len(ids)
    # Markers that no rule looks at do not make another scheme.
    assert _scheme(["KIR", "CX3CR1", "CD62L", "CD27"]).id == _scheme(["KIR"]).id


def test_an_id_says_what_it_is_made_of():
    scheme = _scheme(["CD57", "KIR"])
    assert scheme.id.startswith("five_stage[CD16,CD56,CD56bright,CD57,KIR|NK]")


@pytest.mark.parametrize(
    ("name", "markers", "words"),
    [
        ("five_stage", ["CD56", "CD56bright"], "needs 'CD16'"),
        ("five_stage", ["CD56", "CD16"], "needs 'CD56bright'"),
        ("five_stage", ["CD56bright", "CD16"], "needs 'CD56'"),
        ("hamann2011", CORE, "needs 'CX3CR1'"),
        ("cd56_cd16", ["CD16"], "needs 'CD56', 'CD56bright'"),
        ("five_stages", CORE, "did you mean 'five_stage'"),
    ],
)
def test_missing_core_markers_and_unknown_schemes_are_named(name, markers, words):
    with pytest.raises(MaturationError, match=words):
        lg.nk.stage_scheme(name, markers=markers, parent="NK")


def test_the_parent_must_be_declared():
    with pytest.raises(MaturationError, match="parent must be declared"):
        lg.nk.stage_scheme("five_stage", markers=CORE, parent="")
