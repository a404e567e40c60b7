"""Spillover matrices from files: Gating-ML, FlowJo's workspaces and matrices."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest

import longate as lg
from longate.cytometry.compensation import Compensation
from longate.exceptions import SpilloverError
from longate.io.spillover_xml import read_spillover_xml, spillover_from_element

EXPECTED = lg.Compensation([[1.0, 0.25], [0.03, 1.0]], ["FITC-A", "PE-A"])

GATING_ML = """<gating:Gating-ML
    xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
    xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
    xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
  {matrices}
</gating:Gating-ML>"""

FLOWJO_10 = """<transforms:spilloverMatrix prefix="Comp-" name="{name}" suffix=""
    transforms:id="x" editable="0">
  <data-type:parameters>
    <data-type:parameter data-type:name="FITC-A"/>
    <data-type:parameter data-type:name="PE-A"/>
  </data-type:parameters>
  <transforms:spillover data-type:parameter="PE-A">
    <transforms:coefficient data-type:parameter="PE-A" transforms:value="1"/>
    <transforms:coefficient data-type:parameter="FITC-A" transforms:value="0.03"/>
  </transforms:spillover>
  <transforms:spillover data-type:parameter="FITC-A">
    <transforms:coefficient data-type:parameter="FITC-A" transforms:value="1"/>
    <transforms:coefficient data-type:parameter="PE-A" transforms:value="{spill}"/>
  </transforms:spillover>
</transforms:spilloverMatrix>"""

FLOWJO_9 = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE CompensationMatrix>
<CompensationMatrix name="a.mtx" prefix="&lt;" suffix="&gt;" version="Version 5.3">
<Channel name="FITC-A"><ChannelValue name="FITC-A" value="1.00000"/>
<ChannelValue name="PE-A" value="0.25"/></Channel>
<Channel name="PE-A"><ChannelValue name="FITC-A" value="0.03"/>
<ChannelValue name="PE-A" value="1.00000"/></Channel>
</CompensationMatrix>"""


def spectrum(rows, *, fluorochromes=("FITC", "PE"), detectors=("FL1", "FL2"), more=""):
    def listed(kind, names):
        inner = "".join(
            f'<data-type:fcs-dimension data-type:name="{n}"/>' for n in names
        )
        return f"<transforms:{kind}>{inner}</transforms:{kind}>"

    spectra = "".join(
        "<transforms:spectrum>"
        + "".join(f'<transforms:coefficient transforms:value="{v}"/>' for v in row)
        + "</transforms:spectrum>"
        for row in rows
    )
    return (
        f'<transforms:spectrumMatrix transforms:id="M" {more}>'
        f"{listed('fluorochromes', fluorochromes)}{listed('detectors', detectors)}"
        f"{spectra}"
        "</transforms:spectrumMatrix>"
    )


def read(tmp_path, matrices, **options):
    path = tmp_path / "a.xml"
    path.write_text(GATING_ML.format(matrices=matrices))
    return lg.read_compensation(path, **options)


def test_a_spectrum_matrix_has_dyes_in_rows_and_detectors_in_columns(tmp_path):
    matrix = read(tmp_path, spectrum([[1, 0.25], [0.03, 1]]))
    assert matrix == lg.Compensation(
        [[1, 0.25], [0.03, 1]], ["FL1", "FL2"], ["FITC", "PE"]
    )
    wide = read(tmp_path, spectrum([[1, 0.2, 0], [0, 0.5, 1]], detectors="ABC"))
    assert wide.weights.shape == (3, 2)
    same = read(tmp_path, spectrum([[1, 0.25], [0, 1]], detectors=("FITC", "PE")))
    assert same.channels == ("FITC", "PE")


def test_a_matrix_that_is_inverted_already_is_not_inverted_again(tmp_path):
    more = 'transforms:matrix-inverted-already="true"'
    inverse = [[1.0, -0.25], [-0.03, 1.0]]
    matrix = read(tmp_path, spectrum(inverse, more=more))
    np.testing.assert_array_equal(matrix.inverse, inverse)
    more = 'transforms:matrix-inverted-already="false"'
    assert read(tmp_path, spectrum(inverse, more=more)).matrix.tolist() == inverse


