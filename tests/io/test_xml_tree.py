"""The guarded XML reader: what is read, in which words, and what is refused."""

from __future__ import annotations

import time

import pytest

from longate.exceptions import GatingMLError
from longate.io.xml_tree import MAX_ATTRIBUTES, Wanted, parse_xml, read_xml


def parse(text, **wanted):
    data = text if isinstance(text, bytes) else text.encode()
    return parse_xml(data, what="a.xml", error=GatingMLError, wanted=Wanted(**wanted))


def test_elements_know_name_line_attributes_and_content():
    root = parse(
        '<a xmlns:p="urn:p">\n<!-- note -->'
        '<p:b p:id="1" id="2" q="3">x<!-- y -->z</p:b>'
        "<?pi?>\n<b/></a>"
    )
    first, second = root.named("b")
    assert root.children == [first, second]
    assert first.name == ("urn:p", "b")
    assert first.local == second.local == "b"
    assert (first.line, second.line) == (2, 3)
    assert first.content == "xz"
    assert first.attribute("id", ["urn:p"]) == "1"
    assert first.attribute("id", ["urn:q"]) == "2"
    assert first.attribute("q", ["urn:p"]) == "3"
    assert first.attribute("none") is None
    assert first.attributes == {("urn:p", "id"): "1", ("", "id"): "2", ("", "q"): "3"}
    assert [element.local for element in root.walk()] == ["a", "b", "b"]


MANY = 100_000
LARGE = {
    "attributes": "<x " + " ".join(f'a{n}="1"' for n in range(MANY)) + "/>",
    "namespaces": "<x " + " ".join(f'xmlns:a{n}="u"' for n in range(MANY)) + "/>",
    "attributes of an element that is not wanted": "<y><x "
    + " ".join(f'a{n}="1"' for n in range(MANY))
    + "/></y>",
}


@pytest.mark.parametrize("what", LARGE)
def test_an_element_with_too_many_attributes_is_refused_soon(what):
    begin = time.process_time()
    with pytest.raises(GatingMLError, match=r"line 1: an element has 100,000 attrib"):
        parse(LARGE[what], only=("y",) if what.endswith("attributes") else ())
    assert time.process_time() - begin < 5


def test_as_many_attributes_as_may_be_are_read():
    entries = " ".join(f'a{n}="1"' for n in range(MAX_ATTRIBUTES))
    assert len(parse(f"<x {entries}/>").attributes) == MAX_ATTRIBUTES


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE a []>",
        "<!DOCTYPE a [<!-- nothing -->]>",
        "<!DOCTYPE a [<!ELEMENT a ANY>]>",
        '<!DOCTYPE a [<!ATTLIST a b CDATA "1">]>',
        '<!DOCTYPE a [<!NOTATION n SYSTEM "u">]>',
        '<!DOCTYPE a [<!ENTITY e "x">]>',
        '<!DOCTYPE a [<!ENTITY % e "x">]>',
        '<!DOCTYPE a SYSTEM "u">',
        '<!DOCTYPE a PUBLIC "p" "u">',
        "<!-- <!DOCTYPE a> --><?x <!DOCTYPE a> ?><!DOCTYPE a [<?y?>]>",
    ],
)
def test_a_document_type_with_content_is_refused(doctype):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        with pytest.raises(GatingMLError, match="line 1: a document type"):
            parse(f"{doctype}<a/>".encode(encoding), bare_doctype=True)


def test_a_bare_document_type_passes_where_it_may():
    text = "<!-- <!DOCTYPE a [ --><!DOCTYPE a><a><![CDATA[<!DOCTYPE a []>]]></a>"
    assert parse(text, bare_doctype=True).content == "<!DOCTYPE a []>"
    with pytest.raises(GatingMLError, match="a document type"):
        parse(text)


def test_what_comes_after_an_undeclared_entity_is_no_new_document():
    # The pull parser of libxml2 would begin anew with the next chunk.
    text = "<a>&x;" + " " * 200_000 + "</a><b/>"
    with pytest.raises(GatingMLError, match=r"undefined entity \(line 1"):
        parse(text)
    with pytest.raises(GatingMLError, match="undefined entity"):
        parse("<!DOCTYPE a><a b='&x;'/>", bare_doctype=True)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"]
)
def test_encodings(encoding):
    said = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{said}"?><a b="é"/>'
    assert parse(text.encode(encoding)).attribute("b") == "é"


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="utf-7"?><x/>',
        b'<?xml version="1.0" encoding="idna"?><x/>',
        b'<?xml version="1.0" encoding="hex"?><x/>',
        b'<?xml version="1.0" encoding="cp1252"?><x>\x81</x>',
        b'<?xml version="1.0" encoding="\xe9"?><x/>',
        b'<?xml version="1.0" encoding="a\x00b"?><x/>',
        b"\xff\xfe<\x00a",
    ],
)
def test_encodings_that_cannot_be_read(data):
    with pytest.raises(GatingMLError, match=r"a\.xml is in an encoding .* be read"):
        parse(data)


def test_only_what_is_wanted_is_kept():
    sample = '<s>text<k n="1"/>tail</s>'
    root = parse(
        f"<w>{sample}<m><deep><x><k/></x></deep></m>{sample * 3}"
        f"<g>{sample}<m/>{sample}</g></w>",
        only=("m",),
    )
    kept = [element.local for element in root.walk()]
    assert [element.local for element in root.walk() if element.local == "m"]
    assert kept == ["w", "s", "m", "deep", "x", "k", *"sss", "g", "s", "m", "s"]


def test_a_file_without_end_is_refused(tmp_path):
    path = tmp_path / "a.xml"
    path.symlink_to("/dev/zero")
    with pytest.raises(GatingMLError, match="larger than 1 MB"):
        read_xml(path, error=GatingMLError, wanted=Wanted(most_bytes=2**20))
