"""Stage schemes: ordered rules that give every NK event exactly one label.

A scheme looks at calls: ``CD56+`` and ``CD56bright``, and for each other marker
whether it is positive. The first rule that holds names the event. Which rules there are
depends on the markers that were measured; markers, rules and the words of the NK parent
make the scheme's id, and different ids are never compared.

To add a scheme, write a function that returns its stages for a set of markers, and
enter it in ``SCHEMES``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed, one_of
from longate.exceptions import MaturationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Calls = Mapping[str, "NDArray[np.bool_]"]
Rule = Callable[[Calls], "NDArray[np.bool_]"]

CD56_POSITIVE = "CD56"
CD56_BRIGHT = "CD56bright"

MARKERS = ("CD16", "CD57", "KIR", "NKG2A", "NKG2C", "CX3CR1", "CD62L", "CD27")
"""Markers that rules may use, beside CD56."""

ADAPTIVE_NOTE = (
    "NKG2C was not measured: a CD57 rise is not separable from adaptive (CMV) "
    "expansion."
)
NO_CD57_NOTE = (
    "CD57 was not measured: adaptive cells (CD57+ NKG2C+) are counted with the other "
    "CD56dim CD16+ cells."
)
NEG16POS_NOTE = (
    "The NK parent does not remove CD14+ and CD19+ cells: CD56neg CD16+ events are not "
    "resolved from monocytes."
)


@dataclass(frozen=True)
class Stage:
    """A label, its rule, and its place on the axis.

    Parameters
    ----------
    label : str
        Name of the stage.
    words : str
        The rule in words.
    rule : callable
        From calls to which phenotypes it holds for; rules before it come first.
    on_axis : bool
        Whether the stage is part of the index.
    """

    label: str
    words: str
    rule: Rule = field(compare=False)
    on_axis: bool = True


@dataclass(frozen=True)
class StageScheme:
    """Ordered stages with equally spaced weights over those on the axis.

    Parameters
    ----------
    name : str
        ``"five_stage"``, ``"hamann2011"`` or ``"cd56_cd16"``.
    source : str
        Where it comes from.
    markers : tuple of str
        The calls it looks at.
    stages : tuple of Stage
        In rule order; the last one takes what is left.
    parent : str
        The words of the NK parent.
    notes : tuple of str
        What this set of markers cannot tell.
    """

    name: str
    source: str
    markers: tuple[str, ...]
    stages: tuple[Stage, ...]
    parent: str
    notes: tuple[str, ...] = ()

    @property
    def axis(self) -> tuple[str, ...]:
        """Labels on the axis from the least to the most mature."""
        order = _AXIS_ORDER
        labels = [stage.label for stage in self.stages if stage.on_axis]
        return tuple(sorted(labels, key=order.index))

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each stage on the axis, from 0 to 1."""
        axis = self.axis
        return {label: place / (len(axis) - 1) for place, label in enumerate(axis)}

    @property
    def id(self) -> str:
        """Name, markers and a hash of rules and parent; only equal ids are compared."""
        words = [f"{s.label}={s.words}:{s.on_axis}" for s in self.stages]
        text = "\n".join([self.name, self.parent, *self.markers, *words])
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{self.name}[{','.join(self.markers)}|{self.parent}]{digest}"

    def label(self, calls: Calls) -> NDArray[np.str_]:
        """Give each phenotype its label.

        Parameters
        ----------
        calls : mapping of str to (n,) arrays of bool
            By marker: ``"CD56"`` (not negative), ``"CD56bright"``, and the others.

        Returns
        -------
        (n,) array of str
            Exactly one label each: the first rule that holds.
        """
        held = [np.asarray(stage.rule(calls)) for stage in self.stages]
        return np.select(held, [stage.label for stage in self.stages], default="")


