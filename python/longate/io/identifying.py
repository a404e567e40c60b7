"""Which keywords of an FCS file may tell who a patient is, and what becomes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from longate.cytometry.dates import shift_dates
from longate.exceptions import FcsError
from longate.io.told_names import Names, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

IDENTIFYING_KEYWORDS = (
    # FCS 3.2 §3.2.20 and its predecessors
    "$SRC",
    "$SMNO",
    "$OP",
    "$INST",
    "$INSTADDRESS",
    "$COM",
    "$EXP",
    "$PROJ",
    "$CELLS",
    "$SAMPLE*",
    "$PLATEID",
    "$PLATENAME",
    "$CARRIERID",
    "$LOCATIONID",
    "$LAST_MODIFIER",
    "$UNSTAINEDINFO",
    "*MODIFIER*",
    # whatever the vendor
    "*DEPARTMENT*",
    "*HOST*ID*",
    "*HOST*NAME*",
    "*CLINIC*",
    "*PATIENT*",
    "*SUBJECT*",
    "*DONOR*",
    "*BIRTH*",
    "*PHYSICIAN*",
    "*OPERATOR*",
    "*HOSPITAL*",
    "*INSTITUT*",
    "*ACCESSION*",
    "*CASE NUMBER*",
    "*MRN*",
    "*BARCODE*",
    "*COMMENT*",
    "*SPECIMEN*",
    "*EXPERIMENT*",
    "*PROJECT*",
    "*SAMPLE*ID*",
    "*SAMPLE*NAME*",
    "*TUBE*NAME*",
    "*USER*NAME*",
    "*LOGIN*NAME*",
    "*FILE*NAME*",
    "*PATH",
    "*GUID*",
    "QCM*",
    # BD: FACSDiva, FACSuite, CellQuest, Accuri
    "PLATE NAME",
    "PLATE ID",
    "PREF GW NAME",
    "*DATA FILE PREFIX*",
    "&*INSTR. SETT*",
    "BDPM$INSTRUMENT SETTINGS",
    "*ACQUISITION DOC*",
    "*ANALYSIS DOC*",
    "*FOLDER*",
    "&*SAMPLE",
    "#SAMPLE",
    # Beckman Coulter
    "@SAMPLEID*",
    "@TESTFILE",
    "@TESTNAME",
    "@LOCATION",
    "@SETTINGSFILE",
    "@PANEL",
    "TESTFILE",
    "TESTNAME",
    # Cytek, Miltenyi, Apogee, Stratedigm
    "GROUPNAME",
    "@MB_EXPERIMENT",
    "@MB_ANALYSIS",
    "@MB_SESSIONID",
    "CF_SAMPLE",
    "SF_EXPERIMENT_UID",
)
"""Keywords that may name a person, as patterns (``*`` any text), whatever the case."""

DATE_KEYWORDS = ("*DATE*", "*EXPORT TIME*", "*TIMESTAMP*", "$LAST_MODIFIED")
"""Keywords that hold a day, moved or blanked where dates are shifted."""

PLACEHOLDER = "removed"
"""What stands for a blanked value, as FCS forbids empty ones (3.1 §3.2.3)."""

# What reading the events needs, and what says which channel is which.
_STRUCTURAL = re.compile(
    r"\$(BEGIN|END)(TEXT|STEXT|DATA|ANALYSIS)|\$BYTEORD|\$DATATYPE|\$MODE|\$NEXTDATA"
    r"|\$PAR|\$TOT|\$UNICODE|\$TIMESTEP|[#@&]?(\w+_|BD)?\$?P\d+[A-Z_]+"
    r"|(DET_|\$)?SPILL(OVER)?|\$COMP|\$DFC\d+TO\d+",
    re.IGNORECASE,
)
# Without these the events cannot be read, or would mean something else.
_NEEDED = re.compile(
    r"\$(BEGIN|END)(TEXT|STEXT|DATA|ANALYSIS)|\$BYTEORD|\$DATATYPE|\$MODE|\$NEXTDATA"
    r"|\$PAR|\$TOT|\$UNICODE|\$TIMESTEP|\$P\d+(B|E|G|N|R|TYPE|DATATYPE)"
    r"|\$?SPILL(OVER)?|\$COMP|\$DFC\d+TO\d+",
    re.IGNORECASE,
)
# Not searched for values that were blanked elsewhere: they say what was measured with.
_TECHNICAL = re.compile(
    r"\$CYT|\$CYTSN|CYTNUM|@CYTOMETERID|\$SYS|CREATOR|FCSVERSION|CHARSET", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{3}|\d{5}")
_LEAST_SECRET = 4


class Change(NamedTuple):
    """What becomes of one keyword: what is done, and the new value (None: as it is)."""

    action: str
    value: str | None


@dataclass(frozen=True)
class Rules:
    """Rules for what is identifying, what is kept, and what replaces it.

    Parameters
    ----------
    also : sequence of str
        Patterns beside :data:`IDENTIFYING_KEYWORDS`.
    keep : sequence of str
        Patterns of what stays.
    mapping : mapping of str to str
        Identifying name to pseudonym.
    shift_dates : int, mapping of str to int, or None
        Days, for all files or by the patient's name.
    names : sequence of str
        Further names that may stand nowhere in the copy.
    """

    also: Sequence[str] = ()
    keep: Sequence[str] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    shift_dates: int | Mapping[str, int] | None = None
    names: Sequence[str] = ()

    @property
    def told(self) -> dict[str, str]:
        """Every name that was told, and what is written for it."""
        return {**dict.fromkeys(self.names, PLACEHOLDER), **self.mapping}

    def __post_init__(self) -> None:
        if isinstance(self.names, str):
            msg = "names must be a list of names; file_names renames files"
            raise FcsError(msg)
        if any(not folded(name).strip() for name in (*self.mapping, *self.names)):
            msg = "mapping or names holds a blank; they must be names or numbers"
            raise FcsError(msg)

    def keeps(self, keyword: str) -> bool:
        """Return whether the user wants to keep this keyword or part of the file."""
        return any_fits(self.keep, keyword)

    def is_identifying(self, keyword: str) -> bool:
        """Return whether the value of this keyword may tell who a patient is."""
        return any_fits((*IDENTIFYING_KEYWORDS, *self.also), keyword)

    def days(self, file_name: str, pairs: Iterable[tuple[str, str]]) -> int | None:
        """Return by how many days the dates of this file are moved.

        Raises
        ------
        FcsError
            If the days are given by patient and the file does not name exactly one.
        """
        if self.shift_dates is None or isinstance(self.shift_dates, int):
            return self.shift_dates
        names = Names(self.shift_dates)
        told = [value for key, value in pairs if self.is_identifying(key)]
        found = names.meant("\n".join([file_name, *told]))
        if len(found) != 1:
            msg = (
                f"its name and identifying keywords hold {len(found) or 'none'} of the "
                "patients of shift_dates; exactly one is needed"
            )
            raise FcsError(msg)
        return int(str(found[0]))

    def changes(
        self, pairs: Sequence[tuple[str, str]], new_name: str, days: int | None
    ) -> dict[int, Change]:
        """Return what becomes of the listed keywords, by their index in `pairs`."""
        names = Names(self.mapping)
        changes: dict[int, Change] = {}
        for index, (key, value) in enumerate(pairs):
            if is_structural(key) or not _is_told(value):
                continue
            change = self._change(key, value, new_name, days, names)
            if change is not None:
                changes[index] = change
        return changes

    def repeats(
        self,
        pairs: Sequence[tuple[str, str]],
        changes: Mapping[int, Change],
        secrets: Mapping[str, str],
    ) -> dict[int, Change]:
        """Return what becomes of other keywords that repeat what was taken out.

        Parameters
        ----------
        pairs : sequence of (str, str)
            Keywords and values of a segment.
        changes : mapping of int to Change
            What becomes of its listed keywords.
        secrets : mapping of str to str
            What was taken out of any segment of the file.
        """
        names, repeated = Names(self.mapping), Names(secrets)
        found: dict[int, Change] = {}
        for index, (key, value) in enumerate(pairs):
            if index in changes or not is_text(key, value) or self.keeps(key):
                continue
            if repeated.meant(value):
                found[index] = Change("blanked, repeats another", PLACEHOLDER)
            elif names.meant(value):
                found[index] = Change("mapped", names.replace(value))
        return found

    def remaining(
        self, pairs: Sequence[tuple[str, str]], changes: Mapping[int, Change]
    ) -> tuple[dict[int, Change], dict[int, str]]:
        """Return what becomes of values, and of keywords, that still hold a told name.

        Parameters
        ----------
        pairs : sequence of (str, str)
            Keywords and values of a segment.
        changes : mapping of int to Change
            What becomes of them so far.

        Returns
        -------
        tuple of (dict of int to Change, dict of int to str)
            New values, and new names of keywords.

        Raises
        ------
        FcsError
            If a keyword holds one without which the events cannot be read.
        """
        told = Names(self.told)
        values: dict[int, Change] = {}
        keywords: dict[int, str] = {}
        for index, (key, value) in enumerate(pairs):
            change = changes.get(index)
            now = value if change is None or change.value is None else change.value
            if now in (PLACEHOLDER, *self.mapping.values()):
                now = ""
            own_name = key.upper() == "$FIL" and change is not None and change.value
            in_value = not own_name and told.hold(now)
            in_key = told.hold(key)
            if not (in_value or in_key):
                continue
            if _NEEDED.fullmatch(key):
                where = "a keyword" if in_key else f"the value of {key}"
                msg = (
                    f"{where} holds a name that was told, and events cannot be read "
                    "without it; no copy was written"
                )
                raise FcsError(msg)
            if in_value:
                new = told.replace(now)
                left = new
                for meaning in self.told.values():
                    left = left.replace(meaning, "")
                values[index] = (
                    Change("blanked, held a name", PLACEHOLDER)
                    if told.hold(left)
                    else Change("mapped", new)
                )
            if in_key:
                new = told.replace(key)
                keywords[index] = f"REMOVED {index + 1}" if told.hold(new) else new
        return values, keywords

    def _change(
        self, key: str, value: str, new_name: str, days: int | None, names: Names
    ) -> Change | None:
        if key.upper() == "$FIL":
            kept = self.keeps(key)
            return Change("kept", None) if kept else Change("file name", new_name)
        if self.is_identifying(key):
            if self.keeps(key):
                return Change("kept", None)
            meant = names.meant(value)
            if len(meant) == 1:
                return Change("mapped", str(meant[0]))
            return Change("blanked", PLACEHOLDER)
        if days is not None and any_fits(DATE_KEYWORDS, key) and not self.keeps(key):
            moved = shift_dates(value, days)
            if moved is None:
                return Change("blanked, no date that can be shifted", PLACEHOLDER)
            return Change("shifted", moved)
        return None


def any_fits(patterns: Iterable[str], keyword: str) -> bool:
    """Whether a keyword is one of these, ``*`` being any text, whatever the case."""
    return _one_of(tuple(patterns)).fullmatch(keyword) is not None


@lru_cache
def _one_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Only ``*`` is special: keywords may hold brackets and question marks."""
    each = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
    return re.compile("|".join(each) or r"(?!)", re.IGNORECASE | re.DOTALL)


