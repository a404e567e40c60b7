"""Result of scoring: tables of samples, and tables made of their events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from longate.nk.changes.composition import change_table
from longate.nk.events.tables import (
    event_table,
    rank_table,
    score_table,
    superiority_table,
    threshold_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.nk.events.curve import MaturationCurve
    from longate.nk.events.source import EventSource
    from longate.nk.stages.scheme import StageScheme

WORDS = (
    "phenotypic maturation: an order of surface markers, no lineage time; whether more "
    "mature is better depends on disease and treatment"
)


@dataclass(frozen=True, repr=False, eq=False)
class Maturation:
    """NK stages and the phenotypic maturation of every sample.

    Parameters
    ----------
    table : DataFrame
        One row per sample: ``sample, patient, visit, tube, n_parent`` (NK events),
        ``n`` (on the axis), ``cells`` (``few`` under 300, ``enough`` under 1000,
        ``good``), ``index, counting_low, counting_high, index_with_adaptive`` with its
        ``_low, _high``, the log-odds ``L0, L1, L2, L3`` with ``_low, _high`` where the
        scheme has them, ``fraction_<stage>`` of the NK events, ``scheme``, ``run_id``
        and the sheet's columns.
    stages : DataFrame
        One row per sample and stage: ``sample, patient, visit, tube, stage, on_axis,
        weight, n_events, n_parent, fraction, low, high, detection, quantifiable,
        reference_low, reference_high, reference_source``. Published reference ranges
        are given beside a stage where their unit is the same (share of all NK cells).
    scheme : StageScheme
        The rules.
    markers : mapping of str to str
        Which population made which call.
    notes : tuple of str
        What these markers and numbers of cells cannot tell.
    source : EventSource
        Where single events come from.
    """

    table: pd.DataFrame
    stages: pd.DataFrame
    scheme: StageScheme
    markers: Mapping[str, str]
    notes: tuple[str, ...]
    source: EventSource

    def __repr__(self) -> str:
        """Say what was scored and how."""
        index = self.table["index"]
        lines = [
            f"Maturation · {len(self.table)} samples · index {index.min():.3f} to "
            f"{index.max():.3f} (phenotypic; 0 = all {self.scheme.axis[0]}, 1 = all "
            f"{self.scheme.axis[-1]})",
            f"  scheme {self.scheme.id}",
            "  counting_low, counting_high is counting error alone",
            f"  {WORDS}",
            *(f"  {note}" for note in self.notes),
            "  .table  .stages  .changes()  .event_scores  .superiority()  "
            ".thresholds  .events(sample)  .ranks(curve)",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show the same and the first rows in a notebook."""
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self.table.head(6).to_html()}"

    def changes(
        self, *, baseline: str | None = None, visit: str | None = None
    ) -> pd.DataFrame:
        """Return each patient's change of the index between two visits.

        Parameters
        ----------
        baseline, visit : str, optional
            The first visit and every later one by default.

        Returns
        -------
        DataFrame
            One row per patient and later visit: ``patient, from, to, sample_from,
            sample_to, n_from, n_to, index_from, index_to, change, counting_low,
            counting_high``; ``dominance``: ``higher`` or ``lower`` where every
            cumulative share of stages changed the same way, so that no monotone weights
            could turn the sign, else ``crossing`` or ``unchanged``; ``weight_min,
            weight_max``: the change over all monotone weights from 0 to 1; all of these
            ``_with_adaptive`` too where the scheme has such cells; ``L0_change, L0_low,
            L0_high`` ...; ``missing`` names a visit that the patient lacks; ``scheme``.

        Raises
        ------
        MaturationError
            If a visit is unknown, a patient has several samples of one visit, or
            specimens differ within a patient.

        Notes
        -----
        The intervals hold counting error alone. They are no claim that a patient
        changed: biology and assay vary between visits too.
        """
        stages = self.stages
        return change_table(stages, self.scheme, baseline=baseline, visit=visit)

    @cached_property
    def event_scores(self) -> pd.DataFrame:
        """Event scores of every sample; each file is read again.

        One row per sample: ``sample, patient, visit, tube, n`` (NK events), ``cells,
        markers, coverage`` (share of the weights that is measured), ``mean, median,
        q25, q75`` of the event score, each with ``_low, _high``, ``iqr``; the same with
        ``robust_`` for the handling-robust markers (CD56, NKG2A, KIR, CD57),
        NaN where under 0.6 of these are measured; ``scheme, run_id`` and the sheet's
        columns. Intervals are counting error alone.

        The score of an event is ``1/2 + 1/2 Σ v d (2π - 1) / Σ v``: ``π`` its
        probability of being positive, ``d`` the direction of the marker
        (:data:`longate.nk.events.directions.DIRECTIONS`), ``v`` its weight.

        Raises
        ------
        MaturationError
            If a sample has under 0.6 of the weights, or a value is NaN.
        """
        return score_table(self.source, self.table)

    def superiority(
        self, *, baseline: str | None = None, visit: str | None = None
    ) -> pd.DataFrame:
        """Return the probability that later cells score higher, by patient.

        The Mann-Whitney probability of superiority of event scores between two
        visits, ties counting half.

        Only markers that both visits have enter.

        Parameters
        ----------
        baseline, visit : str, optional
            The first visit and every later one by default.

        Returns
        -------
        DataFrame
            ``patient, from, to, sample_from, sample_to, n_from, n_to, markers,
            coverage, theta`` (P(later > baseline) + P(equal) / 2), ``counting_low,
            counting_high``, the same with ``robust_``, ``method`` (see
            :func:`longate.nk.superiority`), ``missing, scheme``.

        Raises
        ------
        MaturationError
            If a visit is unknown, specimens differ within a patient, or the common
            markers carry under 0.6 of the weights.
        """
        return superiority_table(
            self.source, self.table, baseline=baseline, visit=visit
        )

    def ranks(self, curve: MaturationCurve) -> pd.DataFrame:
        """Return the mean rank of every sample's NK cells among reference cells.

        Parameters
        ----------
        curve : MaturationCurve
            A fixed reference.

        Returns
        -------
        DataFrame
            ``sample, patient, visit, tube, n, cells, rank`` (0.5 where cells are like
            the reference's), ``counting_low, counting_high, n_off_curve, off_curve``
            (share farther from the curve than 99 % of the reference) with its exact
            interval ``off_curve_low, off_curve_high, coverage, scheme, run_id`` and the
            sheet's columns.

        Raises
        ------
        MaturationError
            If a marker of the curve is missing, or has no anchored unit.
        """
        return rank_table(self.source, self.table, curve)

    @cached_property
    def thresholds(self) -> pd.DataFrame:
        """Positivity thresholds by sample and marker, with their source.

        Columns ``sample, patient, visit, tube, marker, kind`` (``gate``, ``threshold``,
        ``negatives alone``, ``two components``, ``not measured``), ``channel, source,
        threshold, negative_mean, negative_sd, positive_mean, positive_sd,
        spread_from, run_id`` and the sheet's columns.
        """
        return threshold_table(self.source, self.table)

    def events(
        self, sample: str, *, curve: MaturationCurve | None = None
    ) -> pd.DataFrame:
        """Return the NK events of a sample, one row each, for plots.

        Parameters
        ----------
        sample : str
            Sample id.
        curve : MaturationCurve, optional
            Adds each event's rank on it.

        Returns
        -------
        DataFrame
            ``stage, score, robust_score`` (where measured), ``pi_<marker>`` and, with a
            curve, ``rank, distance, off_curve``; the index is the event's number in the
            file.
        """
        return event_table(self.source, sample, curve)

    def anchored(self, sample: str, *, on_axis: bool = False) -> pd.DataFrame:
        """Return anchored values of a sample's NK events, one column per marker.

        0 is the mean of the marker's negatives in this sample and 1 that of its
        positives, as `positivity` gave them. References for
        :meth:`MaturationCurve.fit` are made of these, best of the events on the axis:
        others are then found to lie off the curve.

        Parameters
        ----------
        sample : str
            Sample id.
        on_axis : bool
            Leave out events whose stage is off the axis.

        Raises
        ------
        MaturationError
            If a gate or a threshold alone decides about a marker.
        """
        return self.source.anchored(sample, on_axis=on_axis)
