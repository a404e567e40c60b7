"""What is told is gone: names planted in every place that an FCS file has for one."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FcsError, FileWarning
from longate.io.deidentify import deidentify
from longate.io.told_names import Names
from reference.fcs_bytes import Channel, build, pack
from reference.fcs_secrets import EVENT_BYTES, EVENTS, data_set, read, tokens

PEOPLE = ["Ng", "Mustermann", "René", "Straße", "Yıldız", "O'Neil-Smith", "471108"]
FORMS = {
    "as told": str,
    "upper": str.upper,
    "lower": str.lower,
    "NFD": lambda name: unicodedata.normalize("NFD", name),
    "folded": lambda name: name.casefold(),
}
KEYWORDS = [
    *("$SRC", "$CYT", "$SYS", "CREATOR", "$P2S", "NOTE", "QCMLOT", "DEPARTMENT"),
    *("LAST_LAST_MODIFIER", "HOSTID", "P1DISPLAY", "GATE", "$CYTSN", "@SETTINGS"),
]


def folds(raw):
    """Every reading of bytes in which a name might still be seen, folded."""
    texts = [raw.decode(code, "ignore") for code in ("utf-8", "latin-1", "cp850")]
    texts += [raw[at:].decode("utf-16-le", "ignore") for at in (0, 1)]
    plain = [
        "".join(
            c for c in unicodedata.normalize("NFKD", t) if not unicodedata.combining(c)
        )
        for t in texts
    ]
    return [t.casefold().replace("ı", "i") for t in plain]


def is_there(name, copy):
    """Whether a name can be seen outside of HEADER and events."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("ı", "i")
    begin, end = int(copy[26:34] or 0), int(copy[34:42] or 0)
    rest = copy[58:begin] + copy[end + 1 :]
    if len(plain) > 3:
        return any(plain in text for text in folds(rest))
    return Names({name: ""}).meant(rest.decode("latin-1")) != []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PEOPLE)
def test_a_name_is_gone_from_every_keyword(copied, tmp_path, name, form):
    """7 names, 5 forms, 14 keywords: 490 planted names, 0 of which survive."""
    shown = FORMS[form](name)
    pairs = [(key, f"seen by {shown} in 2021") for key in KEYWORDS]
    for way in ({"mapping": {name: "P07"}}, {"names": [name]}):
        copy, _ = copied(data_set(pairs), **way)
        assert not is_there(name, copy), form
        sample = read(copy, tmp_path)
        np.testing.assert_array_equal(sample.to_numpy(), EVENTS)
        assert sample.keywords["$CYT"] == (
            f"seen by {'P07' if 'mapping' in way else 'removed'} in 2021"
        )


@pytest.mark.parametrize("name", PEOPLE)
def test_it_is_gone_from_names_of_keywords_supplement_and_analysis(
    copied, tmp_path, name
):
    inner = tokens([("GATE", f"of {name}"), (f"drawn by {name}", "yes")])
    raw = data_set([(f"{name} note", "x")], supplement=inner, analysis=inner)
    copy, result = copied(raw, names=[name])
    assert not is_there(name, copy)
    assert "keyword renamed" in set(result.table["action"])
    np.testing.assert_array_equal(read(copy, tmp_path).to_numpy(), EVENTS)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8", "latin-1"])
def test_values_in_other_encodings(copied, encoding):
    raw = data_set([("NOTE", "MARKED")])
    planted = "Mustermann".encode(encoding)
    raw = raw.replace(b"MARKED", planted)
    shift = len(planted) - 6
    begin = int(raw[26:34])
    for old, new in [(begin, begin + shift), (begin + 39, begin + 39 + shift)]:
        raw = raw.replace(f"/{old:08d}/".encode(), f"/{new:08d}/".encode())
    fields = [58, begin + shift - 1, begin + shift, begin + shift + 39]
    raw = raw[:10] + "".join(f"{n:>8}" for n in fields).encode() + raw[42:]
    copy, _ = copied(raw, names=["mustermann"])
    assert planted not in copy
    assert copy.endswith(EVENT_BYTES)


@pytest.mark.parametrize("place", ["$P1N", "$TOT", "$P2R"])
def test_where_it_cannot_be_taken_out_nothing_is_written(copied, tmp_path, place):
    told = {"$P1N": "FSC-A", "$TOT": "5", "$P2R": "1024"}[place]
    with pytest.raises(FcsError, match=r"told") as caught:
        copied(data_set([]), names=[told])
    assert (
        told not in str(caught.value).replace("FSC-A.fcs", "")[-80:] or place != "$P1N"
    )
    assert not (tmp_path / "copy.fcs").exists()


def test_bytes_of_header_and_behind_the_events_are_blanked(copied, tmp_path):
    two = [Channel("FSC-A"), Channel("PE-A")]
    data = pack([(1.0, 2.0)], "ff", "<")
    raw = build(two, data + b"by Mustermann", 1)
    raw = raw[:6] + b"Ng  " + raw[10:]
    copy, _ = copied(raw, names=["Mustermann", "Ng"])
    assert b"Mustermann" not in copy
    assert copy[6:10] == b"    "
    np.testing.assert_array_equal(read(copy, tmp_path).to_numpy(), [[1.0, 2.0]])


def test_a_name_among_other_bytes_that_are_kept_is_refused(copied):
    raw = data_set([], behind=b"00000000 protocol of Mustermann")
    with pytest.raises(FcsError, match="still stands at byte"):
        copied(raw, keep=["(other bytes)"], names=["Mustermann"])
    copy, _ = copied(raw, names=["Mustermann"])
    assert b"Mustermann" not in copy


