"""Copies without identities: nothing that tells stays, and nothing else changes."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from longate.io.identifying import IDENTIFYING_KEYWORDS
from reference.fcs_secrets import (
    EVENT_BYTES,
    EVENTS,
    KNOWN,
    SECRETS,
    data_set,
    read,
    tokens,
    words_of,
)


def test_nothing_identifying_is_left_in_any_byte(copied):
    raw = data_set(KNOWN)
    assert len(words_of(raw)) > 10
    copy, _ = copied(raw)
    assert words_of(copy) == []


def test_everything_else_is_byte_for_byte_the_same(copied, tmp_path):
    copy, _ = copied(data_set(KNOWN))
    assert len(copy) == len(data_set(KNOWN))
    assert copy[-len(EVENT_BYTES) :] == EVENT_BYTES
    before, after = (read(raw, tmp_path) for raw in (data_set(KNOWN), copy))
    np.testing.assert_array_equal(after.to_numpy(), EVENTS)
    assert list(after.keywords) == list(before.keywords)
    assert after.panel == before.panel
    assert after.diagnosis == before.diagnosis == ()
    for key, value in before.keywords.items():
        assert after.keywords[key] == ("removed" if key in SECRETS else value)


def test_the_report_names_keywords_and_never_values(copied):
    _, result = copied(data_set(KNOWN))
    blanked = result.table[result.table["action"] == "blanked"]
    assert set(blanked["keyword"]) == set(SECRETS)
    shown = repr(result) + result.table.to_csv() + result.unlisted.to_csv()
    assert words_of(shown.encode()) == []
    assert result.files["data_sha256"].tolist() == [
        hashlib.sha256(EVENT_BYTES).hexdigest()
    ]


def test_what_stays_unlisted_is_shown(copied):
    _, result = copied(
        data_set([*KNOWN, ("WARD", "Neurology 7"), ("LASER1DELAY", "0")])
    )
    assert result.unlisted["keyword"].tolist() == ["WARD"]


def test_a_value_that_repeats_elsewhere_is_found(copied, tmp_path):
    more = [("NOTE", "see Erika Mustermann, left arm"), ("OTHER", "left arm")]
    copy, result = copied(data_set([*KNOWN, *more]))
    sample = read(copy, tmp_path)
    assert (sample.keywords["NOTE"], sample.keywords["OTHER"]) == (
        "removed",
        "left arm",
    )
    told = result.table.set_index("keyword")["action"]
    assert told["NOTE"] == "blanked, repeats another"


def test_repeats_are_found_in_every_segment(copied):
    note = tokens([("REMARK", "Erika Mustermann came late")])
    copy, result = copied(data_set(KNOWN, supplement=note, analysis=note))
    assert words_of(copy) == []
    assert (result.table["keyword"] == "REMARK").sum() == 2


def test_markers_and_detectors_are_never_touched(copied, tmp_path):
    copy, _ = copied(data_set([("TUBE NAME", "CD56"), ("$SRC", "PE-A")]))
    assert [c.label for c in read(copy, tmp_path).panel] == ["FSC-A", "CD56"]


def test_empty_and_blank_values_stay(copied, tmp_path):
    more = [("$SRC", ""), ("$INST", " "), ("$OP", "Dr. Quux"), ("$CYT", "Canto")]
    copy, result = copied(data_set(more, delimiter="|"))
    sample = read(copy, tmp_path)
    assert (sample.keywords["$SRC"], sample.keywords["$INST"]) == ("", " ")
    assert [d.code for d in sample.diagnosis] == ["empty-values"]
    assert result.table["keyword"].tolist() == ["$OP"]


def test_copying_a_copy_changes_nothing(copied):
    once, _ = copied(data_set(KNOWN))
    twice, result = copied(once)
    assert twice == once
    assert result.table.empty


def test_the_list_is_extended_and_cut_by_patterns(copied, tmp_path):
    raw = data_set([*KNOWN, ("WARD", "Neurology 7"), ("BED.1", "B12")])
    copy, result = copied(raw, also=["ward", "BED*"], keep=["*USER NAME", "$inst"])
    words = read(copy, tmp_path).keywords
    assert words["WARD"] == words["BED.1"] == "removed"
    assert (words["EXPORT USER NAME"], words["$INST"]) == ("quuxuser", "Charite Zebra")
    kept = result.table[result.table["action"] == "kept"]
    assert set(kept["keyword"]) == {"EXPORT USER NAME", "$INST"}
    assert "$SRC" in IDENTIFYING_KEYWORDS


@pytest.mark.parametrize("key", ["$BEGINDATA", "$P2S", "$TOT", "$PAR"])
def test_no_pattern_breaks_a_file(copied, tmp_path, key):
    copy, _ = copied(data_set(KNOWN), also=["*", key])
    np.testing.assert_array_equal(read(copy, tmp_path).to_numpy(), EVENTS)
