"""Scoring the phenotypic maturation of the NK cells of a gated study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed
from longate.exceptions import MaturationError
from longate.gating.results.counting import with_fractions
from longate.gating.results.joining import KEYS
from longate.nk.changes.sampling import (
    any_frozen,
    cells_in_words,
    few_cells_note,
    recorded_clones,
    refuse_density_dependent,
)
from longate.nk.events.source import EventSource
from longate.nk.result import Maturation
from longate.nk.stages.adaptive import (
    not_assessable_note,
    patients_without_nkg2c,
)
from longate.nk.stages.calls import (
    calls_for,
    refuse_bright_outside_positive,
    tube_for_calls,
)
from longate.nk.stages.index import (
    ADAPTIVE,
    around,
    axis_counts,
    log_odds,
    odds_of,
    stage_index,
)
from longate.nk.stages.named_schemes import stage_scheme
from longate.nk.stages.parent import NKParent
from longate.nk.stages.reference_ranges import with_reference_ranges
from longate.nk.stages.scheme import StageScheme, require_one_scheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.gating.results.populations import Populations
    from longate.nk.thresholds.positivity import Positivity


def maturation(
    populations: Populations,
    *,
    parent: str,
    scheme: str | StageScheme = "five_stage",
    markers: Mapping[str, str] | None = None,
    tube: str | None = None,
    positivity: Mapping[str | tuple[str, str], Positivity | None] | None = None,
    channels: Mapping[str, str] | None = None,
    weights: Mapping[str, float] | None = None,
    sampling: str | None = None,
    clones: Mapping[str, str] | None = None,
) -> Maturation:
    """Score the phenotypic maturation of NK cells.

    Every event of the parent gets one stage by the rules of the scheme, from the calls
    that populations of the strategy make. The Stage Maturation Index is ``Σ w n / Σ n``
    over the stages on the axis, with equally spaced weights from 0 to 1. Its variance
    is ``(Σ p w² - (Σ p w)²) / N`` with ``p`` smoothed by half a pseudo-count per stage,
    and the interval is named for what it is: counting error alone, not biology or
    assay.

    Parameters
    ----------
    populations : Populations
        A gated study.
    parent : str
        The NK population; its words are part of the scheme's id.
    scheme : str or StageScheme
        A name of :data:`longate.nk.SCHEMES` (``"five_stage"``,
        ``"five_stage_any_cd16"``, ``"hamann2011"``, ``"cd56_cd16"``), or a scheme,
        which gets the parent filled in.
    markers : mapping of str to str, optional
        Call -> population of positive events. By default a call ``X`` is made by the
        population named ``X+`` (``CD56+``, ``CD16+``, ``KIR+`` ...) and CD56bright by
        ``CD56bright``, where they are gated on the parent's cells: below the parent, or
        below one of its ancestors.
    tube : str, optional
        Needed where several tubes have the parent.
    positivity : mapping, optional
        For event scores and ranks: marker, or (sample, marker) -> :class:`Positivity`;
        None where a sample's panel lacks the marker. ``CD56bright`` tells bright from
        dim cells. Without it the populations of `markers` decide.
    channels : mapping of str to str, optional
        Marker -> channel, where that is neither the channel of its range gate nor its
        name.
    weights : mapping of str to float, optional
        Marker -> weight above 0 in the event score; by default every marker of known
        direction that is measured has weight 1. Weights are never fitted to the study.
    sampling : str, optional
        How events came into the files, ``"all"`` or ``"uniform"``; the sheet's column
        ``sampling`` where None. Anything else is refused.
    clones : mapping of str to str, optional
        Marker -> clones and specificities, such as ``{"KIR": "HP-3E4 (KIR2DL1/S1),
        DX9 (KIR3DL1)"}``; the sheet's column ``kir_clones`` where None. They are part
        of the scheme's id: KIR- means negative for these clones.

    Returns
    -------
    Maturation

    Raises
    ------
    MaturationError
        If populations for core markers are missing, a call could be made by several,
        a given one is on another branch, CD56bright is not within CD56+, or events were
        sampled by density.
    PopulationError
        If `parent` is unknown or in several tubes.

    Notes
    -----
    Log-odds with half a count: ``L0`` CD16 among CD56bright, ``L1`` dim against bright,
    ``L2`` late and CD57+ against early, ``L3`` CD57+ against late.
    ``index_with_adaptive`` counts adaptive cells as ``dim_CD57``.

    All scores are phenotypic: they order cells by markers and claim no lineage time.
    They do not say that mature is good: in multiple sclerosis several treatments act
    favourably with a rise of CD56bright cells (Laroni & Uccelli 2020, PMC7291063).
    """
    if tube is None:
        tube = tube_for_calls(populations, parent, markers)
    tube = populations.tube_of(parent, tube)
    rows = populations.study.samples
    rows = rows[rows["tube"] == tube]
    refuse_density_dependent(rows, sampling)
    strategy = populations.strategies[tube]
    calls = calls_for(strategy, parent, markers)
    rules = rules_for(
        scheme,
        list(calls),
        NKParent.of(strategy, parent, cryopreserved=any_frozen(rows)),
        clones=clones if clones is not None else recorded_clones(rows),
    )
    used = {call: calls[call] for call in rules.markers}
    source = EventSource(
        populations,
        tube,
        strategy.path(parent),
        calls,
        rules,
        positivity or {},
        channels or {},
        weights or {},
    )
    _refuse_undefined(populations, tube, used)
    phenotypes = populations.phenotypes(parent, used, tube=tube)
    refuse_bright_outside_positive(phenotypes)
    counts = _stage_counts(phenotypes, rules)
    table = counts.index.to_frame(index=False)
    table = table.assign(**_scores(counts, rules), scheme=rules.id)
    lost = patients_without_nkg2c(phenotypes, rules)
    table = populations.finished(_with_assessable(table, rules, lost))
    stages = with_reference_ranges(_stage_table(counts, rules), strategy.path(parent))
    notes = (
        *rules.notes,
        *_unused_cd7(populations, tube, rules),
        *not_assessable_note(lost, rows),
        *few_cells_note(table),
    )
    return Maturation(table, populations.finished(stages), rules, used, notes, source)


def combine(*results: Maturation) -> pd.DataFrame:
    """Put the tables of several results of one scheme behind each other.

    Parameters
    ----------
    *results : Maturation
        At least one.

    Returns
    -------
    DataFrame
        Their :attr:`Maturation.table`.

    Raises
    ------
    MaturationError
        If their scheme ids differ: such scores are different quantities.
    """
    import pandas as pd

    require_one_scheme((one.scheme.id for one in results), "the results")
    return pd.concat([one.table for one in results], ignore_index=True)


def rules_for(
    scheme: str | StageScheme,
    calls: list[str],
    parent: NKParent,
    *,
    clones: Mapping[str, str] | None = None,
) -> StageScheme:
    """Return a named scheme for these calls, or one of the user's with its parent."""
    if isinstance(scheme, str):
        return stage_scheme(scheme, markers=calls, parent=parent, clones=clones)
    missing = [call for call in scheme.markers if call not in calls]
    if missing:
        msg = (
            f"the scheme {scheme.name!r} needs {listed(missing)}; measured are "
            f"{listed(calls)}"
        )
        raise MaturationError(msg)
    return scheme.for_parent(parent.path)


def _unused_cd7(
    populations: Populations, tube: str, rules: StageScheme
) -> tuple[str, ...]:
    """Say that the panel measures what the parent's gates do not use."""
    if not rules.within:
        return ()
    events = next(populations.each_sample(tube))
    found = [name for name in ("CD7", "NKp80", "KLRF1") if events.has(name)]
    if not found:
        return ()
    return (
        f"The panel measures {listed(found)}: gate the NK parent on it, and CD56neg "
        "CD16+ NK cells are told from myeloid cells.",
    )


def _with_assessable(
    table: pd.DataFrame, rules: StageScheme, lost: tuple[str, ...]
) -> pd.DataFrame:
    """Add ``adaptive_assessable``; no share of adaptive cells where it is not."""
    if f"fraction_{ADAPTIVE}" not in table and not lost:
        return table
    known = ~table["patient"].astype(str).isin(lost)
    made = table.assign(adaptive_assessable=known)
    if f"fraction_{ADAPTIVE}" in made:
        made[f"fraction_{ADAPTIVE}"] = made[f"fraction_{ADAPTIVE}"].where(known)
    return made


def _stage_counts(phenotypes: pd.DataFrame, rules: StageScheme) -> pd.DataFrame:
    """Return events by stage (columns, in rule order) of every sample (rows)."""
    calls = {call: phenotypes[call].to_numpy(bool) for call in rules.markers}
    labels = rules.label(calls)
    counts = (
        phenotypes.assign(stage=labels)
        .groupby([*KEYS, "stage"], sort=False, observed=True)["n_events"]
        .sum()
        .unstack("stage", fill_value=0)
    )
    return counts[[stage.label for stage in rules.stages if stage.label in counts]]


def _refuse_undefined(
    populations: Populations, tube: str, calls: Mapping[str, str]
) -> None:
    """Refuse calls on events whose marker is NaN: they are neither + nor -."""
    undefined = populations.undefined
    undefined = undefined[undefined["tube"] == tube]
    undefined = undefined[undefined["population"].isin(calls.values())]
    if len(undefined):
        msg = (
            f"{int(undefined['n_undefined'].sum())} events have NaN where a marker is "
            f"called (populations {listed(undefined['population'].unique())}, samples "
            f"{listed(undefined['sample'].unique())}); they are neither positive nor "
            "negative, so gate them out first, e.g. by an open range on that channel"
        )
        raise MaturationError(msg)


def _scores(counts: pd.DataFrame, rules: StageScheme) -> dict[str, Any]:
    plain = axis_counts(counts, rules.axis)
    n_parent = counts.sum(axis=1).to_numpy()
    columns: dict[str, Any] = {
        "n_parent": n_parent,
        "n": plain.sum(axis=1).astype("int64"),
        "cells": [cells_in_words(int(n)) for n in plain.sum(axis=1)],
    }
    index, low, high = stage_index(plain, rules.weights)
    columns |= {"index": index, "counting_low": low, "counting_high": high}
    with_adaptive = axis_counts(counts, rules.axis, adaptive=True)
    index, low, high = stage_index(with_adaptive, rules.weights)
    columns |= {
        "index_with_adaptive": index,
        "index_with_adaptive_low": low,
        "index_with_adaptive_high": high,
    }
    for name, (above, below) in odds_of(rules.axis).items():
        value, low, high = around(*log_odds(counts, above, below))
        columns |= {name: value, f"{name}_low": low, f"{name}_high": high}
    with np.errstate(invalid="ignore", divide="ignore"):
        for label in counts:
            columns[f"fraction_{label}"] = np.divide(counts[label].to_numpy(), n_parent)
    return columns


def _stage_table(counts: pd.DataFrame, rules: StageScheme) -> pd.DataFrame:
    weights = rules.weights
    long = counts.stack().rename("n_events").reset_index()
    totals = long.groupby(KEYS, observed=True)["n_events"].transform("sum")
    long = long.assign(
        on_axis=long["stage"].isin(weights),
        weight=long["stage"].map(weights),
        n_parent=totals,
        scheme=rules.id,
    )
    return with_fractions(long, "n_events", "n_parent")
