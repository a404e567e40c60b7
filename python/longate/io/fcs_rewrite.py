"""Copy an FCS file with some values of its keywords replaced, and nothing else.

Segments stay where they are as long as the new TEXT fits; else all that follows it
moves, and with it every offset, in HEADER and in TEXT, of every data set.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from longate.exceptions import FcsError
from longate.io.fcs_layout import (
    CRC_BYTES,
    FIELDS,
    HEADER_BYTES,
    OFFSET_KEYWORDS,
    DataSet,
    KeywordSegment,
    Range,
    header_offsets,
    number_of,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Key = tuple[int, str]
"""Which segment of keywords: the number of its data set, and its kind."""

OTHER_BYTES = "(other bytes)"
_BLOCK = 1 << 20
_LARGEST_IN_HEADER = 99_999_999
_MOST_ROUNDS = 10
_BLANK = " \t\r\n\0"
_VERSION = re.compile(rb"FCS(2\.0|3\.[012])\s{4}[ 0-9]{8}")
_NOTHING = b" \0\r\n0"


class Patch(NamedTuple):
    """Bytes that are written for others; None is blanks, as many as there were."""

    begin: int
    end: int
    new: bytes | None


@dataclass(frozen=True)
class Plan:
    """How a copy is written.

    Parameters
    ----------
    patches : tuple of Patch
        In the order of the file.
    grown : tuple of (int, int)
        Behind which byte the copy is longer, and by how much.
    hidden_bytes : int
        How many bytes outside of all segments are blanked.
    """

    patches: tuple[Patch, ...]
    grown: tuple[tuple[int, int], ...]
    hidden_bytes: int

    def moved(self, position: int) -> int:
        """Return where a byte of the source lies in the copy."""
        return _moved(position, self.grown)


def plan_copy(
    source: Path,
    layout: Sequence[DataSet],
    edits: Mapping[Key, Mapping[int, str]],
    *,
    keep_other: bool = False,
    renamed: Mapping[Key, Mapping[int, str]] | None = None,
) -> Plan:
    """Settle every byte of the copy that differs.

    Parameters
    ----------
    source : Path
        The file.
    layout : sequence of DataSet
        Its data sets.
    edits : mapping
        New values, by segment and index of the pair in it.
    renamed : mapping, optional
        New names of keywords, in the same way.
    keep_other : bool
        Whether bytes outside of all segments are kept; else they are blanked, and
        give room to longer keywords.

    Raises
    ------
    FcsError
        If kept bytes would have to move, or an offset does not fit in HEADER.
    """
    keys = renamed or {}
    gaps = _gaps(layout, source.stat().st_size)
    hidden = _not_blank(source, gaps)
    _refuse_hidden_data_set(source, hidden)
    room = {} if keep_other else dict(gaps)
    segments = {(one.number, p.kind): p for one in layout for p in one.texts}
    texts = {
        key: segment.text.with_values(edits.get(key, {}), keys.get(key))
        for key, segment in segments.items()
        if segment.text is not None
    }
    for _ in range(_MOST_ROUNDS):
        grown = _grown(segments, texts, room)
        settled = {}
        for one in layout:
            for segment in one.texts:
                if segment.text is not None:
                    key = (one.number, segment.kind)
                    values = dict(edits.get(key, {}))
                    values |= _offset_values(one, segment, texts, grown)
                    settled[key] = segment.text.with_values(values, keys.get(key))
        if settled == texts:
            break
        texts = settled
    else:
        msg = "the offsets of the copy do not settle"
        raise FcsError(msg)
    if keep_other and grown and hidden:
        msg = (
            f"its new keywords need more room, and {OTHER_BYTES}, which keep names, "
            "would move; use shorter pseudonyms"
        )
        raise FcsError(msg)
    patches = _patches(layout, texts, grown, room)
    taken = {patch.end for patch in patches}
    if not keep_other:
        patches += [Patch(*gap, None) for gap in hidden if gap[1] not in taken]
    blanked = 0 if keep_other else sum(end - begin for begin, end in hidden)
    return Plan(tuple(sorted(patches, key=lambda patch: patch.begin)), grown, blanked)


def copy_patched(source: Path, target: Path, plan: Plan) -> None:
    """Write the copy to a file that does not exist yet."""
    with source.open("rb") as old, target.open("wb") as new:
        for patch in plan.patches:
            _copy(old, new, patch.begin - old.tell())
            if patch.new is None:
                _fill(new, patch.end - patch.begin)
            else:
                new.write(patch.new)
            old.seek(patch.end)
        _copy(old, new, None)


def event_hash(path: Path, ranges: Iterable[Range]) -> str:
    """Return the SHA-256 of the DATA segments of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for begin, end in ranges:
            file.seek(begin)
            left = end - begin
            while left and (block := file.read(min(left, _BLOCK))):
                digest.update(block)
                left -= len(block)
    return digest.hexdigest()


