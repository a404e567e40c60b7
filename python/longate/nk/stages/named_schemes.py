"""The named stage schemes, each for the markers that were measured.

To add one, write a function that returns its scheme for a set of markers, and enter it
in ``SCHEMES`` and ``_CORE``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._validation import listed, one_of
from longate.exceptions import MaturationError
from longate.nk.stages.scheme import (
    CD56_BRIGHT,
    CD56_POSITIVE,
    ELSE,
    Stage,
    StageScheme,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

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
        What was measured: ``"CD56"``, ``"CD56bright"`` and any of
        :data:`longate.nk.stages.MARKERS`.
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

    Notes
    -----
    ``five_stage`` orders phenotypes, it claims no lineage: whether NK cells of blood
    form one axis is debated (Rebuffet et al. 2024), and which end is favourable depends
    on disease and treatment.

    References
    ----------
    CD56dim cells lose NKG2A, then acquire KIR and CD57: Björkström et al. 2010, Blood
    116:3853, doi:10.1182/blood-2010-04-281675; CD62L: Juelke et al. 2010, Blood
    116:1299; CD57: Lopez-Vergés et al. 2010, Blood 116:3865; CD27: Vossen et al. 2008,
    J Immunol 180:3739; CX3CR1 x CD56: Hamann et al. 2011, Immunology; heterogeneity:
    Rebuffet et al. 2024, Nat Immunol 25:1474, doi:10.1038/s41590-024-01883-0.

    Examples
    --------
    >>> import longate as lg
    >>> scheme = lg.nk.stage_scheme(
    ...     "five_stage", markers=["CD56", "CD56bright", "CD16", "KIR"], parent="NK")
    >>> scheme.axis
    ('bright16neg', 'bright16pos', 'dim_early', 'dim_late')
    """
    one_of("scheme", name, SCHEMES, MaturationError)
    needed = {CD56_POSITIVE, CD56_BRIGHT, *_CORE[name]}
    missing = sorted(needed - set(markers))
    if missing:
        msg = (
            f"the scheme {name!r} needs {listed(missing)}; measured are "
            f"{listed(markers)}"
        )
        raise MaturationError(msg)
    made = SCHEMES[name](frozenset(markers), lineage_removed)
    return made.for_parent(parent)


def _five_stage(
    markers: frozenset[str],
    lineage_removed: bool,  # noqa: FBT001
) -> StageScheme:
    late = _late_rule(markers)
    stages = [_cd56_negative(lineage_removed), _OUTSIDE, *_BRIGHT, _DIM16NEG]
    axis = [stage.label for stage in _BRIGHT]
    notes = [] if lineage_removed else [NEG16POS_NOTE]
    if "NKG2C" not in markers:
        notes.append(ADAPTIVE_NOTE)
    elif "CD57" not in markers:
        notes.append(NO_CD57_NOTE)
    else:
        stages.append(Stage("adaptive", "CD57 and NKG2C"))
    if "CD57" in markers:
        stages.append(Stage("dim_CD57", "CD57"))
    if late is not None:
        stages += [Stage("dim_late", late), Stage("dim_early", ELSE)]
        axis += ["dim_early", "dim_late"]
    else:
        rest = "dim_early_or_late" if "CD57" in markers else "dim16pos"
        stages.append(Stage(rest, ELSE))
        axis.append(rest)
    if "CD57" in markers:
        axis.append("dim_CD57")
    source = (
        "Longate's five-stage rules after the literature of CD56dim differentiation"
    )
    return StageScheme(
        "five_stage", tuple(stages), tuple(axis), source, notes=tuple(notes)
    )


def _late_rule(markers: frozenset[str]) -> str | None:
    """Return the rule of the late CD56dim stage for the markers there are."""
    if {"KIR", "NKG2A"} <= markers:
        return "KIR or not NKG2A"
    for marker, rule in (
        ("KIR", "KIR"),
        ("NKG2A", "not NKG2A"),
        ("CX3CR1", "CX3CR1"),
        ("CD62L", "not CD62L"),
        ("CD27", "not CD27"),
    ):
        if marker in markers:
            return rule
    return None


def _hamann2011(
    markers: frozenset[str],
    lineage_removed: bool,  # noqa: FBT001
) -> StageScheme:
    stages = (
        Stage("CD56neg", "not (CD56 or CD56bright)"),
        Stage("bright_CX3CR1pos", "CD56bright and CX3CR1"),
        Stage("bright_CX3CR1neg", "CD56bright"),
        Stage("dim_CX3CR1pos", "CX3CR1"),
        Stage("dim_CX3CR1neg", ELSE),
    )
    axis = ("bright_CX3CR1neg", "dim_CX3CR1neg", "dim_CX3CR1pos")
    source = "Hamann et al. 2011, Immunology (CX3CR1 x CD56 fractions)"
    return StageScheme("hamann2011", stages, axis, source)


def _cd56_cd16(
    markers: frozenset[str],
    lineage_removed: bool,  # noqa: FBT001
) -> StageScheme:
    stages = (
        _cd56_negative(lineage_removed),
        _OUTSIDE,
        *_BRIGHT,
        _DIM16NEG,
        Stage("dim16pos", ELSE),
    )
    axis = ("bright16neg", "bright16pos", "dim16pos")
    notes = () if lineage_removed else (NEG16POS_NOTE,)
    source = "CD56 x CD16 quadrants of the literature"
    return StageScheme("cd56_cd16", stages, axis, source, notes=notes)


def _cd56_negative(lineage_removed: bool) -> Stage:  # noqa: FBT001
    label = "neg16pos" if lineage_removed else "neg16pos_not_resolved"
    return Stage(label, "not (CD56 or CD56bright) and CD16")


# CD56neg CD16-: outside the recommended NK parent.
_OUTSIDE = Stage("neg16neg", "not (CD56 or CD56bright)")
_BRIGHT = (
    Stage("bright16neg", "CD56bright and not CD16"),
    Stage("bright16pos", "CD56bright"),
)
_DIM16NEG = Stage("dim16neg", "not CD16")

SCHEMES: dict[str, Callable[[frozenset[str], bool], StageScheme]] = {
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
