"""Cytobank's flavour: populations named and nested, gates tailored to files."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GateWarning
from reference.gatingml_files import dimension, file_of, transformation

SCALE = transformation(
    "Tr_Arcsinh_5",
    '<transforms:fasinh transforms:T="5.87600596821903" '
    'transforms:M="0.43429448190325176" transforms:A="0"/>',
)


def info(**words):
    entries = "".join(f"<{word}>{said}</{word}>" for word, said in words.items())
    return (
        f"<data-type:custom_info><cytobank>{entries}</cytobank></data-type:custom_info>"
    )


def gate(number, name, *sides, identifier, file=""):
    notes = info(
        name=name,
        id=number,
        gate_id=number,
        type="RectangleGate",
        tailored="true" if file else "false",
        fcs_file_filename=file,
        definition="{&quot;scale&quot;:{}}",
    )
    return (
        f'<gating:RectangleGate gating:id="{identifier}">{notes}{"".join(sides)}'
        "</gating:RectangleGate>"
    )


def gate_set(number, name, *references):
    inside = "".join(
        f'<gating:gateReference gating:ref="{one.removeprefix("~")}"'
        + (' gating:use-as-complement="true"/>' if one.startswith("~") else "/>")
        for one in (references if len(references) > 1 else references * 2)
    )
    notes = info(name=name, id=number, gate_set_id=number)
    return (
        f'<gating:BooleanGate gating:id="GateSet_{number}">{notes}'
        f"<gating:and>{inside}</gating:and></gating:BooleanGate>"
    )


def side(channel, low, high=None):
    return dimension(channel, low=low, high=high, scale="Tr_Arcsinh_5")


CELLS = gate(1, "Cells", side("DNA", "1"), identifier="G1")
CD3 = gate(2, "CD3/CD19 neg", side("CD3", None, "2"), identifier="G2")
CD56 = gate(3, "CD56", side("CD56", "2"), identifier="G3")
CD16 = gate(4, "CD16", side("CD16", "2"), identifier="G4")
SPARE = gate(5, "Spare", side("CD16", "3"), identifier="G5")
SETS = (
    gate_set(10, "Cells", "G1")
    + gate_set(13, "NK bright", "G1", "G2", "G3", "~G4")
    + gate_set(11, "CD3/CD19 neg", "G2", "G1")
    + gate_set(12, "NK", "G1", "G2", "G3")
    + gate_set(14, "Odd", "G1", "G3", "G4")
)
EXPERIMENT = info(about="Gating-ML 2.0 export", experiment_number="1")
FILE = EXPERIMENT + SCALE + CELLS + CD3 + CD56 + CD16 + SPARE + SETS


@pytest.fixture
def read(tmp_path):
    def read(body):
        path = tmp_path / "CytExp_1_Gates.xml"
        path.write_text(file_of(body), encoding="utf-8")
        return lg.read_gatingml(path)

    return read


@pytest.fixture
def sample():
    rng = np.random.default_rng(3)
    names = ("DNA", "CD3", "CD56", "CD16")
    return sample_of({name: 30 * rng.gamma(1.0, size=2000) for name in names})


def test_populations_have_their_names_and_nest(read):
    strategy = read(FILE)
    assert set(strategy.paths) == {
        "Cells",
        "Cells/CD3|CD19 neg",
        "Cells/CD3|CD19 neg/NK",
        "Cells/CD3|CD19 neg/NK/NK bright",
        "Cells/Odd",
        # What expressions need, and what no population uses, stand by themselves.
        "CD56",
        "CD16",
        "Spare",
    }
    assert isinstance(strategy["NK"], lg.RectangleGate)
    assert strategy["NK bright"].expression == "not CD16"
    assert strategy["Odd"].expression == "CD56 and CD16"
    assert "<cytobank>" in strategy["NK"].custom_info
    assert "experiment_number" in strategy.custom_info


def test_they_hold_the_events_of_the_intersections(read, sample):
    gated = read(FILE).apply(sample)
    scaled = {
        channel.detector: np.arcsinh(sample.values(channel.detector) / 5)
        for channel in sample.panel
    }
    cells, cd3 = scaled["DNA"] >= 1, scaled["CD3"] < 2
    cd56, cd16 = scaled["CD56"] >= 2, scaled["CD16"] >= 2
    expected = {
        "Cells": cells,
        "CD3|CD19 neg": cells & cd3,
        "NK": cells & cd3 & cd56,
        "NK bright": cells & cd3 & cd56 & ~cd16,
        "Odd": cells & cd56 & cd16,
    }
    for name, mask in expected.items():
        np.testing.assert_array_equal(gated.mask(name), mask, err_msg=name)


def test_gates_tailored_to_a_file_are_its_overrides(read, sample):
    there = gate(3, "CD56", side("CD56", "1"), file="P1.fcs", identifier="G3_P1")
    strategy = read(FILE + there)
    assert set(strategy.overrides) == {"P1.fcs"}
    assert set(strategy.paths) == set(read(FILE).paths)
    own = strategy.for_sample("P1.fcs")
    for name in ("NK", "CD56"):
        assert list(strategy[name].dimensions.values()) == [(2.0, None)]
        assert list(own[name].dimensions.values()) == [(1.0, None)]
    assert own.apply(sample).mask("NK").sum() > strategy.apply(sample).mask("NK").sum()
    assert strategy.for_sample("P2.fcs") == read(FILE)


def test_a_tailored_gate_needs_a_common_one(read):
    alone = gate(9, "Alone", side("CD56", "1"), file="P1.fcs", identifier="G9")
    with pytest.warns(GateWarning, match=r"gate 'G9': .*'P1\.fcs'"):
        strategy = read(FILE + alone)
    assert [one.gate for one in strategy.problems] == ["G9"]
    assert strategy == read(FILE)


def test_a_tailored_gate_is_of_the_same_kind(read):
    there = quadrant_gate("G3_P1", 1, file="P1.fcs").replace(
        "<gate_id>7<", "<gate_id>3<"
    )
    with pytest.warns(GateWarning, match=r"gate 'G3_P1': .*kind"):
        assert read(FILE + there) == read(FILE)


def test_names_that_occur_twice_stay_apart(read):
    twice = gate(6, "CD56", side("CD56", "4"), identifier="G6")
    strategy = read(FILE + twice + gate_set(15, "NK", "G1", "G2", "G6"))
    assert "Cells/CD3|CD19 neg/NK (GateSet_15)" in strategy.paths


def test_gates_without_populations_keep_their_names(read):
    assert read(SCALE + CELLS + CD3).paths == ("Cells", "CD3|CD19 neg")


def test_what_other_gates_need_stays(read):
    either = (
        '<gating:BooleanGate gating:id="Either"><gating:or>'
        '<gating:gateReference gating:ref="G2"/><gating:gateReference '
        'gating:ref="GateSet_12"/></gating:or></gating:BooleanGate>'
    )
    strategy = read(FILE + either)
    assert strategy["Either"].expression == "'CD3|CD19 neg (gate)' or NK"


def quadrant_gate(identifier, cut, file=""):
    notes = info(name="Quad", gate_id=7, fcs_file_filename=file)
    return (
        f'<gating:QuadrantGate gating:id="{identifier}">{notes}'
        '<gating:divider gating:id="x" gating:compensation-ref="uncompensated">'
        '<data-type:fcs-dimension data-type:name="CD56"/>'
        f"<gating:value>{cut}</gating:value></gating:divider>"
        f'<gating:Quadrant gating:id="{identifier}_UL"><gating:position '
        'gating:divider_ref="x" gating:location="0"/></gating:Quadrant>'
        f'<gating:Quadrant gating:id="{identifier}_UR"><gating:position '
        'gating:divider_ref="x" gating:location="99"/></gating:Quadrant>'
        "</gating:QuadrantGate>"
    )


def test_quadrants_may_be_populations(read, sample):
    bright = gate_set(16, "Bright", "G1", "G7_UR")
    there = quadrant_gate("G7_P1", 20, file="P1.fcs")
    strategy = read(FILE + quadrant_gate("G7", 10) + bright + there)
    assert strategy["Bright"].expression == "G7_UR"
    assert strategy.path("Bright") == "Cells/Bright"
    gated = strategy.apply(sample)
    expected = gated.mask("Cells") & (sample.values("CD56") >= 10)
    np.testing.assert_array_equal(gated.mask("Bright"), expected)
    own = strategy.for_sample("P1.fcs").apply(sample)
    expected = gated.mask("Cells") & (sample.values("CD56") >= 20)
    np.testing.assert_array_equal(own.mask("Bright"), expected)


def test_it_can_be_written_again(read, tmp_path):
    strategy = read(FILE)
    again = lg.read_gatingml(lg.write_gatingml(strategy, tmp_path / "again.xml"))
    assert again.id == strategy.id
