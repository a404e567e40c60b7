"""The named stage schemes, each for the markers that were measured.

To add one, write a function that returns its scheme for a set of markers, and enter it
in ``SCHEMES`` and ``_CORE``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from longate._validation import listed, one_of
from longate.exceptions import MaturationError
from longate.nk.stages.parent import NKParent
from longate.nk.stages.scheme import (
    CD56_BRIGHT,
    CD56_ONLY,
    CD56_POSITIVE,
    ELSE,
    Stage,
    StageScheme,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

ADAPTIVE_NOTE = (
    "NKG2C was not measured: a CD57 rise is not separable from adaptive (CMV) "
    "expansion."
)
NO_CD57_NOTE = (
    "CD57 was not measured: adaptive cells (CD57+ NKG2C+) are counted with the other "
    "CD56dim CD16+ cells."
)
CD56_ONLY_NOTE = (
    "The NK parent does not require CD7+ (or NKp80+): its CD56neg CD16+ events are "
    "about half myeloid, so only its CD56+ cells are looked at and neg16pos is not "
    "available."
)
NEG16POS_NOTE = (
    "The NK parent does not remove CD14+ and CD19+ cells: CD56neg CD16+ events are not "
    "resolved from monocytes."
)
FROZEN_NOTE = (
    "Specimens were frozen: CD62L or CD27 alone do not define late CD56dim cells, "
    "because freezing and delay change them."
)
ANY_CD16_NOTE = (
    "CD56dim cells are staged whatever their CD16, which delay and freezing shed."
)


def stage_scheme(
    name: str,
    *,
    markers: Collection[str],
    parent: str | NKParent,
    clones: Mapping[str, str] | None = None,
) -> StageScheme:
    """Return a scheme for the markers that were measured.

    Parameters
    ----------
    name : {"five_stage", "five_stage_any_cd16", "hamann2011", "cd56_cd16"}
        Which rules. ``five_stage_any_cd16`` stages CD56dim cells whatever their CD16.
    markers : collection of str
        What was measured: ``"CD56"``, ``"CD56bright"`` and any of
        :data:`longate.nk.stages.scheme.MARKERS`.
    parent : str or NKParent
        The NK parent, part of the id. Words alone mean gates that remove no lineage
        and do not require CD7+; :class:`NKParent` says what its gates do. Without
        CD7+ (or NKp80+) the scheme looks at the parent's CD56+ cells alone.
    clones : mapping of str to str, optional
        Marker -> clones and specificities, such as ``{"KIR": "HP-3E4 (KIR2DL1/S1),
        DX9 (KIR3DL1)"}``; part of the id, because KIR- means negative for these.

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
    known = parent if isinstance(parent, NKParent) else NKParent(parent)
    made = SCHEMES[name](frozenset(markers), known)
    return _with_reagents(made, clones).for_parent(known.path)


def _with_reagents(
    scheme: StageScheme, clones: Mapping[str, str] | None
) -> StageScheme:
    """Record the clones of the markers that the rules look at."""
    used = {m: words for m, words in (clones or {}).items() if m in scheme.markers}
    notes = scheme.notes
    if "KIR" in scheme.markers:
        notes += (
            f"KIR- means negative for these clones: {used['KIR']}."
            if "KIR" in used
            else "KIR clones and specificities are not recorded: KIR- means negative "
            "for the antibodies of this panel, whichever they are.",
        )
    return replace(scheme, reagents=tuple(sorted(used.items())), notes=notes)


def _five_stage(markers: frozenset[str], parent: NKParent) -> StageScheme:
    return _staged("five_stage", markers, parent, [_DIM16NEG])


def _five_stage_any_cd16(markers: frozenset[str], parent: NKParent) -> StageScheme:
    made = _staged("five_stage_any_cd16", markers, parent, [])
    return replace(made, notes=(*made.notes, ANY_CD16_NOTE))


def _staged(
    name: str, markers: frozenset[str], parent: NKParent, off_axis: list[Stage]
) -> StageScheme:
    late = _late_rule(markers, parent)
    negative, within, notes = _cd56_negative(parent)
    stages = [*negative, *_BRIGHT, *off_axis]
    axis = [stage.label for stage in _BRIGHT]
    if parent.cryopreserved and late is None and {"CD62L", "CD27"} & markers:
        notes.append(FROZEN_NOTE)
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
        whole = "dim16pos" if off_axis else "dim"
        rest = "dim_early_or_late" if "CD57" in markers else whole
        stages.append(Stage(rest, ELSE))
        axis.append(rest)
    if "CD57" in markers:
        axis.append("dim_CD57")
    source = (
        "Longate's five-stage rules after the literature of CD56dim differentiation"
    )
    return StageScheme(
        name, tuple(stages), tuple(axis), source, notes=tuple(notes), within=within
    )


def _late_rule(markers: frozenset[str], parent: NKParent) -> str | None:
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
        if marker in markers and not (
            parent.cryopreserved and marker in ("CD62L", "CD27")
        ):
            return rule
    return None


def _hamann2011(markers: frozenset[str], parent: NKParent) -> StageScheme:
    _, within, notes = _cd56_negative(parent)
    negative = [] if within else [Stage("CD56neg", "not (CD56 or CD56bright)")]
    stages = (
        *negative,
        Stage("bright_CX3CR1pos", "CD56bright and CX3CR1"),
        Stage("bright_CX3CR1neg", "CD56bright"),
        Stage("dim_CX3CR1pos", "CX3CR1"),
        Stage("dim_CX3CR1neg", ELSE),
    )
    axis = ("bright_CX3CR1neg", "dim_CX3CR1neg", "dim_CX3CR1pos")
    source = "Hamann et al. 2011, Immunology (CX3CR1 x CD56 fractions)"
    kept = tuple(notes) if within else ()
    return StageScheme("hamann2011", stages, axis, source, notes=kept, within=within)


def _cd56_cd16(markers: frozenset[str], parent: NKParent) -> StageScheme:
    negative, within, notes = _cd56_negative(parent)
    stages = (*negative, *_BRIGHT, _DIM16NEG, Stage("dim16pos", ELSE))
    axis = ("bright16neg", "bright16pos", "dim16pos")
    source = "CD56 x CD16 quadrants of the literature"
    return StageScheme(
        "cd56_cd16", stages, axis, source, notes=tuple(notes), within=within
    )


def _cd56_negative(parent: NKParent) -> tuple[list[Stage], str, list[str]]:
    """Return stages of CD56neg cells, the rule of the parent's cells, and notes."""
    if not parent.cd7_positive:
        return [], CD56_ONLY, [CD56_ONLY_NOTE]
    label = "neg16pos" if parent.lineage_removed else "neg16pos_not_resolved"
    found = [Stage(label, "not (CD56 or CD56bright) and CD16"), _OUTSIDE]
    return found, "", [] if parent.lineage_removed else [NEG16POS_NOTE]


# CD56neg CD16-: outside the recommended NK parent.
_OUTSIDE = Stage("neg16neg", "not (CD56 or CD56bright)")
_BRIGHT = (
    Stage("bright16neg", "CD56bright and not CD16"),
    Stage("bright16pos", "CD56bright"),
)
_DIM16NEG = Stage("dim16neg", "not CD16")

SCHEMES: dict[str, Callable[[frozenset[str], NKParent], StageScheme]] = {
    "five_stage": _five_stage,
    "five_stage_any_cd16": _five_stage_any_cd16,
    "hamann2011": _hamann2011,
    "cd56_cd16": _cd56_cd16,
}
"""Schemes by name."""

_CORE = {
    "five_stage": ("CD16",),
    "five_stage_any_cd16": ("CD16",),
    "hamann2011": ("CX3CR1",),
    "cd56_cd16": ("CD16",),
}
