"""What is no Gating-ML, or means harm: one clear error, soon, in bounded memory."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest

import longate as lg
from reference.gatingml_files import (
    ROOT,
    boolean,
    dimension,
    ellipsoid,
    file_of,
    polygon,
    rectangle,
    transformation,
)

HEAD = f'<g:Gating-ML xmlns:g="{ROOT}/v2.0/gating">'
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {chr(98 + k)} "{("&" + chr(97 + k) + ";") * 10}">' for k in range(20)
    )
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]>'

HARMFUL = {
    "empty": (b"", "not well-formed"),
    "text": (b"channel,min,max\nFSC,1,2\n", "not well-formed"),
    "bytes": (bytes(range(256)), "not well-formed"),
    "an FCS file": (b"FCS3.0         256    1024", "not well-formed"),
    "cut short": (file_of(rectangle()).encode()[:-40], r"not well-formed.*line"),
    "external entity": (f"{OUTSIDE}<x>&e;</x>".encode(), "line 1.*DOCTYPE"),
    "parameter entity": (f"{PARAMETER}<x/>".encode(), "line 1.*DOCTYPE"),
    "billion laughs": (f"{BOMB}<x>&u;</x>".encode(), "line 1.*DOCTYPE"),
    "external type": (b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>', "DOCTYPE"),
    "unknown entity": (file_of("&nbsp;").encode(), "line 5"),
    "nested": (HEAD.encode() + b"<g:and>" * 1_000_000, "line 1.*100 deep"),
    "nested in a gate": (
        file_of('<gating:BooleanGate gating:id="B">' + "<gating:and>" * 1_000_000),
        r"line 5 \(BooleanGate 'B'\).*100 deep",
    ),
    "nested in a note": (
        file_of("<data-type:custom_info>" + "<a>" * 1_000_000),
        "line 5.*100 deep",
    ),
    "huge attribute": (
        (HEAD + '<g:RectangleGate g:id="' + "x" * 20_000_000).encode(),
        "2,097,152 bytes",
    ),
    "huge comment": ((HEAD + "<!--" + "x" * 20_000_000).encode(), "2,097,152 bytes"),
    "huge text": (
        file_of("<data-type:custom_info>" + "\n" * 10_000_000),
        "2,097,152 characters",
    ),
    "many attributes twice": (b'<x a="1" a="2"/>', "duplicate attribute"),
    "utf-7": (b'<?xml version="1.0" encoding="utf-7"?><x/>', "encoding"),
    "no such encoding": (b'<?xml version="1.0" encoding="klingon"?><x/>', "encoding"),
}


def written(tmp_path, content):
    path = tmp_path / "gates.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("what", HARMFUL)
def test_harmful_xml_is_refused_soon_and_in_little_memory(tmp_path, what):
    content, message = HARMFUL[what]
    path = written(tmp_path, content)
    size = path.stat().st_size
    tracemalloc.start()
    with pytest.raises(lg.exceptions.GatingMLError, match=message) as caught:
        lg.read_gatingml(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6 + 3 * size
    assert "gates.xml" in str(caught.value)
    assert len(str(caught.value)) < 500
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_too_many_elements_are_refused(tmp_path):
    path = written(tmp_path, HEAD + "<g:row/>" * 500_001 + "</g:Gating-ML>")
    with pytest.raises(lg.exceptions.GatingMLError, match="500,000 elements"):
        lg.read_gatingml(path)


def test_too_large_a_file_is_refused(tmp_path):
    path = tmp_path / "gates.xml"
    with path.open("wb") as file:
        file.truncate(64 * 2**20 + 1)
    with pytest.raises(lg.exceptions.GatingMLError, match="larger than 64 MB"):
        lg.read_gatingml(path)


def test_no_file_is_the_builtin_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        lg.read_gatingml(tmp_path / "none.xml")


TWO = dimension("FL1-H", low="1") + dimension("FL2-H", low="1")
LOG = transformation("Log", '<transforms:flog transforms:T="1e4" transforms:M="4"/>')
WIDE = transformation(
    "Wide",
    '<transforms:logicle transforms:T="1e4" transforms:W="3" transforms:M="4" '
    'transforms:A="0"/>',
)
MATRIX = (
    '<transforms:spectrumMatrix transforms:id="M"><transforms:fluorochromes>'
    '<data-type:fcs-dimension data-type:name="FITC"/>'
    '<data-type:fcs-dimension data-type:name="PE"/></transforms:fluorochromes>'
    "<transforms:detectors>"
    '<data-type:fcs-dimension data-type:name="FL1-H"/>'
    '<data-type:fcs-dimension data-type:name="FL2-H"/></transforms:detectors>{}'
    "</transforms:spectrumMatrix>"
)
ROW = (
    '<transforms:spectrum><transforms:coefficient transforms:value="{}"/>'
    '<transforms:coefficient transforms:value="{}"/></transforms:spectrum>'
)
QUADRANT = (
    '<gating:QuadrantGate gating:id="Q"><gating:divider gating:id="x" '
    'gating:compensation-ref="FCS"><data-type:fcs-dimension data-type:name="FL1-H"/>'
    "<gating:value>{value}</gating:value></gating:divider>"
    '<gating:Quadrant gating:id="Q+"><gating:position gating:divider_ref="{divider}" '
    'gating:location="3"/></gating:Quadrant></gating:QuadrantGate>'
)

WRONG = {
    "two vertices": (polygon((0, 0), (1, 1)), "line 5, gate 'P': .*2 <gating:vertex>"),
    "vertices on a line": (
        polygon((0, 0), (1, 1), (3, 3)),
        "line 5, gate 'P': .*(line|area)",
    ),
    "infinite vertex": (
        polygon((0, 0), (1, "INF"), (3, 3)),
        "line 5, gate 'P': <coordinate> is infinite",
    ),
    "singular covariance": (
        ellipsoid([[1, 1], [1, 1]]),
        "line 5, gate 'E': .*not positive definite",
    ),
    "covariance of another size": (
        ellipsoid([[1, 0, 0], [0, 1, 0]]),
        "line 5, gate 'E': 2 dimensions need .* 2 x 3",
    ),
    "distance of zero": (ellipsoid([[1, 0], [0, 1]], distance=0), "gate 'E'.*distance"),
    "W above M / 2": (
        f"{WIDE}\n{rectangle()}",
        "line 5, transformation 'Wide': .*w",
    ),
    "unknown transformation": (
        LOG + "\n" + rectangle(body=dimension(low="1", scale="Lgo")),
        "line 6, gate 'R': the transformation 'Lgo' is not declared; did you mean 'Log",
    ),
    "transformation twice": (f"{LOG}\n{LOG}", "line 6, transformation 'Log': .*second"),
    "ratio as a scale": (
        transformation(
            "Rat",
            '<transforms:fratio transforms:A="1" transforms:B="0" transforms:C="0">'
            '<data-type:fcs-dimension data-type:name="FL1-H"/>'
            '<data-type:fcs-dimension data-type:name="FL2-H"/></transforms:fratio>',
        )
        + "\n"
        + rectangle(body=dimension(scale="Rat")),
        "line 6, gate 'R': .*ratio",
    ),
    "unknown matrix": (
        rectangle(body=dimension(compensation="FSC")),
        "line 5, gate 'R': the matrix 'FSC' is not declared.*did you mean 'FCS'",
    ),
    "not a fluorochrome": (
        MATRIX.format(ROW.format(1, 0) + ROW.format(0, 1))
        + "\n"
        + rectangle(body=dimension("FL1-H", compensation="M")),
        "line 6, gate 'R': the matrix 'M' gives no 'FL1-H'",
    ),
    "singular matrix": (
        MATRIX.format(ROW.format(1, 1) + ROW.format(1, 1)),
        "line 5, matrix 'M': ",
    ),
    "short matrix": (
        MATRIX.format(ROW.format(1, 0)),
        "line 5, matrix 'M': it has 1 spectra for 2 fluorochromes 'FITC', 'PE'",
    ),
    "matrix without a number": (
        MATRIX.format(ROW.format(1, 0) + ROW.format("0,1", 1)),
        "line 5, matrix 'M': .*row 'PE', column 'FL1-H' is '0,1' .line 5., not a fini",
    ),
    "missing parent": (
        rectangle("Ra") + "\n" + rectangle("Rb", parent_id="Rc"),
        "line 6, gate 'Rb': its parent is 'Rc', which is not in the file",
    ),
    "own parent": (rectangle(parent_id="R"), "line 5, gate 'R': .*circle.*'R'"),
    "parents in a circle": (
        rectangle("A", parent_id="B") + "\n" + rectangle("B", parent_id="A"),
        "line 5, gate 'A': .*circle",
    ),
    "quadrant gate as parent": (
        QUADRANT.format(value=1, divider="x") + "\n" + rectangle(parent_id="Q"),
        "line 6, gate 'R': its parent is 'Q', a quadrant gate",
    ),
    "Boolean circle": (
        boolean("A", "not", "B") + "\n" + boolean("B", "not", "A"),
        "line [56], gate '[AB]': .*circle",
    ),
    "missing reference": (
        boolean("B", "and", "R", "Rr") + "\n" + rectangle(),
        "line 5, gate 'B': it refers to 'Rr', which is not in the file; did you mean",
    ),
    "id twice": (
        rectangle() + "\n" + rectangle(),
        "line 6, gate 'R': .*second time, first in line 5",
    ),
    "id of a quadrant twice": (
        QUADRANT.format(value=1, divider="x") + "\n" + rectangle("Q+"),
        "line 6, gate 'Q\\+': .*second time",
    ),
    "unknown divider": (
        QUADRANT.format(value=1, divider="y"),
        "line 5, gate 'Q': the divider 'y' is not there",
    ),
    "divider without a number": (
        QUADRANT.format(value="one", divider="x"),
        "line 5, gate 'Q': value='one' is not a number",
    ),
    "unknown element": (
        "<gating:CircleGate/>",
        "line 5.*unknown element <gating:CircleGate>",
    ),
    "element of no namespace": ("<sample/>", "line 5: unknown element <sample>"),
    "unknown attribute": (
        rectangle(
            body=dimension().replace("<gating:dim", '<gating:dim minimum="1"', 1)
        ).replace('<gating:dim minimum="1"ension', '<gating:dimension minimum="1"'),
        "line 5, gate 'R': .*unknown attribute 'minimum'.*did you mean 'min'",
    ),
    "no compensation": (
        rectangle(
            body='<gating:dimension gating:min="1"><data-type:fcs-dimension '
            'data-type:name="FSC-H"/></gating:dimension>'
        ),
        "line 5, gate 'R': <dimension> lacks the attribute 'compensation-ref'",
    ),
    "no channel": (
        rectangle(body='<gating:dimension gating:compensation-ref="FCS"/>'),
        "line 5, gate 'R': <dimension> needs exactly one of",
    ),
    "no id": ("<gating:RectangleGate/>", "line 5, gate: .*lacks the attribute 'id'"),
    "no dimension": (rectangle(body=""), "line 5, gate 'R': .*0 <gating:dimension>"),
    "no number": (
        rectangle(body=dimension(low="1,5")),
        "line 5, gate 'R': min='1,5' is not a number",
    ),
    "an underscore": (rectangle(body=dimension(low="1_0")), "min='1_0' is not a num"),
    "not a number": (rectangle(body=dimension(low="NaN")), "min='NaN' is not a num"),
    "empty interval": (
        rectangle(body=dimension(low="3", high="2")),
        "line 5, gate 'R': .*holds no event",
    ),
    "FlowJo's complement": (
        rectangle().replace(' gating:id="R"', ' gating:id="R" eventsInside="0"'),
        "line 5, gate 'R': .*eventsInside",
    ),
    "neither true nor false": (
        boolean("B", "not", "~R").replace('"true"', '"maybe"') + "\n" + rectangle(),
        "line 5, gate 'B': use-as-complement='maybe'",
    ),
    "two bodies": (
        boolean("B", "not", "R").replace("</gating:BooleanGate>", "")
        + '<gating:or><gating:gateReference gating:ref="R"/></gating:or>'
        + "</gating:BooleanGate>\n"
        + rectangle(),
        "line 5, gate 'B': <BooleanGate> needs exactly one of",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_the_standard_does_not_allow_names_gate_and_line(tmp_path, what):
    body, message = WRONG[what]
    path = written(tmp_path, file_of(body))
    with pytest.raises(lg.exceptions.GatingMLError, match=message) as caught:
        lg.read_gatingml(path, unreadable="raise")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ('<Gating-ML xmlns="urn:other"/>', "line 1.*namespace 'urn:other'"),
        ("<Gating-ML/>", "line 1.*no namespace"),
        (f'<x xmlns="{ROOT}/v2.0/gating"/>', "line 1.*root is <x>"),
        (f'<Gating-ML xmlns="{ROOT}/v1.0/gating"/>', "line 1.*no Gating-ML 2.0 or 1.5"),
        ("<Workspace version='20'/>", "FlowJo"),
    ],
)
def test_another_root_is_refused(tmp_path, root, message):
    with pytest.raises(lg.exceptions.GatingMLError, match=message):
        lg.read_gatingml(written(tmp_path, root))


def test_a_damaged_file_is_read_or_refused_by_name(tmp_path):
    scale = lg.Logicle(t=1e4, w=0.5, m=4.5, a=0.0)
    axis = lg.Dimension("FL1-H", compensation=None, scale=scale)
    strategy = lg.GatingStrategy(
        [
            lg.RectangleGate("A b", dimensions={axis: (0.1, 0.5)}, interval="closed"),
            lg.BooleanGate("B", "not (A b or not A b)", parent="A b"),
            lg.QuadrantGate(
                "Q", dividers={"x": (axis, [0.2, 0.4])}, custom_info="<a/>"
            ),
            lg.EllipsoidGate(
                "E",
                dimensions=[axis, "FSC-A"],
                mean=[0, 0],
                covariance=[[2, 1], [1, 2]],
            ),
        ],
    )
    whole = lg.write_gatingml(strategy, tmp_path / "whole.xml").read_bytes()
    rng = np.random.default_rng(11)
    path = tmp_path / "damaged.xml"
    refused: list[str] = []
    for _ in range(400):
        at, other = sorted(rng.integers(len(whole), size=2))
        length = int(rng.choice([1, 2, 8, 60, 300]))
        piece = whole[other : other + length]
        cut = whole[:at] + whole[at + length :]
        path.write_bytes(
            [cut, whole[:at] + piece + whole[at:], cut[:at] + piece + cut[at:]][
                int(rng.integers(3))
            ]
        )
        try:
            lg.read_gatingml(path, unreadable="raise")
        except lg.exceptions.GatingMLError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert all("damaged.xml" in message for message in refused)
