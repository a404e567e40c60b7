"""Names that were told: found in any case, form and encoding, in text and in bytes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    Range = tuple[int, int]

LEAST_ANYWHERE = 4
"""Names of so many letters are found inside of words too; shorter ones as words."""
LEAST_IN_EVENTS = 8
"""Names of so many letters are looked for among the events; shorter ones occur there by
chance."""
_ENCODINGS = (
    "utf-8",
    "latin-1",
    "cp1252",
    "cp850",
    "mac-roman",
    "utf-16-le",
    "utf-16-be",
)
_BLOCK = 1 << 20


class Names:
    """Names that are looked for, and what each stands for.

    Case, accents, composed or decomposed form, and NUL bytes between letters (UTF-16
    that was read as single bytes) make no difference.

    Parameters
    ----------
    meanings : mapping of str to object
        Name to what it stands for.
    """

    def __init__(self, meanings: Mapping[str, object]) -> None:
        self._meanings = {folded(key): meaning for key, meaning in meanings.items()}
        longest_first = sorted(self._meanings, key=len, reverse=True)
        words = "|".join(re.escape(name) for name in longest_first if name)
        self._pattern = re.compile(
            rf"(?<![^\W_])(?:{words})(?![^\W_])" if words else r"(?!)"
        )
        self._anywhere = [
            name
            for name in longest_first
            if len(name) >= LEAST_ANYWHERE and not name.isdecimal()
        ]

    def meant(self, text: str) -> list[object]:
        """Return the different meanings of the names in `text`, in order."""
        found = self._pattern.findall(folded(text))
        return list(dict.fromkeys(self._meanings[name] for name in found))

    def hold(self, text: str) -> bool:
        """Return whether a name is in `text`, long ones also inside of words."""
        plain = folded(text)
        return self._pattern.search(plain) is not None or any(
            name in plain for name in self._anywhere
        )

    def replace(self, text: str) -> str:
        """Return `text` with each name replaced by its meaning."""
        plain, origin = _folded_with_origin(text)
        out, at = [], 0
        for match in self._pattern.finditer(plain):
            begin, end = origin[match.start()], origin[match.end()]
            out += [text[at:begin], str(self._meanings[match[0]])]
            at = end
        return "".join([*out, text[at:]])


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return text without case, accents and NULs."""
    return "".join(map(_folded_sign, text)) if not text.isascii() else _ascii(text)


def _ascii(text: str) -> str:
    return text.lower().replace("\0", "")


@lru_cache(maxsize=4096)
def _folded_sign(sign: str) -> str:
    if sign == "\0":
        return ""
    parts = unicodedata.normalize("NFKD", sign.casefold())
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    if plain.isspace() and not sign.isspace():
        return sign  # an accent by itself, which would fold to a blank
    return plain.replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")


def _folded_with_origin(text: str) -> tuple[str, list[int]]:
    """Return folded text, and of each of its signs where it came from."""
    signs, origin = [], []
    for index, sign in enumerate(text):
        plain = _folded_sign(sign)
        signs.append(plain)
        origin += [index] * len(plain)
    return "".join(signs), [*origin, len(text)]


class BytePatterns:
    """Told names as bytes, in the encodings and forms that can occur.

    Parameters
    ----------
    names : sequence of str
        The names.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._everywhere = _pattern([n for n in names if len(n) >= LEAST_IN_EVENTS])
        self._outside = _pattern(names)

    def find(
        self, path: Path, events: Iterable[Range], other: Iterable[Range]
    ) -> int | None:
        """Return the byte at which a name stands; None where there is none.

        Parameters
        ----------
        path : Path
            The file.
        events, other : iterable of (int, int)
            Bytes of events, and all other bytes that are looked at.
        """
        for ranges, pattern in ((other, self._outside), (events, self._everywhere)):
            if pattern is None:
                continue
            for begin, end in ranges:
                for at, block in _blocks(path, begin, end):
                    match = pattern.search(block)
                    if match:
                        return at + match.start()
        return None


def _blocks(path: Path, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield blocks that overlap, so that no name is cut in two."""
    overlap = 1024
    with path.open("rb") as file:
        at = begin
        while at < end:
            file.seek(at)
            yield at, file.read(min(_BLOCK + overlap, end - at))
            at += _BLOCK


def _pattern(names: Sequence[str]) -> re.Pattern[bytes] | None:
    alternatives: dict[bytes, None] = {}
    for name in names:
        plain = folded(name)
        whole = len(plain) < LEAST_ANYWHERE or plain.isdecimal()
        for form in _forms(name):
            for encoding in _ENCODINGS:
                try:
                    raw = form.encode(encoding)
                except UnicodeEncodeError:
                    continue
                wide = encoding.startswith("utf-16")
                own = re.escape(raw)
                if whole and not wide:
                    own = rb"(?<![0-9A-Za-z])" + own + rb"(?![0-9A-Za-z])"
                elif whole:
                    own = rb"(?<![0-9A-Za-z]\0)" + own + rb"(?!\0?[0-9A-Za-z])"
                alternatives[own] = None
    return re.compile(b"|".join(alternatives), re.IGNORECASE) if alternatives else None


def _forms(name: str) -> Iterator[str]:
    """Yield a name composed, decomposed, without accents, in every usual case."""
    seen = set()
    bases = [
        name,
        unicodedata.normalize("NFC", name),
        unicodedata.normalize("NFD", name),
    ]
    for base in (*bases, folded(name)):
        for form in (base, base.upper(), base.lower(), base.title(), base.casefold()):
            if form and form not in seen:
                seen.add(form)
                yield form
