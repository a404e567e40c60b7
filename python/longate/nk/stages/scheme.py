"""Stages and stage schemes: ordered rules that give every NK event exactly one label.

A scheme looks at calls: ``CD56`` (not negative), ``CD56bright``, and for each other
marker whether it is positive. The first rule that holds names the event. Markers, rules
and the words of the NK parent make the scheme's id, and different ids are never
compared. The named schemes are in :mod:`longate.nk.stages.named_schemes`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import GateError, MaturationError
from longate.gating.gates.boolean_expression import Term, parse
from longate.nk.stages.expression import evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

Calls = Mapping[str, "NDArray[np.bool_]"]

CD56_POSITIVE = "CD56"
CD56_BRIGHT = "CD56bright"

MARKERS = ("CD16", "CD57", "KIR", "NKG2A", "NKG2C", "CX3CR1", "CD62L", "CD27")
"""Markers that the named schemes may use, beside CD56."""

SCORED = ("CD94", "CD117", "CD127")
"""Further markers that only the event score uses."""

ELSE = "else"
"""The rule that holds for whatever is left."""

CD56_ONLY = "CD56 or CD56bright"
"""Rule of a parent that means its CD56+ cells."""

MOST_CALLS = 16


@dataclass(frozen=True)
class Stage:
    """A label and the rule that gives it.

    Parameters
    ----------
    label : str
        Name of the stage.
    rule : str
        Calls joined by ``and``, ``or``, ``not`` and parentheses, such as
        ``"KIR or not NKG2A"``, or ``"else"``. Rules of earlier stages come first.

    Raises
    ------
    MaturationError
        If the label is empty or the rule cannot be read.

    Examples
    --------
    >>> import longate as lg
    >>> lg.nk.Stage("bright16neg", "CD56bright and not CD16").calls
    ('CD56bright', 'CD16')
    """

    label: str
    rule: str

    def __post_init__(self) -> None:
        """Refuse a stage without a name, or a rule that cannot be read."""
        if not self.label:
            msg = f"the stage with the rule {self.rule!r} needs a label"
            raise MaturationError(msg)
        try:
            self._terms  # noqa: B018 - reads the rule
        except GateError as error:
            msg = f"stage {self.label!r}: {error}"
            raise MaturationError(msg) from None

    @cached_property
    def _terms(self) -> list[Term]:
        return [] if self.rule == ELSE else parse(self.rule)

    @property
    def calls(self) -> tuple[str, ...]:
        """The calls that the rule looks at, in order of appearance."""
        names = (term.text for term in self._terms if term.kind == "name")
        return tuple(dict.fromkeys(names))

    def holds(self, calls: Calls) -> NDArray[np.bool_]:
        """Return for which phenotypes the rule holds, other rules aside.

        Raises
        ------
        MaturationError
            If a call is not given.
        """
        if self.rule == ELSE:
            return np.ones(len(next(iter(calls.values()))), dtype=bool)
        for name in self.calls:
            if name not in calls:
                near = suggest(name, calls)
                msg = f"stage {self.label!r} needs the call {name!r}{near}"
                raise MaturationError(msg)
        return evaluate(self._terms, calls)


@dataclass(frozen=True)
class StageScheme:
    """Ordered rules, and the order in which some of their stages mature.

    Parameters
    ----------
    name : str
        Of the scheme.
    stages : tuple of Stage
        In rule order: an event gets the first label whose rule holds. Together the
        rules must name every phenotype; the last one is best ``"else"``.
    axis : tuple of str
        At least two labels from the least to the most mature; they get equally spaced
        weights from 0 to 1. All other stages lie off the axis: they are counted and
        shown, and no index looks at them.
    source : str
        Where the rules come from.
    parent : str
        The words of the NK parent. Empty until cells are scored, which then fills in
        the path of their population.
    notes : tuple of str
        What this set of markers cannot tell.
    within : str
        Rule that says which cells of the parent are looked at at all, such as
        ``"CD56"``; all of them by default. Others get the empty label and are not
        counted, also not in denominators.
    reagents : tuple of (str, str)
        Marker and the clones and specificities that define it here: KIR- means
        negative for these clones.

    Raises
    ------
    MaturationError
        If labels repeat, the axis names no stage, a phenotype would get no label, or a
        stage can never be reached.

    Examples
    --------
    >>> import longate as lg
    >>> Stage = lg.nk.Stage
    >>> scheme = lg.nk.StageScheme(
    ...     "CD27 x CD57",
    ...     stages=(
    ...         Stage("off axis", "not CD56"),
    ...         Stage("early", "CD27 and not CD57"),
    ...         Stage("terminal", "CD57 and not CD27"),
    ...         Stage("middle", "else"),
    ...     ),
    ...     axis=("early", "middle", "terminal"),
    ...     source="protocol 7 of the laboratory",
    ... )
    >>> scheme.weights
    {'early': 0.0, 'middle': 0.5, 'terminal': 1.0}
    >>> scheme.markers
    ('CD27', 'CD56', 'CD57')
    """

    name: str
    stages: tuple[Stage, ...]
    axis: tuple[str, ...]
    source: str = ""
    parent: str = ""
    notes: tuple[str, ...] = ()
    within: str = ""
    reagents: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Look at every phenotype: each gets one label, each stage can be reached."""
        object.__setattr__(self, "stages", tuple(self.stages))
        object.__setattr__(self, "axis", tuple(self.axis))
        labels = [stage.label for stage in self.stages]
        for names, what in ((labels, "stages"), (self.axis, "the axis")):
            twice = sorted({name for name in names if list(names).count(name) > 1})
            if twice:
                msg = f"scheme {self.name!r}: {listed(twice)} occur twice in {what}"
                raise MaturationError(msg)
        unknown = [label for label in self.axis if label not in labels]
        if unknown:
            near = suggest(unknown[0], labels)
            msg = f"scheme {self.name!r}: no stage {listed(unknown)} for the axis{near}"
            raise MaturationError(msg)
        if len(self.axis) < 2:
            msg = f"scheme {self.name!r}: the axis needs at least two stages"
            raise MaturationError(msg)
        self._refuse_gaps()

    def _refuse_gaps(self) -> None:
        if len(self.markers) > MOST_CALLS:
            msg = (
                f"scheme {self.name!r} looks at {len(self.markers)} calls; at most "
                f"{MOST_CALLS} can be"
            )
            raise MaturationError(msg)
        codes = np.arange(2 ** len(self.markers))
        calls = {name: (codes >> k & 1) > 0 for k, name in enumerate(self.markers)}
        if {CD56_POSITIVE, CD56_BRIGHT} <= calls.keys():
            # A CD56bright cell is CD56+; scoring refuses gates that say otherwise.
            possible = calls[CD56_POSITIVE] | ~calls[CD56_BRIGHT]
            calls = {name: column[possible] for name, column in calls.items()}
        inside = self.looks_at(calls)
        calls = {name: column[inside] for name, column in calls.items()}
        found = self.label(calls)
        nameless = np.flatnonzero(found == "")
        if len(nameless):
            cell = " ".join(
                f"{name}{'+' if column[nameless[0]] else '-'}"
                for name, column in calls.items()
            )
            msg = (
                f"scheme {self.name!r}: {len(nameless)} phenotypes get no label, such "
                f"as {cell}; end with a stage whose rule is 'else'"
            )
            raise MaturationError(msg)
        unreached = sorted({stage.label for stage in self.stages} - set(found.tolist()))
        if unreached:
            msg = (
                f"scheme {self.name!r}: no phenotype ever reaches {listed(unreached)}; "
                "the rules before take all of theirs"
            )
            raise MaturationError(msg)

    @cached_property
    def markers(self) -> tuple[str, ...]:
        """The calls that the rules look at, sorted."""
        found = {call for stage in self.stages for call in stage.calls}
        return tuple(sorted(found.union(self._within.calls if self._within else ())))

    @cached_property
    def _within(self) -> Stage | None:
        return Stage("within", self.within) if self.within else None

    @property
    def parent_words(self) -> str:
        """The NK parent, and which of its cells are looked at."""
        words = "CD56+" if self.within == CD56_ONLY else self.within
        return f"{self.parent}, {words}" if words else self.parent

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each stage on the axis, from 0 to 1."""
        last = len(self.axis) - 1
        return {label: rank / last for rank, label in enumerate(self.axis)}

    @property
    def off_axis(self) -> tuple[str, ...]:
        """Labels beside the axis."""
        labels = (stage.label for stage in self.stages)
        return tuple(label for label in labels if label not in self.axis)

    @property
    def id(self) -> str:
        """Name, markers and a hash of rules and parent; only equal ids are compared."""
        rules = [f"{stage.label}={stage.rule}" for stage in self.stages]
        rules += [f"within={self.within}"] if self.within else []
        rules += [f"{marker} by {clones}" for marker, clones in self.reagents]
        text = "\n".join([self.name, self.parent, *self.markers, *rules, *self.axis])
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{self.name}[{','.join(self.markers)}|{self.parent_words}]{digest}"

    def label(self, calls: Calls) -> NDArray[np.str_]:
        """Give each phenotype its label.

        Parameters
        ----------
        calls : mapping of str to (n,) arrays of bool
            By marker: ``"CD56"`` (not negative), ``"CD56bright"``, and the others.

        Returns
        -------
        (n,) array of str
            Exactly one label each: the first rule that holds; empty for cells that
            are not looked at.

        Raises
        ------
        MaturationError
            If a call is not given.
        """
        held = [stage.holds(calls) for stage in self.stages]
        found = np.select(held, [stage.label for stage in self.stages], default="")
        if self._within is None:
            return found
        return np.where(self.looks_at(calls), found, "")

    def looks_at(self, calls: Calls) -> NDArray[np.bool_]:
        """Return which phenotypes the scheme looks at; see `within`.

        Parameters
        ----------
        calls : mapping of str to (n,) arrays of bool
            As in :meth:`label`.

        Raises
        ------
        MaturationError
            If a call of `within` is not given.
        """
        if self._within is None:
            return np.ones(len(next(iter(calls.values()))), dtype=bool)
        return self._within.holds(calls)

    def for_parent(self, parent: str) -> StageScheme:
        """Return the scheme for cells of a population.

        Raises
        ------
        MaturationError
            If no parent is given, or the scheme was made for another one.
        """
        if not parent:
            msg = "the NK parent must be declared: it is part of what a score means"
            raise MaturationError(msg)
        if self.parent not in ("", parent):
            msg = (
                f"scheme {self.name!r} was made for the parent {self.parent!r}, not "
                f"{parent!r}"
            )
            raise MaturationError(msg)
        return replace(self, parent=parent)


def require_one_scheme(ids: Iterable[str], what: str) -> str:
    """Return the only scheme id, or refuse to compare different ones.

    Raises
    ------
    MaturationError
        If there are several ids, or none.
    """
    distinct = list(dict.fromkeys(str(one) for one in ids))
    if len(distinct) != 1:
        msg = (
            f"{what} hold scores of {len(distinct)} schemes ({listed(distinct)}); "
            "scores of different schemes are different quantities, never compared"
        )
        raise MaturationError(msg)
    return distinct[0]
