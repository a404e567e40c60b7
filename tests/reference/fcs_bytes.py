"""FCS files byte by byte, so that the reader is not tested by the writer."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADER_BYTES = 58
FIRST_TEXT_BYTE = 64
"""Where TEXT begins in these files; six bytes of padding behind HEADER are legal."""


@dataclass(frozen=True)
class Channel:
    """What ``$Pn`` keywords say; None leaves a keyword out."""

    name: str | None = "FSC-A"
    bits: int | str | None = 32
    range: float | str | None = 262144
    amplification: str | None = "0,0"
    gain: str | None = None
    marker: str | None = None


def pack(rows: Sequence[Sequence[Any]], codes: str, order: str) -> bytes:
    """Pack rows of numbers by one `struct` letter per channel, ``t`` for 24 bits."""
    out = bytearray()
    for row in rows:
        for code, value in zip(codes, row, strict=True):
            if code == "t":
                out += int(value).to_bytes(3, "little" if order == "<" else "big")
            else:
                out += struct.pack(order + code, value)
    return bytes(out)


def text_segment(pairs: Sequence[tuple[str, str]], delimiter: str = "/") -> bytes:
    """Join keywords and values; nothing is escaped."""
    body = "".join(f"{key}{delimiter}{value}{delimiter}" for key, value in pairs)
    return (delimiter + body).encode("latin-1")


def header(
    version: str, text: tuple[object, object], data: tuple[object, object]
) -> bytes:
    """Return the 58 bytes of HEADER; offsets may be text such as a blank."""
    fields = [*text, *data, 0, 0]
    return f"{version:<10}".encode() + "".join(f"{f!s:>8}" for f in fields).encode()


def keyword_pairs(
    channels: Sequence[Channel], n_events: int, datatype: str, byteord: str
) -> dict[str, str]:
    """Return the required keywords but for offsets, in the usual order."""
    pairs = {
        "$BYTEORD": byteord,
        "$DATATYPE": datatype,
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": str(len(channels)),
        "$TOT": str(n_events),
    }
    for number, channel in enumerate(channels, start=1):
        for letter, value in (
            ("N", channel.name),
            ("B", channel.bits),
            ("R", channel.range),
            ("E", channel.amplification),
            ("G", channel.gain),
            ("S", channel.marker),
        ):
            if value is not None:
                pairs[f"$P{number}{letter}"] = str(value)
    return pairs


def build(
    channels: Sequence[Channel],
    data: bytes,
    n_events: int,
    *,
    datatype: str = "F",
    byteord: str = "1,2,3,4",
    version: str = "FCS3.1",
    delimiter: str = "/",
    keywords: Mapping[str, str | None] | None = None,
    header_data: tuple[object, object] | None = None,
    text_data: tuple[object, object] | None = None,
    padding: bytes = b"",
    raw_text: bytes | None = None,
    trailing: bytes = b"",
) -> bytes:
    """Return a whole file.

    `keywords` overrides and adds, None takes out; `header_data` and `text_data` replace
    the true offsets; `padding` follows TEXT; `raw_text` is put behind the keywords.
    """
    pairs = keyword_pairs(channels, n_events, datatype, byteord)
    begin, end = 0, 0
    for _ in range(2):  # offsets are written in a fixed width: twice is enough
        shown = text_data or (f"{begin:012d}", f"{end:012d}")
        merged = {"$BEGINDATA": str(shown[0]), "$ENDDATA": str(shown[1]), **pairs}
        merged.update(keywords or {})
        kept = [(key, value) for key, value in merged.items() if value is not None]
        text = text_segment(kept, delimiter) + (raw_text or b"") + padding
        begin = FIRST_TEXT_BYTE + len(text)
        end = begin + len(data) - 1
    place = (FIRST_TEXT_BYTE, begin - 1)
    head = header(version, place, header_data or (begin, end))
    return head.ljust(FIRST_TEXT_BYTE) + text + data + trailing
