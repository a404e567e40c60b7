"""The register of response rules: names, sources, and what a rule is.

To add a responder rule:

1. Find the family it belongs to (a module such as ``any_worsening``), or write
   a new one: a frozen dataclass with ``name``, ``statement`` and ``source``
   whose ``decide(course)`` returns a :class:`Decision`.
2. Let ``decide`` read the :class:`PatientCourse` alone, and answer
   ``unclassifiable`` wherever the course ends before the rule can decide.
3. Make the rule: one value with its published name and source.
4. Add the value to ``RULES`` below.
5. Test it by hand-written courses, among them a patient who is lost, a missing
   baseline, and the borders of the scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from longate._validation import one_of
from longate.clinical.any_worsening import AnyWorsening
from longate.clinical.course import LABELS
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from longate.clinical.course import Decision, PatientCourse

__all__ = ["LABELS", "RULES", "ResponseRule", "rule_named"]


class ResponseRule(Protocol):
    """A named, sourced rule that labels one patient from the clinical course.

    Attributes
    ----------
    name : str
        The id that results carry.
    statement : str
        The rule in one sentence.
    source : str
        Where it was published.
    """

    @property
    def name(self) -> str:
        """The id that results carry."""

    @property
    def statement(self) -> str:
        """The rule in one sentence."""

    @property
    def source(self) -> str:
        """Where it was published."""

    def decide(self, course: PatientCourse) -> Decision:
        """Label one patient."""


RULES: dict[str, ResponseRule] = {
    rule.name: rule
    for rule in (
        AnyWorsening(
            name="chanvillard2012",
            statement=(
                "responder = EDSS never above its baseline through the last visit "
                "and no relapse; any increase or relapse = non-responder"
            ),
            source="Chanvillard et al. 2012, PLoS One 7:e39625",
        ),
    )
}
"""Every rule that :func:`longate.clinical.classify` knows by name."""


def rule_named(name: str) -> ResponseRule:
    """Return the rule called `name`, or raise with suggestions."""
    return RULES[one_of("rule", name, RULES, ClinicalError)]
