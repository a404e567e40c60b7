"""The keywords of a file, found without regard to case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, overload

from longate._core import keywords_of_text
from longate._validation import suggest

Pairs = Sequence[tuple[str, str]]
_T = TypeVar("_T")


class Keywords(Mapping[str, str]):
    """The keywords of a file, found without regard to case.

    Iteration gives them as written and in file order.

    Parameters
    ----------
    pairs : sequence of (str, str)
        Keywords and values; of a repeated keyword the first counts.
    """

    # Of a thousand files the bytes of TEXT are kept, and not as many small strings.
    __slots__ = ("_known", "_text")

    def __init__(self, pairs: Pairs) -> None:
        self._known: dict[str, tuple[str, str]] | None = _by_name(pairs)
        self._text = b""

    @classmethod
    def of_text(cls, text: bytes) -> Keywords:
        """Take the bytes of a TEXT segment, which are understood when asked for.

        Parameters
        ----------
        text : bytes
            As ``read_metadata`` gives them: they are known to hold keywords.
        """
        made = cls.__new__(cls)
        made._known = None
        made._text = text
        return made

    @property
    def _pairs(self) -> dict[str, tuple[str, str]]:
        return _of_text(self._text) if self._known is None else self._known

    def __getitem__(self, key: str) -> str:
        """Return the value of a keyword, however its case."""
        try:
            return self._pairs[key.casefold()][1]
        except KeyError:
            msg = f"no keyword {key!r}{suggest(key, self)}"
            raise KeyError(msg) from None

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str | _T) -> str | _T: ...
    def get(self, key: str, /, default: Any = None) -> Any:
        """Return the value of a keyword, or something else where there is none."""
        pair = self._pairs.get(key.casefold())
        return default if pair is None else pair[1]

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a keyword, however its case."""
        return isinstance(key, str) and key.casefold() in self._pairs

    def __iter__(self) -> Iterator[str]:
        """Iterate over keywords as written."""
        return iter([key for key, _ in self._pairs.values()])

    def __len__(self) -> int:
        """Return the number of different keywords."""
        return len(self._pairs)

    def __repr__(self) -> str:
        """Say how many; values may identify a person and are not shown."""
        return f"Keywords · {len(self)} · use ['$CYT'] or dict(...) to see values"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as what is kept."""
        if self._known is None:
            return Keywords.of_text, (self._text,)
        return Keywords, (list(self._known.values()),)


def _by_name(pairs: Pairs) -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for pair in pairs:
        known.setdefault(pair[0].casefold(), pair)
    return known


@lru_cache(maxsize=4)
def _of_text(text: bytes) -> dict[str, tuple[str, str]]:
    """Return the keywords of the file that is looked at, and of some before it."""
    return _by_name(keywords_of_text(text))
