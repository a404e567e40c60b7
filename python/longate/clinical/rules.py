"""The register of response rules: names, sources, and what a rule is.

To add a responder rule:

1. Find the family it belongs to (a module such as ``any_worsening``), or write
   a new one: a frozen dataclass with ``name``, ``statement`` and ``source``
   whose ``decide(course)`` returns a :class:`Decision`.
2. Let ``decide`` read the :class:`PatientCourse` alone, and answer
   ``unclassifiable`` wherever the course ends before the rule can decide. A
   rule that reads more than EDSS and relapses by visit says so in ``needs``
   (``"dates"``, ``"relapse dates"``, ``"mri"``); one that takes a change without
   confirmation names the rule to be shown beside it in ``confirmed_by``.
3. Make the rule: one value in ``presets``, with its published name and source.
4. Add the value to ``PRESETS`` there, of which ``RULES`` below is the index.
5. Test it by hand-written courses, among them a patient who is lost, a missing
   baseline, and the borders of the scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from longate._validation import listed, one_of
from longate.clinical.course import LABELS
from longate.clinical.own_rule import FunctionRule
from longate.clinical.presets import PRESETS
from longate.exceptions import ClinicalError

if TYPE_CHECKING:
    from longate.clinical.course import Decision, PatientCourse

__all__ = ["LABELS", "RULES", "ResponseRule", "needs_of", "rule_of"]


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


RULES: dict[str, ResponseRule] = {rule.name: rule for rule in PRESETS}
"""Every rule that :func:`longate.clinical.classify` knows by name."""


def rule_of(rule: Any) -> ResponseRule:
    """Return a rule from its name, from a function, or as it is.

    Raises
    ------
    ClinicalError
        If a name is not registered, or what was given is no rule.
    """
    if isinstance(rule, str):
        return RULES[one_of("rule", rule, RULES, ClinicalError)]
    if hasattr(rule, "decide"):
        return rule  # type: ignore[no-any-return]
    if callable(rule):
        return FunctionRule.of(rule)
    msg = (
        f"rule must be a name ({listed(RULES, most=12)}), a function of a "
        f"PatientCourse, or a ResponseRule; got {type(rule).__name__}"
    )
    raise ClinicalError(msg)


def needs_of(rule: ResponseRule) -> tuple[str, ...]:
    """Return what a rule reads beyond EDSS and relapses by visit."""
    return tuple(getattr(rule, "needs", ()))
