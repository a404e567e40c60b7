"""Laws of copies without identities: any words, any damage."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import FcsError
from longate.io.deidentify import deidentify
from reference.fcs_secrets import (
    EVENTS,
    KNOWN,
    LONG,
    SECRETS,
    data_set,
    tokens,
)

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.sampled_from([*SECRETS, "NOTE", "$CYT", "Z 1"]), WORDS), max_size=8
    ),
    st.sampled_from("/|!~\x0c"),
    WORDS,
)
def test_any_words_any_delimiter_any_pseudonym(tmp_path, pairs, delimiter, pseudonym):
    pairs = [
        (key.replace(delimiter, "#"), value.strip().strip(delimiter) or "x")
        for key, value in dict(pairs).items()
    ]
    raw = data_set(pairs, delimiter=delimiter)
    source, target = tmp_path / "a.fcs", tmp_path / "b.fcs"
    source.write_bytes(raw)
    target.unlink(missing_ok=True)
    before = lg.read_fcs(source)
    words = [value for key, value in pairs if key in SECRETS] or ["nobody"]
    try:
        deidentify(source, target, mapping={words[0]: pseudonym})
    except FcsError:  # such as a number that $PnR has too
        assert not target.exists()
        with pytest.raises(FcsError, match=r"told|blank"):
            deidentify(source, target, mapping={words[0]: pseudonym})
        return
    after = lg.read_fcs(target)
    np.testing.assert_array_equal(after.to_numpy(), EVENTS)
    assert list(after.keywords) == list(before.keywords)
    assert after.panel == before.panel
    for key in set(before.keywords) & set(SECRETS):
        assert after.keywords[key] in {"removed", _at_ends(pseudonym, delimiter)}


def _at_ends(word, delimiter):
    """A delimiter at an end of a value is written as an underscore."""
    inner = word.strip(delimiter)
    left = len(word) - len(word.lstrip(delimiter))
    return "_" * left + inner + "_" * (len(word) - left - len(inner))


def test_what_is_no_fcs_is_refused(tmp_path):
    path = tmp_path / "x.fcs"
    for raw in (b"", b"FCS", b"not FCS at all", b"FCS3.1" + struct.pack("52x")):
        path.write_bytes(raw)
        with pytest.raises(FcsError):
            deidentify(path, tmp_path / "y.fcs")
    assert not (tmp_path / "y.fcs").exists()


def test_damaged_files_are_copied_whole_or_not_at_all(tmp_path):
    """Bytes changed, taken out and put in at random: an error, or a clean copy."""
    rng = np.random.default_rng(3)
    note = tokens([("REMARK", "Erika Mustermann")])
    whole = data_set(KNOWN, supplement=note, analysis=note, following=True)
    whole += data_set(KNOWN)
    source, target = tmp_path / "a.fcs", tmp_path / "b.fcs"
    copied = 0
    for _ in range(300):
        raw = bytearray(whole)
        for place in rng.integers(0, len(raw) - 20, rng.integers(1, 3)):
            if rng.random() < 0.8:
                raw[place] = rng.integers(0, 256)
            else:
                raw[place : place + 2] = [b"", b"/", b"//9"][rng.integers(3)]
        source.write_bytes(raw)
        try:
            deidentify(source, target, mapping={"Erika": LONG})
        except FcsError:
            assert not target.exists()
        else:
            copied += 1
            lg.read_fcs(target, compensation=None)
            target.unlink()
    assert 30 < copied < 300
    assert [path.name for path in tmp_path.iterdir()] == ["a.fcs"]
