"""Workspaces that are broken: what is named, and what is still read."""

from __future__ import annotations

import re

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FileWarning, FlowJoError
from longate.io.xml_tree import MAX_DEPTH, MAX_ELEMENTS

CORNERS = [(1e4, 1e4), (9e4, 1e4), (9e4, 9e4)]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Return a workspace of two samples as text; its files are beside it."""
    folder = tmp_path_factory.mktemp("broken")
    gates = [
        lg.PolygonGate("Cells", x="FSC-A", y="SSC-A", vertices=CORNERS),
        lg.RectangleGate("High", parent="Cells", dimensions={"FSC-A": (5e4, None)}),
        lg.BooleanGate("Low", "not High", parent="Cells"),
        lg.RectangleGate("Other", dimensions={"SSC-A": (2e4, None)}),
    ]
    path = folder / "a.wsp"
    strategy = lg.GatingStrategy(gates, name="one.fcs")
    lg.write_flowjo(strategy, path)
    single = path.read_text(encoding="utf-8")
    start, end = single.index("<Sample>"), single.index("</SampleList>")
    sample = single[start:end]
    second = sample.replace('"1"', '"2"').replace("one.fcs", "two.fcs")
    second = second.replace('eventsInside="2"', 'eventsInside="1"')
    refs = '<SampleRef sampleID="1"/>'
    both = single.replace(refs, refs + refs.replace("1", "2"))
    return both.replace("</SampleList>", second + "</SampleList>")


@pytest.fixture
def read(text, tmp_path):
    """Return a function that changes the text once for each pair, and reads it."""

    def reader(*pairs):
        changed = text
        for pattern, new in pairs:
            changed, n = re.subn(pattern, new, changed, count=1, flags=re.DOTALL)
            assert n == 1, pattern
        path = tmp_path / "a.wsp"
        path.write_text(changed, encoding="utf-8")
        return lg.read_flowjo(path)

    return reader


def test_unchanged_it_reads(read):
    workspace = read()
    assert [sample.name for sample in workspace.samples] == ["one.fcs", "two.fcs"]
    assert not workspace.problems
    assert workspace.groups == {"All Samples": ("1", "2")}


GATE = r"<gating:PolygonGate.*?</gating:PolygonGate>"


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ((GATE, "<gating:SpiderGate/>"), "SpiderGate are not supported"),
        ((r'value="10000"', 'value="many"'), "not a finite number"),
        ((r'value="10000"', 'value="inf"'), "not a finite number"),
        ((r'gateResolution="256"', 'gateResolution="0.5"'), "gateResolution"),
        ((GATE, ""), "it has no gate"),
        (
            (
                r'<gating:dimension>\s*<data-type:fcs[^>]*FSC-A"/>\s*</gating:dim\w+>',
                "",
            ),
            "1 dimensions",
        ),
    ],
)
def test_a_broken_gate_stops_itself_and_what_lies_in_it(read, pair, words):
    workspace = read(pair)
    strategy = workspace.strategy("one.fcs")
    assert strategy.paths == ("Other",)
    reasons = {one.gate: one.reason for one in strategy.problems}
    assert words in reasons["Cells"]
    assert set(reasons) == {"Cells", "Cells/High", "Cells/Low"}
    assert any(one.population == "Cells" for one in workspace.problems)
    assert len(workspace.strategy("two.fcs").paths) == 4


def test_an_unknown_transformation_stops_the_gates_on_it(read):
    workspace = read(
        (
            r"<transforms:linear([^>]*)>(\s*<data-type:parameter[^>]*FSC-A.*?)"
            r"</transforms:linear>",
            r"<transforms:miltenyi\1>\2</transforms:miltenyi>",
        )
    )
    assert any("'miltenyi'" in one.reason for one in workspace.problems)
    strategy = workspace.strategy("one.fcs")
    assert strategy.paths == ("Other",)
    assert "miltenyi" in strategy.problems[0].reason


@pytest.mark.parametrize(
    ("name", "words"),
    [("Cells/Low", "refers to itself"), ("Cells/Gone", "not in the sample")],
)
def test_a_wrong_reference_is_named(read, name, words):
    workspace = read((r'Dependent name="Cells/High"', f'Dependent name="{name}"'))
    strategy = workspace.strategy("one.fcs")
    assert strategy.paths == ("Cells", "Cells/High", "Other")
    assert words in strategy.problems[0].reason


def test_siblings_of_one_name_are_numbered_and_ambiguous(read):
    workspace = read((r'Population name="Other"', 'Population name="Cells"'))
    strategy = workspace.strategy("one.fcs")
    assert strategy.paths == ("Cells", "Cells/High", "Cells/Low", "Cells #2")


def test_names_with_slashes_and_dots_keep_their_references(read):
    workspace = read(
        (r'Population name="High"', 'Population name="CD4/8 hi. | x &amp; y"'),
        (r'name="Cells/High"', 'name="Cells/CD4/8 hi. | x &amp; y"'),
    )
    strategy = workspace.strategy("one.fcs")
    assert not strategy.problems
    assert "Cells/CD4|8 hi. | x & y" in strategy.paths


def test_samples_of_one_name_are_asked_for_by_id(read):
    workspace = read((r'SampleNode name="two.fcs"', 'SampleNode name="one.fcs"'))
    with pytest.raises(FlowJoError, match=r"2 samples are called 'one\.fcs'"):
        workspace.strategy("one.fcs")
    assert len(workspace.strategy("2").paths) == 4
    assert workspace.sample_ids == {"1": "one.fcs [1]", "2": "one.fcs [2]"}


def test_two_matrices_of_one_name_and_empty_groups(read):
    matrix = (
        '<transforms:spilloverMatrix name="M" prefix="Comp-" suffix=""><data-type:'
        'parameters/><transforms:spillover data-type:parameter="A"><transforms:'
        'coefficient data-type:parameter="A" transforms:value="{}"/></transforms:'
        "spillover></transforms:spilloverMatrix>"
    )
    group = '<GroupNode name="Empty"><Group name="Empty"/></GroupNode></Groups>'
    two = matrix.format(1) + matrix.format(2)
    workspace = read(
        ("<Matrices/>", f"<Matrices>{two}</Matrices>"), ("</Groups>", group)
    )
    assert [one.coefficients for one in workspace.compensations] == [
        ((1.0,),),
        ((2.0,),),
    ]
    with pytest.raises(FlowJoError, match="no sample of 'Empty' has a gate"):
        workspace.strategy("Empty")
    with pytest.raises(FlowJoError, match="no group 'Emty'"):
        workspace.members("Emty")


def test_an_empty_matrix_is_said_and_refuses_its_gates(read):
    empty = (
        '<transforms:spilloverMatrix name="E" prefix="Comp-" suffix="" status="EMPTY">'
        '<data-type:parameters><data-type:parameter data-type:name="FSC-A"/>'
        "</data-type:parameters></transforms:spilloverMatrix><Transformations>"
    )
    workspace = read(
        ("<Transformations>", empty),
        (r'(RectangleGate.*?data-type:name=")FSC-A', r"\1Comp-FSC-A"),
    )
    assert any("is empty" in one.reason for one in workspace.problems)
    strategy = workspace.strategy("one.fcs")
    assert "Cells/High" not in strategy.paths
    assert "which is empty" in strategy.problems[0].reason


def test_files_on_a_lost_drive_are_found_by_name(read, tmp_path):
    workspace = read((r'uri="one.fcs"', r'uri="file:/Z:/trial%20data/one.fcs"'))
    rng = np.random.default_rng(1)
    (tmp_path / "deep").mkdir()
    events = rng.uniform(0, 1e5, (50, 2))
    lg.write_fcs(tmp_path / "deep" / "one.fcs", events, ["FSC-A", "SSC-A"])
    (tmp_path / "broken.fcs").write_bytes(b"no FCS")
    match = workspace.match(tmp_path).set_index("sample")
    assert match["matched_by"]["one.fcs"] == "name in the URI"
    assert match["problem"]["two.fcs"].startswith("no file 'two.fcs'")
    with pytest.warns(FileWarning, match="1 samples have no file"):
        study = workspace.study(tmp_path)
    assert list(study.samples["sample"]) == ["one.fcs"]
    assert list(study.problems["sample"]) == ["two.fcs"]
    # A second copy of the file makes it ambiguous: no guess.
    lg.write_fcs(tmp_path / "one.fcs", events, ["FSC-A", "SSC-A"])
    again = workspace.match(tmp_path).set_index("sample")
    assert "several files fit" in again["problem"]["one.fcs"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not well-formed"),
        ("<Workspace><SampleList>", "ends within an element"),
        ("<Gating-ML/>", "no FlowJo workspace"),
        (
            '<!DOCTYPE W [<!ENTITY a "aaaa">]><Workspace>&a;</Workspace>',
            "document type",
        ),
        ("<Workspace>" + "<a>" * (MAX_DEPTH + 1), "nested more than"),
        (
            "<Workspace><SampleList>"
            + "<Sample/>" * (MAX_ELEMENTS + 1)
            + "</SampleList></Workspace>",
            "elements",
        ),
    ],
    ids=["empty", "truncated", "other", "entities", "deep", "many"],
)
def test_what_is_no_workspace_is_refused(tmp_path, content, words):
    path = tmp_path / "a.wsp"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FlowJoError, match=words):
        lg.read_flowjo(path)


def test_large_files_keep_the_bounds(tmp_path, text):
    padding = "<Keywords>" + '<Keyword name="a" value="b"/>' * 40_000 + "</Keywords>"
    large = text.replace("<SampleNode", padding + "<SampleNode", 1)
    path = tmp_path / "a.wsp"
    path.write_text(large, encoding="utf-8")
    assert len(lg.read_flowjo(path).samples) == 2
    doctype = "<!DOCTYPE W [<!ENTITY a 'b'>]><Workspace"
    deep = "<a>" * 120 + "</a>" * 120 + "<Keywords>"
    for broken, words in (
        (large.replace("<Workspace", doctype, 1), "document type"),
        (large[: large.rindex("<Keyword ")], "ends within an element"),
        (large.replace("<Keywords>", deep, 1), "nested more than"),
    ):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(FlowJoError, match=words):
            lg.read_flowjo(path)


def test_flowjo_eleven_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "a.flowjo"
    path.write_bytes(b"\x00\x01")
    with pytest.raises(FlowJoError, match=r"save it as a FlowJo 10 workspace"):
        lg.read_flowjo(path)


def test_a_bare_doctype_is_passed_over(read):
    assert read(("<Workspace", "<!DOCTYPE Workspace><Workspace")).samples


def test_a_polygon_thinner_than_a_cell_holds_the_cells_on_its_line(read, tmp_path):
    # 3 x 1 units on cells of 1,024: all vertices are on one cell.
    workspace = read(
        (
            r"(<gating:vertex>.*</gating:vertex>)(\s*</gating:PolygonGate>.*two.fcs)",
            "".join(
                f'<gating:vertex><gating:coordinate data-type:value="{x}"/>'
                f'<gating:coordinate data-type:value="{y}"/></gating:vertex>'
                for x, y in ((2048, 2048), (2051, 2048), (2051, 2049))
            )
            + r"\2",
        )
    )
    events = np.array([[2048.0, 2048.0], [2500.0, 1600.0], [2600.0, 2048.0]])
    file = lg.write_fcs(tmp_path / "a.fcs", events, ["FSC-A", "SSC-A"])
    counts = workspace.strategy("one.fcs").apply(file).counts.set_index("population")
    assert counts["n_events"]["Cells"] == 2
    exact = workspace.strategy("one.fcs", geometry="exact").apply(file).counts
    assert exact.set_index("population")["n_events"]["Cells"] == 1
