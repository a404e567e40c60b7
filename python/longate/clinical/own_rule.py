"""A response rule made of a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate._validation import listed
from longate.clinical.course import LABELS, Decision
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from longate.clinical.course import PatientCourse


@dataclass(frozen=True)
class FunctionRule:
    """A function of one patient's course, as a rule.

    Attributes
    ----------
    name : str
        The function's name.
    statement : str
        The first line of its docstring.
    source : str
        Where the rule comes from.
    function : callable
        Takes a :class:`PatientCourse`; returns a label or a :class:`Decision`.
    """

    name: str
    statement: str
    source: str
    function: Callable[[PatientCourse], Decision | str]

    @classmethod
    def of(cls, function: Callable[[PatientCourse], Decision | str]) -> FunctionRule:
        """Name the rule after the function."""
        name = getattr(function, "__name__", type(function).__name__)
        lines = (getattr(function, "__doc__", None) or "").strip().splitlines()
        statement = lines[0] if lines else "as the function decides"
        return cls(name, statement, "a function given by the user", function)

    def decide(self, course: PatientCourse) -> Decision:
        """Ask the function about one patient."""
        found = self.function(course)
        if isinstance(found, str):
            found = Decision(found, f"decided by {self.name}")
        if not isinstance(found, Decision) or found.label not in LABELS:
            shown = found.label if isinstance(found, Decision) else found
            msg = (
                f"the rule {self.name!r} said {shown!r} about patient "
                f"{course.patient!r}; it must return one of {listed(LABELS)}, or a "
                f"Decision with such a label"
            )
            raise ClinicalError(msg)
        return found
