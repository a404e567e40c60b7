"""Patterns that the names of a folder's files show, each with an example."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from longate.io.file_names import NamePattern, is_patient_word, is_visit_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DATE = re.compile(r"(?:19|20)\d{2}-?\d{2}-?\d{2}|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})")
_NUMBER = re.compile(r"\d{1,6}")
_SPLITS = (re.compile(r"([_\s]+)"), re.compile(r"([-_\s]+)"))
_MOST_WORDS = 12
_MOST_PATTERNS = 5


@dataclass(frozen=True)
class Proposal:
    """A pattern that names of files fit.

    Attributes
    ----------
    pattern : str
        A template such as ``"{patient} {visit} {tube}"``, as
        :func:`longate.draft_sheet` takes it.
    n_files : int
        How many names fit.
    example : str
        One of them, and what it says by this pattern.
    """

    pattern: str
    n_files: int
    example: str


def propose_patterns(names: Sequence[str]) -> list[Proposal]:
    """Return patterns with a patient and a visit that names fit, the best first.

    Names are cut at blanks and underscores (and hyphens, where these leave less than
    three words). Among names that are cut alike, a part is the visit where its words
    look like one, the patient where they look like one or are numbers that come again,
    and the tube where few words come again and again.

    Parameters
    ----------
    names : sequence of str
        Paths of files below their folder.
    """
    stems = [PurePosixPath(name).stem for name in names]
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for stem in stems:
        words, cuts = _cut(stem)
        if 2 <= len(words) <= _MOST_WORDS:
            groups.setdefault((*cuts, str(len(words))), []).append(words)
    found = []
    for key, rows in groups.items():
        pattern = _pattern(rows, key[:-1])
        if pattern is not None:
            found.append(pattern)
    described = (_described(pattern, stems) for pattern in dict.fromkeys(found))
    proposals = [one for one in described if one is not None]
    proposals.sort(key=lambda one: -one.n_files)
    return proposals[:_MOST_PATTERNS]


def _cut(stem: str) -> tuple[list[str], list[str]]:
    for split in _SPLITS:
        parts = split.split(stem)
        if len(parts) >= 5 or split is _SPLITS[-1]:
            break
    return parts[::2], parts[1::2]


def _pattern(rows: list[list[str]], cuts: Iterable[str]) -> str | None:
    """Name the parts of names that are cut alike; None without patient and visit."""
    columns = list(zip(*rows, strict=True))
    fields: dict[int, str] = {}
    dates = [at for at, words in enumerate(columns) if _all(_DATE, words)]
    for at in dates[:1]:
        fields[at] = "date"
    patient = _patient_at(columns, set(dates))
    visits = [
        at
        for at, words in enumerate(columns)
        if at not in dates and at != patient and all(map(is_visit_word, words))
    ]
    # Of several, the one that varies; a single visit is one too.
    visits.sort(key=lambda at: -len(set(columns[at])))
    if patient is None or not visits:
        return None
    fields[patient], fields[visits[0]] = "patient", "visit"
    rest = [at for at in range(len(columns)) if at not in fields and at not in dates]
    varying = [at for at in rest if len(set(columns[at])) > 1] or rest[-1:]
    if varying:
        fields[min(varying, key=lambda at: len(set(columns[at])))] = "tube"
    text = ""
    for at, (words, cut) in enumerate(zip(columns, [*cuts, ""], strict=True)):
        constant = len(set(words)) == 1 and at not in fields
        text += (words[0] if constant else f"{{{fields.get(at, f'_{at}')}}}") + cut
    return text


def _patient_at(columns: list[tuple[str, ...]], dates: set[int]) -> int | None:
    """Return which part names the patient."""
    free = [at for at in range(len(columns)) if at not in dates]
    looks = [at for at in free if all(map(is_patient_word, columns[at]))]
    numbers = [at for at in free if _all(_NUMBER, columns[at])]
    candidates = looks or numbers
    if not candidates:
        return None
    return max(candidates, key=lambda at: len(set(columns[at])))


def _all(pattern: re.Pattern[str], words: Iterable[str]) -> bool:
    return all(pattern.fullmatch(word) for word in words)


def _described(pattern: str, stems: Sequence[str]) -> Proposal | None:
    """Return a pattern with an example; None where it fits no name."""
    reader = NamePattern(pattern)
    read = [(stem, reader.read(f"{stem}.fcs")) for stem in stems]
    fitting = [(stem, told) for stem, told in read if told is not None]
    if not fitting:
        return None
    stem, told = fitting[0]
    said = ", ".join(
        f"{key} {value!r}" for key, value in told.items() if not key.startswith("_")
    )
    return Proposal(pattern, len(fitting), f"{stem}: {said}")