def is_structural(keyword: str) -> bool:
    """Return whether a keyword is needed to read the events, and never touched."""
    return _STRUCTURAL.fullmatch(keyword) is not None


def is_text(keyword: str, value: str) -> bool:
    """Whether a keyword holds words or long numbers, which might tell of a patient."""
    technical = is_structural(keyword) or _TECHNICAL.fullmatch(keyword) is not None
    return not technical and _is_told(value) and _WORD.search(value) is not None


def secrets_of(
    pairs: Sequence[tuple[str, str]], changes: Mapping[int, Change]
) -> dict[str, str]:
    """Return what was taken out of keywords, and what stands there now."""
    found: dict[str, str] = {}
    for index, change in changes.items():
        old = pairs[index][1]
        if change.value not in (None, old) and pairs[index][0].upper() != "$FIL":
            found |= _secret(old, str(change.value))
    return found


def _is_told(value: str) -> bool:
    return value.strip(" \t\r\n\0") not in ("", PLACEHOLDER)


def _secret(old: str, new: str) -> dict[str, str]:
    """Return what must not be found elsewhere: not short, and no plain small number."""
    text = old.strip()
    if len(text) < _LEAST_SECRET or (text.isdecimal() and len(text) == _LEAST_SECRET):
        return {}
    return {text: new}