_AXIS_ORDER = (
    "bright16neg",
    "bright16pos",
    "bright_CX3CR1neg",
    "dim_early",
    "dim_CX3CR1neg",
    "dim_early_or_late",
    "dim_late",
    "dim_CX3CR1pos",
    "dim_CD57",
    "dim16pos",
)


def stage_scheme(
    name: str,
    *,
    markers: Collection[str],
    parent: str,
    lineage_removed: bool = False,
) -> StageScheme:
    """Return a scheme for the markers that were measured.

    Parameters
    ----------
    name : {"five_stage", "hamann2011", "cd56_cd16"}
        Which rules.
    markers : collection of str
        What was measured: ``"CD56"``, ``"CD56bright"`` and any of :data:`MARKERS`.
    parent : str
        The words of the NK parent, part of the id.
    lineage_removed : bool
        Whether the parent excludes CD14+ and CD19+ cells.

    Returns
    -------
    StageScheme
        Stages that the markers cannot separate are merged.

    Raises
    ------
    MaturationError
        If the scheme is unknown or its core markers are missing.

    Examples
    --------
    >>> import longate as lg
    >>> scheme = lg.nk.stage_scheme(
    ...     "five_stage", markers=["CD56", "CD56bright", "CD16", "KIR"], parent="NK")
    >>> scheme.axis
    ('bright16neg', 'bright16pos', 'dim_early', 'dim_late')
    """
    one_of("scheme", name, SCHEMES, MaturationError)
    if not parent:
        msg = "the NK parent must be declared: it is part of what a score means"
        raise MaturationError(msg)
    needed = {CD56_POSITIVE, CD56_BRIGHT, *_CORE[name]}
    missing = sorted(needed - set(markers))
    if missing:
        msg = (
            f"the scheme {name!r} needs {listed(missing)}; measured are "
            f"{listed(markers)}"
        )
        raise MaturationError(msg)
    return SCHEMES[name](frozenset(markers), parent, lineage_removed)


def _five_stage(
    markers: frozenset[str],
    parent: str,
    lineage_removed: bool,  # noqa: FBT001
) -> StageScheme:
    late, words, used = _late_rule(markers)
    stages = [_cd56_negative(lineage_removed), _OUTSIDE, *_BRIGHT, _DIM16NEG]
    notes = [] if lineage_removed else [NEG16POS_NOTE]
    if "NKG2C" not in markers:
        notes.append(ADAPTIVE_NOTE)
    elif "CD57" not in markers:
        notes.append(NO_CD57_NOTE)
    else:
        stages.append(_ADAPTIVE)
        used.append("NKG2C")
    if "CD57" in markers:
        rule = "CD56dim CD16+ CD57+"
        stages.append(Stage("dim_CD57", rule, lambda calls: calls["CD57"]))
        used.append("CD57")
    if late is not None:
        stages.append(Stage("dim_late", f"CD56dim CD16+, {words}", late))
        stages.append(Stage("dim_early", "CD56dim CD16+, else", _always))
    elif "CD57" in markers:
        stages.append(Stage("dim_early_or_late", "CD56dim CD16+, else", _always))
    else:
        stages.append(Stage("dim16pos", "CD56dim CD16+", _always))
    seen = tuple(sorted({CD56_POSITIVE, CD56_BRIGHT, "CD16", *used}))
    source = (
        "Longate's five-stage rules after the literature of CD56dim differentiation"
    )
    return StageScheme("five_stage", source, seen, tuple(stages), parent, tuple(notes))


def _late_rule(markers: frozenset[str]) -> tuple[Rule | None, str, list[str]]:
    """Return the rule of the late CD56dim stage for the markers there are."""
    if {"KIR", "NKG2A"} <= markers:
        rule: Rule = lambda calls: calls["KIR"] | ~calls["NKG2A"]  # noqa: E731
        return rule, "KIR+ or NKG2A-", ["KIR", "NKG2A"]
    for marker, positive in (
        ("KIR", True),
        ("NKG2A", False),
        ("CX3CR1", True),
        ("CD62L", False),
        ("CD27", False),
    ):
        if marker in markers:
            one = _is(marker, positive=positive)
            return one, f"{marker}{'+' if positive else '-'}", [marker]
    return None, "", []


