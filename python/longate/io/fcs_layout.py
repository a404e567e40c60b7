"""Where the segments of an FCS file lie, in every data set of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

from longate.exceptions import FcsError
from longate.io.text_segment import TextSegment, split_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Range = tuple[int, int]
"""Bytes of a file, half-open, counted from its first byte."""

HEADER_BYTES = 58
CRC_BYTES = 8
FIELDS = ("TEXT", "DATA", "ANALYSIS")
"""The segments whose offsets HEADER holds, in its order."""
OFFSET_KEYWORDS = {
    "TEXT": ("$BEGINTEXT", "$ENDTEXT"),
    "supplemental TEXT": ("$BEGINSTEXT", "$ENDSTEXT"),
    "DATA": ("$BEGINDATA", "$ENDDATA"),
    "ANALYSIS": ("$BEGINANALYSIS", "$ENDANALYSIS"),
}
_VERSIONS = (b"FCS2.0", b"FCS3.0", b"FCS3.1", b"FCS3.2")
_MOST_DATA_SETS = 10_000
_MOST_CHANNELS = 10_000


@dataclass(frozen=True)
class KeywordSegment:
    """A segment of keywords: TEXT, supplemental TEXT or ANALYSIS.

    Parameters
    ----------
    kind : str
        Which of the three.
    range : tuple of int
        Where it lies.
    text : TextSegment or None
        Its keywords; None where the bytes are no keywords.
    """

    kind: str
    range: Range
    text: TextSegment | None


@dataclass(frozen=True)
class DataSet:
    """One data set of a file.

    Parameters
    ----------
    number : int
        From 1.
    base : int
        Its first byte; all its offsets count from there.
    header : bytes
        HEADER as stored.
    texts : tuple of KeywordSegment
        TEXT first, then what else there is.
    data : tuple of (int, int)
        The bytes of the events; several ranges where HEADER and TEXT disagree.
    crc : tuple of int or None
        Where the checksum lies, behind the last segment.
    has_crc : bool
        Whether it was computed: it is not ``00000000``.
    """

    number: int
    base: int
    header: bytes
    texts: tuple[KeywordSegment, ...]
    data: tuple[Range, ...]
    crc: Range | None
    has_crc: bool

    @property
    def known(self) -> list[Range]:
        """Everything that is understood, in the order of the file."""
        ranges = [(self.base, self.base + HEADER_BYTES), *self.data]
        ranges += [segment.range for segment in self.texts]
        return sorted([*ranges, self.crc] if self.crc else ranges)


def read_layout(path: Path) -> list[DataSet]:
    """Return the data sets of a file.

    Raises
    ------
    FcsError
        If it is no FCS file, a segment lies outside the file, segments overlap, or
        ``$NEXTDATA`` does not lead to another data set.
    """
    size = path.stat().st_size
    found: list[DataSet] = []
    base = 0
    with path.open("rb") as file:
        while True:
            made, following = _data_set(file, len(found) + 1, base, size)
            found.append(made)
            if not following:
                break
            base += following
            if base >= size or len(found) >= _MOST_DATA_SETS:
                msg = f"$NEXTDATA of data set {made.number} leads outside the file"
                raise FcsError(msg)
    _refuse_overlap(found)
    return found


def number_of(pairs: Iterable[tuple[str, str]], keyword: str) -> int:
    """Return a whole number of a keyword; 0 where it is missing, blank or no number."""
    for key, value in pairs:
        if key.upper() == keyword:
            return whole_number(value) or 0
    return 0


def whole_number(value: str) -> int | None:
    """Return a number as the reader understands it; None where it is none.

    Writers fill with zeros to any width, 20 digits among them; without these, 18 digits
    are more than any file has bytes.
    """
    text = value.strip(" \t\r\n\0")
    found = re.fullmatch(r"\+?0*([0-9]{1,18})", text)
    return int(found[1]) if found else None


def header_offsets(header: bytes) -> list[int]:
    """Return the six offsets of HEADER; 0 where one is blank.

    Of ANALYSIS, what is no number counts as 0: some writers put -1 there.
    """
    offsets = []
    for index, at in enumerate(range(10, HEADER_BYTES, 8)):
        field = header[at : at + 8].decode("latin-1").strip(" \0")
        number = whole_number(field or "0")
        if number is None and FIELDS[index // 2] != "ANALYSIS":
            msg = f"HEADER holds {field!r} where an offset is expected"
            raise FcsError(msg)
        offsets.append(number or 0)
    return offsets


def _data_set(file: BinaryIO, number: int, base: int, size: int) -> tuple[DataSet, int]:
    file.seek(base)
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or header[:6] not in _VERSIONS:
        msg = f"data set {number} at byte {base} does not start with an FCS HEADER"
        raise FcsError(msg)
    offsets = header_offsets(header)
    begin, end = base + offsets[0], base + offsets[1] + 1
    if offsets[0] < HEADER_BYTES or not begin < end <= size:
        msg = f"TEXT of data set {number} does not lie inside the file"
        raise FcsError(msg)
    file.seek(begin)
    raw = file.read(end - begin)
    text = split_text(raw)
    data = _data(text.pairs, offsets, base, (begin, end), size)
    first = min((begin for begin, _ in data), default=end)
    if first == end - 1:  # an end of TEXT that is one too far is common
        end, text = first, split_text(raw[:-1])
    texts = [KeywordSegment("TEXT", (begin, end), text)]
    texts += _further(file, text.pairs, offsets, base, size, (begin, end))
    segments = [*data, *(segment.range for segment in texts)]
    crc, has_crc = _crc(file, header[:6], segments, size)
    following = number_of(text.pairs, "$NEXTDATA")
    made = DataSet(number, base, header, tuple(texts), data, crc, has_crc)
    return made, following


def _data(
    pairs: Sequence[tuple[str, str]],
    offsets: Sequence[int],
    base: int,
    text: Range,
    size: int,
) -> tuple[Range, ...]:
    """Return where the events may lie; readers differ where HEADER and TEXT do."""
    given = [
        (number_of(pairs, "$BEGINDATA"), number_of(pairs, "$ENDDATA")),
        (offsets[2], offsets[3]),
    ]
    needed = number_of(pairs, "$TOT") * _event_bytes(pairs)
    ranges = {
        (base + begin, min(max(base + end + 1, base + begin + needed), size))
        for begin, end in given
        if begin >= HEADER_BYTES and end >= begin and base + begin < size
    }
    clear = {r for r in ranges if r[0] >= text[1] - 1 or r[1] <= text[0]}
    return tuple(_merged(clear or ranges))


def _event_bytes(pairs: Sequence[tuple[str, str]]) -> int:
    first: dict[str, str] = {}
    for key, value in pairs:
        first.setdefault(key.upper(), value)
    channels = range(1, min(number_of(pairs, "$PAR"), _MOST_CHANNELS) + 1)
    width = sum(whole_number(first.get(f"$P{n}B", "")) or 0 for n in channels)
    # $PnB counts characters in ASCII, bits elsewhere.
    is_ascii = first.get("$DATATYPE", "").strip().upper() == "A"
    return width if is_ascii else (width + 7) // 8


def _merged(ranges: Iterable[Range]) -> list[Range]:
    out: list[Range] = []
    for begin, end in sorted(ranges):
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((begin, end))
    return out


def _further(
    file: BinaryIO,
    pairs: Sequence[tuple[str, str]],
    offsets: Sequence[int],
    base: int,
    size: int,
    primary: Range,
) -> list[KeywordSegment]:
    """Return supplemental TEXT and ANALYSIS, where there are any."""
    found = []
    for kind in ("supplemental TEXT", "ANALYSIS"):
        begin, end = (number_of(pairs, name) for name in OFFSET_KEYWORDS[kind])
        if kind == "ANALYSIS" and not begin:
            begin, end = offsets[4:6]
        where = (base + begin, base + end + 1)
        beside = where[0] >= primary[1] or where[1] <= primary[0]
        if begin and end > begin and beside:
            if where[1] > size:
                msg = f"{kind} does not lie inside the file"
                raise FcsError(msg)
            file.seek(where[0])
            raw = file.read(where[1] - where[0])
            found.append(KeywordSegment(kind, where, _legible(raw)))
    return found


def _legible(raw: bytes) -> TextSegment | None:
    try:
        text = split_text(raw)
    except FcsError:
        return None
    return text if text.is_legible else None


def _crc(
    file: BinaryIO, version: bytes, segments: Sequence[Range], size: int
) -> tuple[Range | None, bool]:
    last = max(end for _, end in segments)
    if version == b"FCS2.0" or last + CRC_BYTES > size:
        return None, False
    file.seek(last)
    word = file.read(CRC_BYTES)
    where = (last, last + CRC_BYTES) if word.isalnum() else None
    return where, where is not None and word != b"0" * CRC_BYTES


def _refuse_overlap(data_sets: Sequence[DataSet]) -> None:
    known = sorted(part for one in data_sets for part in one.known)
    for before, after in pairwise(known):
        if after[0] < before[1]:
            msg = (
                f"its segments overlap: bytes {before[0]} to {before[1] - 1} and "
                f"{after[0]} to {after[1] - 1}"
            )
            raise FcsError(msg)