def test_flowjo_matrices_of_both_generations(tmp_path):
    element = FLOWJO_10.format(name="Acquisition-defined", spill=0.25)
    assert read(tmp_path, element) == EXPECTED
    path = tmp_path / "old.mtx"
    path.write_text(FLOWJO_9)
    assert lg.read_compensation(path) == EXPECTED
    prefixed = element.replace("FITC-A", "Comp-FITC-A")
    assert read(tmp_path, prefixed) == EXPECTED
    renamed = read(tmp_path, element, names={"PE-A": "CD4", "APC-A": "CD8"})
    assert renamed.channels == ("FITC-A", "CD4")


def test_of_several_matrices_one_must_be_named(tmp_path):
    one, two = (FLOWJO_10.format(name=name, spill=0.25) for name in ("one", "two"))
    assert read(tmp_path, one + two) == EXPECTED
    other = FLOWJO_10.format(name="three", spill=0.5)
    with pytest.raises(SpilloverError, match=r"2 different .* name=: 'one', 'three'"):
        read(tmp_path, one + other)
    assert read(tmp_path, one + other, name="three").matrix[0, 1] == 0.5
    with pytest.raises(SpilloverError, match="no matrix 'four'; it has 'one', 'thr"):
        read(tmp_path, one + other, name="four")


FLOWJO = FLOWJO_10.format(name="n", spill=0.25)


@pytest.mark.parametrize(
    ("matrices", "reason"),
    [
        ("", "holds no spillover matrix"),
        (spectrum([[1, 0.2]]), r"spectrumMatrix 'M' \(line 5\).* 1 spectra for 2 fluo"),
        (spectrum([[1, 0.2], [1]]), "spectrum of 'PE' .* 1 coefficients; 2 are needed"),
        (spectrum([[1, "x"], [0, 1]]), "row 'FITC', column 'FL2' is 'x'"),
        (spectrum([[1, "nan"], [0, 1]]), "is 'nan' .*, not a finite number"),
        (spectrum([[1, 1], [1, 1]]), "singular"),
        (
            spectrum([[1], [1]], detectors="A"),
            "2 fluorochromes cannot be told apart by 1",
        ),
        (spectrum([[1, 0], [0, 1]], detectors="AA"), "names a detector twice: 'A'"),
        (
            spectrum([[1, 0], [0, 1]], more='transforms:matrix-inverted-already="ja"'),
            "matrix-inverted-already='ja' is neither true nor false",
        ),
        (
            spectrum([[1, 0], [0, 1]]).replace("transforms:fluorochromes", "x"),
            "0 lists of fluorochromes",
        ),
        (
            FLOWJO.replace(
                'parameter="FITC-A" transforms:value', 'parameter="X" value'
            ),
            "names 'X'",
        ),
        (FLOWJO.replace('transforms:value="0.25"', ""), "has no 'value'"),
        (
            FLOWJO.replace('<data-type:parameter data-type:name="PE-A"/>', ""),
            "row 'PE-A' names 'PE-A'",
        ),
    ],
)
def test_a_matrix_in_xml_that_is_none_is_refused_with_its_line(
    tmp_path, matrices, reason
):
    with pytest.raises(SpilloverError, match=reason) as caught:
        read(tmp_path, matrices)
    assert str(tmp_path / "a.xml") in str(caught.value)


MATRIX_9 = FLOWJO_9.partition("<CompensationMatrix")[2]
BOMB = "".join(
    f'<!ENTITY {chr(98 + k)} "{("&" + chr(97 + k) + ";") * 10}">' for k in range(20)
)