def _copy(old: BinaryIO, new: BinaryIO, length: int | None) -> None:
    while length is None or length > 0:
        block = old.read(_BLOCK if length is None else min(length, _BLOCK))
        if not block:
            return
        new.write(block)
        length = None if length is None else length - len(block)


def _fill(new: BinaryIO, length: int) -> None:
    while length > 0:
        new.write(b" " * min(length, _BLOCK))
        length -= _BLOCK


def _gaps(layout: Sequence[DataSet], size: int) -> list[Range]:
    """Return what lies between the segments, and behind the last."""
    known = sorted(part for one in layout for part in one.known)
    ends = [end for _, end in known]
    begins = [*(begin for begin, _ in known[1:]), size]
    return [(a, b) for a, b in zip(ends, begins, strict=True) if a < b]


def _refuse_hidden_data_set(source: Path, gaps: Iterable[Range]) -> None:
    """Refuse to blank, or to keep unseen, a data set that no offset leads to."""
    with source.open("rb") as file:
        for begin, end in gaps:
            for at in range(begin, end, _BLOCK):
                file.seek(at)
                match = _VERSION.search(file.read(min(_BLOCK + 64, end - at)))
                if match:
                    msg = (
                        "a further data set seems to begin at byte "
                        f"{at + match.start()}, to which $NEXTDATA does not lead; it "
                        "can be neither kept nor blanked unseen"
                    )
                    raise FcsError(msg)


def _not_blank(source: Path, gaps: Iterable[Range]) -> list[Range]:
    """Return the gaps that hold more than blanks and zeros."""
    found = []
    with source.open("rb") as file:
        for begin, end in gaps:
            file.seek(begin)
            blocks = range(begin, end, _BLOCK)
            if any(file.read(min(_BLOCK, end - at)).strip(_NOTHING) for at in blocks):
                found.append((begin, end))
    return found


def _grown(
    segments: Mapping[Key, KeywordSegment],
    texts: Mapping[Key, bytes],
    room: Mapping[int, int],
) -> tuple[tuple[int, int], ...]:
    """Return where the copy is longer than the source, and by how much."""
    grown = []
    for key, new in texts.items():
        begin, end = segments[key].range
        wide = room.get(end, end)
        if len(new) > wide - begin:
            grown.append((wide, len(new) - (wide - begin)))
    return tuple(grown)


def _moved(position: int, grown: Iterable[tuple[int, int]]) -> int:
    return position + sum(more for behind, more in grown if behind <= position)


def _offset(
    one: DataSet,
    kind: str,
    old: int,
    texts: Mapping[Key, bytes],
    grown: Iterable[tuple[int, int]],
    *,
    is_end: bool,
) -> int:
    """Return an offset of the copy, counted from the data set's first byte."""
    base = _moved(one.base, grown)
    segment = next((segment for segment in one.texts if segment.kind == kind), None)
    if old == 0 or (segment and segment.text is None):  # 0: there is no such segment
        return 0
    if segment is None:
        return _moved(one.base + old, grown) - base
    begin = _moved(segment.range[0], grown) - base
    # A shorter text is filled with blanks: its end stays, by which DATA may be told.
    whole = max(len(texts[one.number, kind]), segment.range[1] - segment.range[0])
    return begin + whole - 1 if is_end else begin


