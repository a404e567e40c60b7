"""Where the segments of an FCS file lie, in every data set of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

from longate.exceptions import FcsError
from longate.io.fcs import read_metadata
from longate.io.text_segment import TextSegment, split_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from longate.io.fcs import FcsMetadata

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
        The bytes of the events that are read; bytes that DATA has beyond are none.
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
        If it cannot be read, segments overlap, or ``$NEXTDATA`` does not lead to
        another data set.
    """
    size = path.stat().st_size
    found: list[DataSet] = []
    with path.open("rb") as file:
        while True:
            metadata = read_metadata(path, dataset=len(found))
            found.append(_data_set(file, len(found) + 1, metadata, size))
            codes = {one.code: one.found for one in metadata.diagnosis}
            if "nextdata-unusable" in codes:
                msg = f"data set {len(found)}: {codes['nextdata-unusable']}"
                raise FcsError(msg)
            if metadata.segments["next"] is None:
                break
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


def _data_set(file: BinaryIO, number: int, metadata: FcsMetadata, size: int) -> DataSet:
    """Return a data set as the reader sees it: TEXT, and the events that are read."""
    base: int = metadata.segments["begin"]
    file.seek(base)
    header = file.read(HEADER_BYTES)
    offsets = header_offsets(header)
    primary: Range = metadata.segments["text"]
    text = split_text(metadata.text)
    texts = [KeywordSegment("TEXT", primary, text)]
    texts += _further(file, text.pairs, offsets, base, size, primary)
    events: Range = metadata.segments["data"]
    data = (events,) if events[0] < events[1] else ()
    segments = [*data, *(segment.range for segment in texts)]
    crc, has_crc = _crc(file, header[:6], segments, size)
    return DataSet(number, base, header, tuple(texts), data, crc, has_crc)


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