def _is(marker: str, *, positive: bool) -> Rule:
    return lambda calls: calls[marker] if positive else ~calls[marker]


def _hamann2011(
    markers: frozenset[str],
    parent: str,
    lineage_removed: bool,  # noqa: FBT001
) -> StageScheme:
    stages = (
        Stage("CD56neg", "CD56neg", lambda c: ~_positive(c), on_axis=False),
        Stage(
            "bright_CX3CR1pos",
            "CD56bright CX3CR1+",
            lambda c: c[CD56_BRIGHT] & c["CX3CR1"],
            on_axis=False,
        ),
        Stage("bright_CX3CR1neg", "CD56bright CX3CR1-", lambda c: c[CD56_BRIGHT]),
        Stage("dim_CX3CR1pos", "CD56dim CX3CR1+", lambda c: c["CX3CR1"]),
        Stage("dim_CX3CR1neg", "CD56dim CX3CR1-", lambda c: ~c["CX3CR1"]),
    )
    source = "Hamann et al. 2011, Immunology (CX3CR1 x CD56 fractions)"
    seen = (CD56_POSITIVE, CD56_BRIGHT, "CX3CR1")
    return StageScheme("hamann2011", source, seen, stages, parent)


def _cd56_cd16(
    markers: frozenset[str],
    parent: str,
    lineage_removed: bool,  # noqa: FBT001
) -> StageScheme:
    stages = (
        _cd56_negative(lineage_removed),
        _OUTSIDE,
        *_BRIGHT,
        _DIM16NEG,
        Stage("dim16pos", "CD56dim CD16+", _always),
    )
    notes = () if lineage_removed else (NEG16POS_NOTE,)
    seen = (CD56_POSITIVE, CD56_BRIGHT, "CD16")
    source = "CD56 x CD16 quadrants of the literature"
    return StageScheme("cd56_cd16", source, seen, stages, parent, notes)


def _positive(calls: Calls) -> NDArray[np.bool_]:
    return calls[CD56_POSITIVE] | calls[CD56_BRIGHT]


def _always(calls: Calls) -> NDArray[np.bool_]:
    return np.ones_like(calls[CD56_BRIGHT], dtype=bool)


def _cd56_negative(lineage_removed: bool) -> Stage:  # noqa: FBT001
    label = "neg16pos" if lineage_removed else "neg16pos_not_resolved"
    return Stage(
        label, "CD56neg CD16+", lambda c: ~_positive(c) & c["CD16"], on_axis=False
    )


_OUTSIDE = Stage(
    "neg16neg",
    "CD56neg CD16-: outside the recommended NK parent",
    lambda c: ~_positive(c) & ~c["CD16"],
    on_axis=False,
)
_BRIGHT = (
    Stage("bright16neg", "CD56bright CD16-", lambda c: c[CD56_BRIGHT] & ~c["CD16"]),
    Stage("bright16pos", "CD56bright CD16+", lambda c: c[CD56_BRIGHT]),
)
_DIM16NEG = Stage("dim16neg", "CD56dim CD16-", lambda c: ~c["CD16"], on_axis=False)
_ADAPTIVE = Stage(
    "adaptive",
    "CD56dim CD16+ CD57+ NKG2C+",
    lambda c: c["CD57"] & c["NKG2C"],
    on_axis=False,
)

SCHEMES: dict[str, Callable[[frozenset[str], str, bool], StageScheme]] = {
    "five_stage": _five_stage,
    "hamann2011": _hamann2011,
    "cd56_cd16": _cd56_cd16,
}
"""Schemes by name."""

_CORE = {
    "five_stage": ("CD16",),
    "hamann2011": ("CX3CR1",),
    "cd56_cd16": ("CD16",),
}
