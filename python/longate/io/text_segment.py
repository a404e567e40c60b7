"""TEXT as bytes: keywords and values that can be replaced one by one.

Whatever is not replaced keeps its bytes, its order, its delimiter and its padding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate.exceptions import FcsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PADDING = b" \t\r\n\x0c\0"
_BLANK = " \t\r\n\0"
_REQUIRED = ("$PAR", "$TOT", "$MODE", "$DATATYPE", "$BYTEORD", "$NEXTDATA")
"""Keywords without which no file can be read; none is the value of another."""


@dataclass(frozen=True)
class TextSegment:
    """A TEXT segment, split but not changed.

    Parameters
    ----------
    delimiter : bytes
        Its first byte.
    tokens : tuple of bytes
        Keyword, value, keyword, value ... as stored, doubled delimiters doubled.
    doubled : bool
        Whether a doubled delimiter stands for itself; where values are empty, it
        cannot.
    tail : bytes
        What follows the last token: a delimiter, perhaps padding.
    dropped : bool
        Whether an unpaired last token was left out.
    """

    delimiter: bytes
    tokens: tuple[bytes, ...]
    doubled: bool
    tail: bytes
    dropped: bool

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Keywords and values as text, in file order."""
        read = [_decode(self._unescape(token)) for token in self.tokens]
        keys = (key.strip(_BLANK) for key in read[::2])
        return list(zip(keys, read[1::2], strict=True))

    @property
    def is_legible(self) -> bool:
        """Return whether keywords are words: binary data read as TEXT has others."""
        return all(key.isprintable() for key, _ in self.pairs)

    def with_values(
        self, values: Mapping[int, str], keywords: Mapping[int, str] | None = None
    ) -> bytes:
        """Return the segment with values, and names of keywords, replaced.

        Parameters
        ----------
        values : mapping of int to str
            Index of the pair, from 0, to its new value.
        keywords : mapping of int to str, optional
            Index of the pair to its new keyword.
        """
        tokens = list(self.tokens)
        for index, value in values.items():
            tokens[2 * index + 1] = self._escape(value)
        for index, keyword in (keywords or {}).items():
            tokens[2 * index] = self._escape(keyword)
        return self.delimiter + self.delimiter.join(tokens) + self.tail

    def as_read(self, value: str) -> str:
        """Return what a reader finds where `value` is written."""
        return _decode(self._unescape(self._escape(value)))

    def _unescape(self, token: bytes) -> bytes:
        if not self.doubled:
            return token
        return token.replace(self.delimiter * 2, self.delimiter)

    def _escape(self, value: str) -> bytes:
        """Double the delimiter inside; at an end, where it is illegal, write ``_``."""
        raw = value.encode()
        one = self.delimiter
        if not self.doubled:
            return raw.replace(one, b"_")
        inner = raw.strip(one)
        before = len(raw) - len(raw.lstrip(one))
        after = len(raw) - before - len(inner)
        return b"_" * before + inner.replace(one, one * 2) + b"_" * after


def split_text(segment: bytes) -> TextSegment:
    """Split a TEXT segment.

    A doubled delimiter stands for itself (FCS 3.1 §3.2.3); if that cannot be, a doubled
    one behind a keyword is an empty value, as the reader takes it; if that cannot be
    either, every delimiter separates.

    Raises
    ------
    FcsError
        If keywords and values cannot be paired.
    """
    delimiter, body = segment[:1], segment[1:]
    if not delimiter or not 0 < delimiter[0] <= 126:
        msg = "TEXT does not begin with a delimiter (a byte from 1 to 126)"
        raise FcsError(msg)
    escaped = _split_single(body, delimiter)
    plain = body.split(delimiter)
    empty = _split_empty(body, delimiter)
    readings = [(escaped, True), (empty, True), (plain, False)]
    for shorten in (False, True):
        for tokens, doubled in readings:
            tail = _tail(tokens, delimiter)
            kept = tokens if tail is None else tokens[:-1]
            if shorten:
                kept, tail = kept[: len(kept) // 2 * 2], tail or delimiter
            made = TextSegment(
                delimiter, tuple(kept), doubled, tail or b"", dropped=shorten
            )
            if _is_plausible(made):
                return made
    msg = "keywords and values of TEXT cannot be paired"
    raise FcsError(msg)


def _split_single(body: bytes, delimiter: bytes) -> list[bytes]:
    """Split where a run of delimiters is odd, at its last."""
    tokens, begin = [], 0
    for run in re.finditer(re.escape(delimiter) + b"+", body):
        if (run.end() - run.start()) % 2:
            tokens.append(body[begin : run.end() - 1])
            begin = run.end()
    return [*tokens, body[begin:]]


def _split_empty(body: bytes, delimiter: bytes) -> list[bytes]:
    """Split where a keyword's run of delimiters may hold an empty value."""
    runs = re.compile(re.escape(delimiter) + b"+")
    tokens: list[bytes] = []
    at = 0
    while True:
        end = body.find(delimiter, at)
        if end < 0:
            return [*tokens, body[at:]]
        tokens.append(body[at:end])
        at = end + 1
        run = runs.match(body, at)
        behind = run.end() if run else at
        if (behind - at) % 2:  # escapes of delimiters, then the one that ends the value
            tokens.append(body[at : behind - 1])
            at = behind
            continue
        single = (one for one in runs.finditer(body, behind) if len(one[0]) % 2)
        found = next(single, None)
        if found is None:
            return [*tokens, body[at:]]
        tokens.append(body[at : found.end() - 1])
        at = found.end()


def _tail(tokens: Sequence[bytes], delimiter: bytes) -> bytes | None:
    """Return the last delimiter with padding, or None where the last token is one."""
    last = tokens[-1]
    return None if last.strip(_PADDING) else delimiter + last


def _is_plausible(text: TextSegment) -> bool:
    """Return whether keywords look like keywords, by the law of the reader."""
    if not text.tokens or len(text.tokens) % 2:
        return False
    sign = text.delimiter.decode("latin-1")
    for key, value in text.pairs:
        parts = key.split(sign)[1:]
        if not key or (parts and key.startswith("$")):
            return False
        if any(part.startswith("$") for part in parts) or value.upper() in _REQUIRED:
            return False
    return True


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