def _offset_values(
    one: DataSet,
    segment: KeywordSegment,
    texts: Mapping[Key, bytes],
    grown: Iterable[tuple[int, int]],
) -> dict[int, str]:
    """Return the keywords of a segment that hold offsets which the copy changes."""
    if segment.text is None or segment.kind == "ANALYSIS":
        return {}
    meant = {"$NEXTDATA": ("next data set", False)}
    for kind, (begin, end) in OFFSET_KEYWORDS.items():
        meant |= {begin: (kind, False), end: (kind, True)}
    values = {}
    for index, (keyword, value) in enumerate(segment.text.pairs):
        old = whole_number(value) if keyword.upper() in meant else None
        if old is not None:
            kind, is_end = meant[keyword.upper()]
            new = _offset(one, kind, old, texts, grown, is_end=is_end)
            if new != old:
                values[index] = _as_written(value, new)
    return values


def _as_written(value: str, number: int) -> str:
    """Write a number as wide, and on the same side, as the one that it replaces."""
    digits = value.strip(_BLANK)
    text = f"{number:0{len(digits)}d}" if digits.startswith("0") else str(number)
    wide = len(value)
    return text.rjust(wide) if value[0] in _BLANK else text.ljust(wide)


def _patches(
    layout: Sequence[DataSet],
    texts: Mapping[Key, bytes],
    grown: Iterable[tuple[int, int]],
    room: Mapping[int, int],
) -> list[Patch]:
    patches = []
    for one in layout:
        header = _header(one, texts, grown)
        patches.append(Patch(one.base, one.base + HEADER_BYTES, header))
        for segment in one.texts:
            begin, end = segment.range
            if segment.text is None:
                patches.append(Patch(begin, end, None))
                continue
            new, wide = texts[one.number, segment.kind], room.get(end, end)
            if new != segment.text.with_values({}) or segment.text.dropped:
                patches.append(Patch(begin, wide, new.ljust(wide - begin)))
        if one.crc:  # zeros say that it is not computed (FCS 3.1 §3.5)
            patches.append(Patch(*one.crc, b"0" * CRC_BYTES))
    return patches


def _header(
    one: DataSet, texts: Mapping[Key, bytes], grown: Iterable[tuple[int, int]]
) -> bytes:
    """Return HEADER with the offsets of the copy; those that stay keep their bytes."""
    header = bytearray(one.header)
    header[6:10] = b"    "  # blank by the standard, and room for a word
    old = header_offsets(one.header)
    for at, kind in zip(range(0, len(old), 2), FIELDS, strict=True):
        new = [
            _offset(one, kind, old[at + is_end], texts, grown, is_end=bool(is_end))
            for is_end in (0, 1)
        ]
        if max(new) > _LARGEST_IN_HEADER:
            if not _is_in_text(one, kind):
                msg = f"{kind} of the copy would lie beyond what HEADER can say"
                raise FcsError(msg)
            new = [0, 0]  # both, which says that the keywords hold them (3.1 §3.1)
        for index, offset in enumerate(new, start=at):
            if offset != old[index]:
                header[10 + 8 * index : 18 + 8 * index] = f"{offset:>8}".encode()
    return bytes(header)


def _is_in_text(one: DataSet, kind: str) -> bool:
    """Return whether keywords of TEXT hold the offsets of a segment."""
    primary = one.texts[0].text
    if kind == "TEXT" or one.header[:6] == b"FCS2.0" or primary is None:
        return False
    return all(number_of(primary.pairs, name) for name in OFFSET_KEYWORDS[kind])
