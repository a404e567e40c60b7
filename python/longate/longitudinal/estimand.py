"""Estimands after ICH E9(R1): the quantity that an analysis estimates, in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from longate._validation import listed, suggest
from longate.exceptions import DesignError

STRATEGIES = {
    "treatment policy": "values are used whether or not it occurred",
    "hypothetical": "values after it are set aside: as if it had not occurred",
    "while on treatment": "values up to it are used",
    "composite": "it is part of the variable",
    "principal stratum": "the population is those in whom it would not occur",
}
"""The strategies for intercurrent events, and what each means."""
ANSWERED = ("treatment policy", "hypothetical")
"""Strategies that :func:`longate.longitudinal.responder_analysis` can follow."""
_MISSING = ("withdrawal", "withdrawal by subject", "lost to follow-up", "drop-out")
ALL_OTHERS = "any other"


@dataclass(frozen=True)
class Estimand:
    """The quantity that a study estimates, by its five attributes.

    Parameters
    ----------
    treatment : str
        The treatment, and what it is compared with.
    population : str
        The patients whom the question is about.
    variable : str
        What is measured in each patient.
    intercurrent_events : mapping of str to str
        Events after the start of treatment that change what a value means or
        whether it exists -> strategy, one of :data:`STRATEGIES`. Withdrawal is
        missing data and not an intercurrent event.
    summary : str
        The population-level summary.

    Raises
    ------
    DesignError
        If an attribute is empty, a strategy is unknown, or missing data are given as
        an intercurrent event.

    References
    ----------
    ICH E9(R1) 2019, Addendum on estimands and sensitivity analysis in clinical
    trials, section A.3.

    Examples
    --------
    >>> from longate.longitudinal import Estimand
    >>> print(Estimand(
    ...     treatment="mitoxantrone; responders against non-responders",
    ...     population="patients with secondary progressive MS",
    ...     variable="change of the maturation index from m00 to m12",
    ...     intercurrent_events={"rescue steroids": "treatment policy"},
    ...     summary="difference of mean changes",
    ... ))
    Treatment: mitoxantrone; responders against non-responders
    Population: patients with secondary progressive MS
    Variable: change of the maturation index from m00 to m12
    Intercurrent events: rescue steroids, treatment policy (values are used ...
    Summary: difference of mean changes
    """

    treatment: str
    population: str
    variable: str
    intercurrent_events: Mapping[str, str] = field(default_factory=dict)
    summary: str = "difference of mean changes"

    def __post_init__(self) -> None:
        for name in ("treatment", "population", "variable", "summary"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                msg = f"an estimand needs {name} in words, got {value!r}"
                raise DesignError(msg)
        events = self.intercurrent_events
        if not isinstance(events, Mapping):
            msg = (
                f"intercurrent_events must map events to strategies, e.g. "
                f"{{'rescue steroids': 'treatment policy'}}; got {events!r}"
            )
            raise DesignError(msg)
        for event, strategy in events.items():
            _check_event(str(event), strategy)
        frozen = MappingProxyType({str(k): v for k, v in events.items()})
        object.__setattr__(self, "intercurrent_events", frozen)

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that differ where any attribute does."""
        content = [self.treatment, self.population, self.variable, self.summary]
        events = sorted(self.intercurrent_events.items())
        return hashlib.sha256(json.dumps([content, events]).encode()).hexdigest()[:12]

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the attributes; a mapping proxy cannot be."""
        own = (self.treatment, self.population, self.variable)
        return type(self), (*own, dict(self.intercurrent_events), self.summary)

    def __hash__(self) -> int:
        return hash(self.id)

    def strategy_of(self, event: str) -> str:
        """Return the strategy for an event; treatment policy where none is named."""
        known = {name.casefold(): how for name, how in self.intercurrent_events.items()}
        return known.get(event.casefold(), known.get(ALL_OTHERS, "treatment policy"))

    def __str__(self) -> str:
        events = "; ".join(
            f"{event}, {how} ({STRATEGIES[how]})"
            for event, how in self.intercurrent_events.items()
        )
        return "\n".join(
            (
                f"Treatment: {self.treatment}",
                f"Population: {self.population}",
                f"Variable: {self.variable}",
                f"Intercurrent events: {events or 'none named'}",
                f"Summary: {self.summary}",
            )
        )

    def require_answered(self) -> None:
        """Refuse strategies that the analysis of changes cannot follow.

        Raises
        ------
        DesignError
            Names the event and its strategy, and what would answer it.
        """
        advice = {
            "while on treatment": (
                "analyse the last visit on treatment: give it as the last visit of "
                "each patient in the data"
            ),
            "composite": (
                "put the event into the variable before, e.g. as the worst value"
            ),
            "principal stratum": (
                "who would not have the event is not known from these data"
            ),
        }
        for event, how in self.intercurrent_events.items():
            if how not in ANSWERED:
                msg = (
                    f"the estimand handles {event!r} by {how!r}, which this analysis "
                    f"does not answer ({advice[how]}); it answers {listed(ANSWERED)}"
                )
                raise DesignError(msg)


def _check_event(event: str, strategy: object) -> None:
    if event.casefold() in _MISSING:
        msg = (
            f"{event!r} is missing data and no intercurrent event: what is assumed of "
            f"the values that were not seen is stated with the analysis (missing at "
            f"random, or shifted by delta), not by a strategy"
        )
        raise DesignError(msg)
    if strategy not in STRATEGIES:
        msg = (
            f"{event!r} has the strategy {strategy!r}; known are {listed(STRATEGIES)}"
            f"{suggest(str(strategy), STRATEGIES)}. 'Complete cases' is none: it says "
            f"whom an analysis uses, not what is estimated"
        )
        raise DesignError(msg)


def default_estimand(
    variable: str, baseline: str, last: str, rule: str, scale: str
) -> Estimand:
    """Return the estimand of :func:`responder_analysis` where none is given."""
    summary = {
        "log": "ratio of the groups' geometric mean ratios",
        "logit": "ratio of odds ratios, by means of log odds",
        "fraction": "difference of mean changes of fractions",
    }.get(scale, "difference of mean changes")
    return Estimand(
        treatment=(
            "the treatment that was given, in responders against non-responders "
            "(a descriptive association: groups defined by response are neither "
            "randomised nor known at baseline)"
        ),
        population=(
            f"patients whose response can be classified by {rule}, which is known "
            f"only of those who were followed"
        ),
        variable=f"change of {variable} from {baseline} to {last}",
        intercurrent_events={ALL_OTHERS: "treatment policy"},
        summary=summary,
    )