HOSTILE = {
    "not well-formed": ("<a><b></a>", "not well-formed XML: mismatched tag .line 1"),
    "cut short": (FLOWJO_9[:-30], "not well-formed"),
    "nothing but a declaration": ('<?xml version="1.0"?>', "not well-formed"),
    "nested": ("<a>" * 1_000_000, "line 1.*100 deep"),
    "nested in a matrix": (
        '<Workspace><CompensationMatrix name="M">' + "<a>" * 1_000_000,
        r"line 1 \(CompensationMatrix 'M'\).*100 deep",
    ),
    "external entity": (
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        "line 1: a document type.*entities",
    ),
    "inner entity": ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "line 1: a document"),
    "unused entity": (
        f'<!DOCTYPE a [<!ENTITY x "y">]><CompensationMatrix{MATRIX_9}',
        "a document type",
    ),
    "parameter entity": (
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><a/>',
        "a document type",
    ),
    "billion laughs": (
        f'<!DOCTYPE a [<!ENTITY a "ha">{BOMB}]><a>&u;</a>',
        "line 1: a document type",
    ),
    "external type": (
        f'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x"><CompensationMatrix{MATRIX_9}',
        "a document type",
    ),
    "public type": (
        f'<!DOCTYPE a PUBLIC "x" "file:///etc/passwd"><CompensationMatrix{MATRIX_9}',
        "a document type",
    ),
    "empty subset": (
        f"<!DOCTYPE a []><CompensationMatrix{MATRIX_9}",
        "a document type",
    ),
    "entity nowhere declared": (
        FLOWJO_9.replace("0.25", "&x;"),
        "not well-formed XML: undefined entity",
    ),
    "prefix nowhere declared": ("<x:CompensationMatrix/>", "unbound prefix"),
    "huge attribute": (
        '<CompensationMatrix name="' + "x" * 20_000_000,
        "2,097,152 bytes",
    ),
    "huge comment": ("<Workspace><!--" + "x" * 20_000_000, "2,097,152 bytes"),
}


@pytest.mark.parametrize("suffix", ["mtx", "wsp"])
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_xml_is_refused_soon_and_in_little_memory(tmp_path, what, suffix):
    text, reason = HOSTILE[what]
    path = tmp_path / f"evil.{suffix}"
    path.write_text(text)
    tracemalloc.start()
    with pytest.raises(SpilloverError, match=reason) as caught:
        lg.read_compensation(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    message = str(caught.value)
    assert path.name in message
    assert len(message) < 500
    assert str(pickle.loads(pickle.dumps(caught.value))) == message
    assert peak < 20e6 + 3 * len(text)


def test_too_large_a_workspace_is_refused(tmp_path):
    path = tmp_path / "large.wsp"
    with path.open("wb") as file:
        file.write(b"<Workspace>")
        file.truncate(256 * 2**20 + 1)
    with pytest.raises(SpilloverError, match="larger than 256 MB"):
        lg.read_compensation(path)


def test_elements_are_counted_in_matrices_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("longate.io.xml_tree.MAX_ELEMENTS", 1000)
    sample = '<Sample name="a">text<Keyword name="$P1N" value="FSC-A"/></Sample>'
    matrix = "<CompensationMatrix" + MATRIX_9
    path = tmp_path / "large.wsp"
    path.write_text(f"<Workspace>{sample * 2000}{matrix}{sample}</Workspace>")
    assert lg.read_compensation(path) == EXPECTED
    ((_, element),) = read_spillover_xml(path)
    assert len(list(element.walk())) == 7
    path.write_text(f"<Workspace><CompensationMatrix>{sample * 500}")
    with pytest.raises(SpilloverError, match=r"large\.wsp, line 1.* 1,000 elements"):
        lg.read_compensation(path)


def test_what_is_no_standard_attribute_does_not_stand_in_for_one(tmp_path):
    foreign = 'xmlns:other="urn:other" other:value="7"'
    matrix = spectrum([[1, 0.25], [0.03, 1]])
    more = matrix.replace(
        "<transforms:coefficient", f"<transforms:coefficient {foreign}"
    )
    assert read(tmp_path, more) == read(tmp_path, matrix)


def test_an_element_that_is_no_matrix(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(GATING_ML.format(matrices=FLOWJO))
    ((name, element),) = read_spillover_xml(path)
    assert name == "n"
    assert isinstance(spillover_from_element(element), Compensation)
    with pytest.raises(SpilloverError, match="'parameters' is no spillover matrix"):
        spillover_from_element(element.children[0])
