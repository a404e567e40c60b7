"""Strategies written as Gating-ML: the standard's structure, and read back equal."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GatingMLError
from reference.gatingml_structure import check_structure
from reference.random_strategies import DETECTORS, DYES, strategies


def written(strategy, **more):
    folder = Path(tempfile.mkdtemp())
    return lg.write_gatingml(strategy, folder / "gates.xml", **more)


def events():
    """Return 300 events near zero and far from it, with a matrix of their own."""
    rng = np.random.default_rng(7)
    names = ("FSC-A", "SSC-H", "Time", *DETECTORS, *DYES, "CD56")
    spread = np.repeat([1.0, 1e3, 1e6], 100)
    acquired = [[1.0, 0.1, 0.0], [0.2, 1.0, 0.1], [0.0, 0.3, 1.0]]
    return sample_of(
        {name: rng.normal(size=300) * spread for name in names},
        compensation=lg.Compensation(acquired, DETECTORS[:3], fluorochromes=DYES),
    )


@given(strategies())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_has_the_structure_and_reads_back_equal(strategy):
    path = written(strategy)
    check_structure(path)
    again = lg.read_gatingml(path)
    assert again == strategy
    assert again.paths == strategy.paths
    assert (again.name, again.custom_info) == (strategy.name, strategy.custom_info)
    for old, new in zip(strategy.gates, again.gates, strict=True):
        assert (old.name, old.custom_info) == (new.name, new.custom_info)
    assert written(strategy).read_bytes() == path.read_bytes()


# Random bounds may lie beyond every scaled value, which is told.
@pytest.mark.filterwarnings("ignore::longate.exceptions.GateWarning")
@given(strategies())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_notes_decide_nothing(strategy):
    """Without what Longate notes for itself, the same events are in the gates."""
    path = written(strategy)
    tree = ET.parse(path)
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag.endswith("}custom_info"):
                parent.remove(child)
    tree.write(path)
    plain = lg.read_gatingml(path)
    sample = events()
    masks = strategy.apply(sample)
    after = plain.apply(sample)
    # Their names are ids now, and parts of expressions stand among them.
    found = {after.mask(path).tobytes() for path in plain.paths}
    assert {masks.mask(path).tobytes() for path in strategy.paths} <= found


MARKERS = {"FL1-H": "CD3", "FL2-H": "CD57", "FL3-H": "CD16"}
MATRIX = lg.Compensation([[1.0, 0.1], [0.2, 1.0]], ["FL1-H", "FL2-H"])
NK = lg.GatingStrategy(
    [
        lg.RectangleGate("Cells", dimensions={"FSC-A": (0.0, None)}),
        lg.RectangleGate(
            "CD3- CD57+",
            parent="Cells",
            CD3=(None, 0.5),
            CD57=(0.4, 0.9),
            interval="closed",
        ),
        lg.BooleanGate("Rest", "Cells and not ('Cells/CD3- CD57+' or not Cells)"),
        lg.QuadrantGate("4", dividers={"CD3": 0.5, "CD57": 0.4}),
    ],
    scale=lg.Logicle(),
    compensation=MATRIX,
    name="of the trial",
)


def panelled():
    sample = events()
    return sample_of(
        {c.detector: sample.columns[k] for k, c in enumerate(sample.panel)},
        markers=MARKERS,
        compensation=sample.compensation,
    )


def test_with_a_panel_detectors_are_written_and_markers_come_back():
    sample = panelled()
    path = written(NK, panel=sample.panel)
    check_structure(path)
    text = path.read_text()
    assert 'data-type:name="FL2-H"' in text
    assert 'data-type:name="CD57"' not in text
    again = lg.read_gatingml(path)
    assert again == NK
    assert again.name == "of the trial"
    before, after = NK.apply(sample), again.apply(sample)
    assert before.counts.equals(after.counts)


def test_without_a_panel_a_marker_of_a_matrix_has_no_detector():
    with pytest.raises(
        lg.exceptions.GatingMLError, match=r"gate 'CD3- CD57\+' .*'CD3'.*panel="
    ):
        written(NK)


def test_a_file_changed_by_others_means_what_it_says():
    path = written(NK, panel=panelled().panel)
    text = path.read_text()
    changes = {
        'transforms:W="0.5"': 'transforms:W="0.7"',
        'gating:max="0.9000000000000001"': 'gating:max="0.8"',
        'data-type:name="FSC-A"': 'data-type:name="SSC-A"',
        '<gating:and>\n      <gating:gateReference gating:ref="Cells"/>': "<gating:or>"
        '\n      <gating:gateReference gating:ref="Cells"/>',
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text.replace("</gating:and>", "</gating:or>"))
    changed = lg.read_gatingml(path)
    gate = changed["Cells/CD3- CD57+"]
    assert gate.interval == "half-open"
    assert [axis.scale for axis in gate.axes] == [lg.Logicle(w=0.7)] * 2
    assert [axis.channel for axis in gate.axes] == ["FL1-H", "FL2-H"]
    assert [high for _, high in gate.dimensions.values()][1] == 0.8
    assert str(changed["Cells"].axes[0]).startswith("SSC-A")
    assert changed["Rest"].expression == "Cells or not Rest_part"


@pytest.mark.parametrize(
    "high", [0.0, -0.0, 1.0, -1e-310, 5e-324, 1e308, 1.7976931348623157e308]
)
def test_closed_intervals_hold_the_same_numbers(high):
    gate = lg.RectangleGate("R", dimensions={"Time": (None, high)}, interval="closed")
    strategy = lg.GatingStrategy([gate], compensation=None)
    path = written(strategy)
    assert lg.read_gatingml(path) == strategy
    plain = path.with_name("plain.xml")
    start, end = "<data-type:custom_info>", "</data-type:custom_info>"
    head, *rest = path.read_text().split(start)
    plain.write_text(head + "".join(part.partition(end)[2] for part in rest))
    near = [high, math.nextafter(high, math.inf), math.nextafter(high, -math.inf)]
    read = lg.read_gatingml(plain)["R"]
    assert read.interval == "half-open"
    (axis,) = read.axes
    near = [value for value in near if math.isfinite(value)]
    assert (read.contains({axis: near}) == gate.contains({"Time": near})).all()


def test_one_file_per_sample_with_gates_of_its_own():
    strategy = lg.GatingStrategy([lg.RectangleGate("A", Time=(1.0, None))])
    strategy = strategy.override("P1", lg.RectangleGate("A", Time=(2.0, None)))
    with pytest.raises(lg.exceptions.GatingMLError, match=r"sample=.*'P1'"):
        written(strategy)
    assert lg.read_gatingml(written(strategy, sample="P1")) == strategy.for_sample("P1")


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (
            lg.RectangleGate(
                "B", dimensions={lg.Dimension("FL1-H", scale=lg.FlowJoBiex()): (0, 1)}
            ),
            "gate 'B' .*flowjo_biex",
        ),
        (
            lg.RectangleGate(
                "B",
                dimensions={
                    lg.Dimension("A", compensation=lg.Compensation([[2.0]], ["A"])): (
                        0,
                        1,
                    )
                },
            ),
            "gate 'B' .*at least two fluorochromes",
        ),
        (
            lg.RectangleGate(
                "B",
                dimensions={
                    lg.Dimension(lg.Ratio("FL1-H", "FSC-A"), compensation=MATRIX): (
                        0,
                        1,
                    )
                },
            ),
            "gate 'B' .*one compensation for both",
        ),
        (lg.RectangleGate("B", Time=(0, 1), custom_info="<a>"), "gate 'B'.*mismatched"),
        (
            lg.RectangleGate("B", Time=(0, 1), custom_info="\x01"),
            "gate 'B'.*well-formed",
        ),
        (lg.RectangleGate("B", dimensions={"a\x01": (0, 1)}), "XML cannot hold"),
    ],
)
def test_what_the_standard_cannot_say_is_refused_and_leaves_no_file(
    gate, message, tmp_path
):
    path = tmp_path / "gates.xml"
    path.write_text("of before")
    with pytest.raises(lg.exceptions.GatingMLError, match=message):
        lg.write_gatingml(lg.GatingStrategy([gate]), path)
    assert path.read_text() == "of before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_sample_without_gates_of_its_own_is_refused():
    common = lg.GatingStrategy([lg.RectangleGate("NK", FL1=(0, 1))])
    own = common.override("P07_m06", lg.RectangleGate("NK", FL1=(0, 2)))
    assert lg.read_gatingml(written(own, sample="P07_m06"))["NK"].dimensions == {
        "FL1": (0.0, 2.0)
    }
    with pytest.raises(GatingMLError, match=r"'P07_m6' has no .*mean 'P07_m06'"):
        written(own, sample="P07_m6")
    with pytest.raises(GatingMLError, match="no sample has"):
        written(common, sample="P07_m06")
    shared = lg.read_gatingml(written(own.for_sample("P01_m00")))
    assert shared["NK"].dimensions == {"FL1": (0.0, 1.0)}
