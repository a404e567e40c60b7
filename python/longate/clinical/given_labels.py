"""The rule behind labels that were made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from longate.clinical.course import Decision, PatientCourse


@dataclass(frozen=True)
class GivenLabels:
    """Labels as a column gives them; it can be read, not applied.

    Attributes
    ----------
    name : str
        The id that results carry.
    column : str
        Where the labels were.
    """

    name: str
    column: str

    @property
    def statement(self) -> str:
        """The rule in one sentence."""
        return f"as given in the column {self.column}"

    @property
    def source(self) -> str:
        """Where it comes from."""
        return "given by the user"

    def decide(self, course: PatientCourse) -> Decision:
        """Refuse: nothing is known but the labels."""
        msg = (
            f"the labels {self.name!r} were given and cannot be decided anew for "
            f"patient {course.patient!r}"
        )
        raise ClinicalError(msg)