def test_a_kept_keyword_loses_the_names_that_were_told(copied, tmp_path):
    raw = data_set([("TUBE NAME", "NK of Mustermann")])
    copy, _ = copied(raw, keep=["TUBE NAME"], names=["Mustermann"])
    assert read(copy, tmp_path).keywords["TUBE NAME"] == "NK of removed"


def test_a_long_name_inside_a_word_is_blanked(copied, tmp_path):
    raw = data_set([("NOTE", "DrMustermannNK")])
    copy, result = copied(raw, names=["Mustermann"])
    assert read(copy, tmp_path).keywords["NOTE"] == "removed"
    assert result.table["action"].tolist() == ["blanked, held a name"]


@pytest.mark.parametrize("nextdata", ["0", "named"])
@pytest.mark.parametrize("padding", [b"", b"x" * 200])
def test_events_of_a_further_data_set_are_never_blanked(
    copied, tmp_path, nextdata, padding
):
    first = data_set([("$SRC", "Erika")], behind=padding, following=nextdata == "named")
    second = data_set([("$SRC", "Erika Mustermann")])
    raw = first + second
    try:
        copy, result = copied(raw, mapping={"Erika": "P07"})
    except FcsError as error:
        assert nextdata == "0"
        assert padding
        assert "further data set" in str(error)  # noqa: PT017
        return
    assert result.files["data_sets"].tolist() == [2]
    for number in (0, 1):
        found = lg.read_fcs(tmp_path / "copy.fcs", dataset=number)
        np.testing.assert_array_equal(found.to_numpy(), EVENTS)
        assert found.keywords["$SRC"] == "P07"
    assert b"Mustermann" not in copy


@pytest.mark.parametrize("empty", ["Comments", "$INST", "TUBE NAME"])
@pytest.mark.parametrize("version", ["FCS2.0", "FCS3.0"])
def test_empty_values_are_no_reason_to_refuse(copied, tmp_path, empty, version):
    """FACSCalibur writes an empty Comments."""
    more = [(empty, ""), ("$SRC", "Erika"), ("$CYT", "FACSCalibur"), ("NOTE", "a/b")]
    copy, _ = copied(data_set(more, version=version), mapping={"Erika": "P07"})
    words = read(copy, tmp_path).keywords
    assert words["$SRC"] == "P07"
    assert words["$CYT"] == "FACSCalibur"


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ("24-SEP-2014 to 26-SEP-2014", "14-OCT-2014 to 16-OCT-2014"),
        ("2014-09-24;2014-09-26;24.09.2014", "2014-10-14;2014-10-16;14.10.2014"),
        ("09_24_2014", "10_14_2014"),
        ("24-SEP-2014 or 02/06/2014", "removed"),
    ],
)
def test_every_date_of_a_value_moves(copied, tmp_path, value, moved):
    copy, _ = copied(data_set([("$DATE", value)]), shift_dates=20)
    assert read(copy, tmp_path).keywords["$DATE"] == moved


def test_one_bad_file_does_not_stop_a_folder(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.fcs").write_bytes(data_set([("$SRC", f"Person{number}")]))
    (folder / "told.fcs").write_bytes(data_set([("$P1Z", "x"), ("$SRC", "FSC-A")]))
    (folder / "cut.fcs").write_bytes(data_set([])[:-8])
    with pytest.warns(FileWarning, match="5 files|2 files|1 files"):
        result = deidentify(folder, tmp_path / "out", names=["Person1"])
    assert len(result.files) + len(result.problems) == 5
    assert len(result.problems) == 1
    assert set(result.unjudged["file"]) <= set(result.files["file"])
    assert len(result.unjudged) == result.unlisted["n_files"].sum()


@pytest.mark.parametrize("names", ["Mustermann", [""], ["  "], ["\0"]])
def test_names_are_a_list_of_names(copied, names):
    with pytest.raises(FcsError, match="names"):
        copied(data_set([]), names=names)


def test_real_files_lose_planted_names(shared_data, tmp_path):
    """In every identifying and every technical keyword of real files."""
    from longate.io.copies import fcs_files
    from longate.io.fcs_layout import read_layout

    planted = survived = 0
    for path in fcs_files(shared_data / "fcs_conformance"):
        try:
            layout = read_layout(path)
        except FcsError:
            continue
        raw = bytearray(path.read_bytes())
        text = layout[0].texts[0]
        at = text.range[0]
        for keyword, value in text.text.pairs:
            old = f"{value}".encode("latin-1", "replace")
            free = not keyword.startswith("$P") and len(old) >= 10 and value.isascii()
            free = free and any(sign.isalpha() for sign in value)
            by = text.text.delimiter
            start = by + keyword.encode("latin-1", "replace") + by
            found = raw.find(start + old, at, text.range[1]) if free else -1
            found = found + len(start) if found >= 0 else -1
            if found >= 0 and not keyword.upper().startswith(("$SPILL", "SPILL")):
                raw[found : found + 10] = b"Mustermann"
                planted += 1
        (tmp_path / "in.fcs").write_bytes(raw)
        deidentify(tmp_path / "in.fcs", tmp_path / "out.fcs", names=["Mustermann"])
        copy = (tmp_path / "out.fcs").read_bytes().lower()
        survived += copy.count(b"mustermann")
    assert planted >= 200
    assert survived == 0
