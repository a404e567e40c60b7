"""What the name of a file says: patient, visit, tube, role."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from longate.exceptions import SampleSheetError

if TYPE_CHECKING:
    from longate.cytometry.panel import Panel

_VISIT = re.compile(
    r"(?:m|mo|month|v|vis|visit|w|wk|week|d|day|t|y|year|c\d+d)[-.]?\d{1,4}"
    r"|\d{1,4}(?:h|hr|d|day|w|wk|week|mo|m|month|y|yr)s?"
    r"|baseline|bl|screening|scr|pre|post|follow-?up\d*|fu\d*|eot|eos|end|final"
    r"|visite\d*|abschluss|eingang|kontrolle\d*|vor|nach|(?:woche|tag|monat|jahr)\d+",
    re.IGNORECASE,
)
_PATIENT = re.compile(r"[A-Z]{1,8}-?\d{1,8}[A-Z]?", re.IGNORECASE)
_NO_PATIENT = re.compile(
    r"CD\d+[A-Z]?|FL\d+|[A-H](?:0?[1-9]|1[0-2])|BV\d{3}|AF\d{3}|run\d+", re.IGNORECASE
)
_RUN = re.compile(r"(?:run|rep|repeat)-?(\d+)", re.IGNORECASE)
_FIELD = re.compile(r"\{(\w+)\}")

_UNSTAINED = re.compile(r"unstained|(?<![^\W_])blank(?![^\W_])", re.IGNORECASE)
_BRIDGING = re.compile(r"bridging|(?<![^\W_])bridge(?![^\W_])", re.IGNORECASE)
_BEADS = re.compile(
    r"(?<![^\W_])(?:beads?|rainbow|calibrite|cs&t)(?![^\W_])", re.IGNORECASE
)
_STAINS = (
    re.compile(r"(?P<what>.+?)[ _-]*stained[ _-]*controls?", re.IGNORECASE),
    re.compile(
        r"(?:.*[ _-])?(?:comp|ss|single[ _-]?stain(?:ed)?)[ _-]+(?P<what>.+)",
        re.IGNORECASE,
    ),
)
_FMOS = (
    re.compile(r"(?:.*[ _-])?fmo[ _-]*(?P<what>[^ _]+)", re.IGNORECASE),
    re.compile(r"(?:.*[ _])?(?P<what>[^ _]+?)[ _-]*fmo", re.IGNORECASE),
)
COMPENSATION_SPECIMEN = re.compile(r"compensation controls?", re.IGNORECASE)


class Role(NamedTuple):
    """A role of the sample sheet, and whether what it names is in the panel."""

    role: str
    is_in_panel: bool = True


class NamePattern:
    """How names of files are read.

    Parameters
    ----------
    pattern : str
        A template such as ``"{patient}_{visit}_{tube}"``, which the whole name without
        its suffix must fit (with a ``/``, the path below the folder), or a regular
        expression with named groups, which is searched for in that path.

    Raises
    ------
    SampleSheetError
        If it is no regular expression, or names nothing.
    """

    def __init__(self, pattern: str) -> None:
        self._written = pattern
        self._is_template = "(?P<" not in pattern
        self._with_folder = "/" in pattern
        expression = pattern
        if self._is_template:
            pieces = _FIELD.split(pattern)
            expression = "".join(
                f"(?P<{piece}>[^/]+?)" if index % 2 else re.escape(piece)
                for index, piece in enumerate(pieces)
            )
        try:
            self._pattern = re.compile(expression)
        except re.error as error:
            msg = f"pattern {pattern!r} cannot be understood: {error}"
            raise SampleSheetError(msg) from None
        if not self._pattern.groupindex:
            msg = (
                f"pattern {pattern!r} names nothing; write a template such as "
                "'{patient}_{visit}_{tube}' or a regular expression with named groups"
            )
            raise SampleSheetError(msg)

    def __str__(self) -> str:
        """Return the pattern as it was written."""
        return self._written

    @property
    def fields(self) -> list[str]:
        """What it names."""
        return list(self._pattern.groupindex)

    def read(self, name: str) -> dict[str, str] | None:
        """Return what a path below the folder says; None if it does not fit."""
        if not self._is_template:
            match = self._pattern.search(name)
        else:
            path = PurePosixPath(name)
            bare = path.with_suffix("").as_posix() if self._with_folder else path.stem
            match = self._pattern.fullmatch(bare)
        if match is None:
            return None
        return {
            key: value.strip() for key, value in match.groupdict(default="").items()
        }


def guess_name(name: str) -> dict[str, str]:
    """Return what the words of a name look like: patient, visit, run; the rest is tube.

    ``P07_m06_NK.fcs`` is patient P07, visit m06, tube NK. Nothing is made up: what is
    not recognised is left out.
    """
    found: dict[str, str] = {}
    rest = []
    for word in re.split(r"[_\s]+", PurePosixPath(name).stem):
        run = _RUN.fullmatch(word)
        if run:
            found.setdefault("run", run[1])
        elif "visit" not in found and "patient" in found and _VISIT.fullmatch(word):
            found["visit"] = word
        elif "patient" not in found and is_patient_word(word):
            found["patient"] = word
        elif word:
            rest.append(word)
    if "visit" not in found:
        visits = [word for word in rest if _VISIT.fullmatch(word)]
        if visits:
            found["visit"] = visits[-1]
            rest.remove(visits[-1])
    if rest:
        found["tube"] = "_".join(rest)
    return found


def is_visit_word(word: str) -> bool:
    """Whether a word of a name looks like a visit: ``m06``, ``24h``, ``baseline``."""
    return _VISIT.fullmatch(word) is not None


def is_patient_word(word: str) -> bool:
    """Return whether a word of a name looks like a patient: letters and a number."""
    looks = _PATIENT.fullmatch(word) is not None
    return looks and not (_NO_PATIENT.fullmatch(word) or _VISIT.fullmatch(word))


def guess_role(name: str, tube: str, specimen: str, panel: Panel | None) -> Role:
    """Return the role that the words of a file's name, tube and specimen tell.

    Parameters
    ----------
    name : str
        The file's name.
    tube, specimen : str
        As the keywords say; perhaps blank.
    panel : Panel or None
        In which the stain or marker of a control is looked for.
    """
    stem = PurePosixPath(name).stem
    words = [tube.strip(), stem]
    is_compensation = COMPENSATION_SPECIMEN.search(specimen) is not None
    if any(_UNSTAINED.search(word) for word in words):
        return Role("unstained")
    for kind, patterns in (("fmo", _FMOS), ("single_stain", _STAINS)):
        for word in words:
            for pattern in patterns:
                match = pattern.fullmatch(word)
                if match:
                    return _named(kind, match["what"], panel)
    if is_compensation and tube.strip():
        return _named("single_stain", tube.strip(), panel)
    if any(_BRIDGING.search(word) for word in [*words, specimen]):
        return Role("bridging")
    guessed = guess_name(name)
    belongs = "patient" in guessed and "visit" in guessed  # a tube with counting beads
    if not belongs and any(_BEADS.search(word) for word in [*words, specimen]):
        return Role("bead")
    return Role("sample")


def _named(kind: str, what: str, panel: Panel | None) -> Role:
    """Return a role with the detector or marker as the panel spells it."""
    wanted = _bare(what)
    for channel in panel or ():
        names = {_bare(channel.detector), _bare(channel.marker or "")}
        if wanted and wanted in names and channel.kind == "fluorescence":
            is_marker = kind == "fmo" and channel.marker
            named = str(channel.marker) if is_marker else channel.detector
            return Role(f"{kind}:{named}")
    return Role(f"{kind}:{what}", is_in_panel=False)


def _bare(name: str) -> str:
    """Return ``pecy7`` for ``PE-Cy7-A``."""
    return re.sub(r"[\W_]", "", re.sub(r"-[AHW]$", "", name.strip())).casefold()
