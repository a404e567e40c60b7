"""The result of a responder analysis."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from longate.longitudinal.methods import methods_of
from longate.longitudinal.sentences import (
    family_words,
    headline,
    interval,
    number,
    permuted,
    seen_words,
    tested_words,
    within,
)

if TYPE_CHECKING:
    import pandas as pd

    from longate.longitudinal.design import Design
    from longate.longitudinal.estimand import Estimand

_SHOWN = 8


@dataclass(frozen=True, eq=False, repr=False)
class ResponderAnalysis:
    """Difference in change between responders and non-responders.

    Attributes
    ----------
    table : DataFrame
        One row per outcome: ``outcome``; ``estimate, low, high, df, t, p`` (the
        between-group difference in change, responders minus non-responders, on the
        scale of analysis, by Welch's t; no t and p with fewer than four patients in
        a group, which ``test`` says); ``p_adjusted`` (Benjamini-Hochberg over the
        tested outcomes); ``n_responder, n_non_responder``; ``scale``; ``ratio,
        ratio_low, ratio_high`` (exponentials; empty on the identity);
        ``permutation_p, permutation_p_adjusted, permutation_low,
        permutation_high, permutation_smallest_p, smallest_p_times_family,
        permutation_allocations``; ``baseline_difference, baseline_low,
        baseline_high``; ``smallest_effect_sd, smallest_effect`` (80 % power);
        ``problem`` (why an outcome could not be tested); ``run_id``.
    groups : DataFrame
        Changes within groups with intervals and without any p, each outcome's
        rows ending in the difference: ``outcome, label, n, mean_baseline,
        mean_change, low, high, sd_change, ratio, ratio_low, ratio_high``.
    changes : DataFrame
        One row per outcome and patient with both visits: ``outcome, patient,
        label, baseline, last, change, in_primary``, on the scale of analysis.
    trajectories : DataFrame
        ``outcome, patient, visit, value, analysed, label``, the unclassifiable
        included.
    sensitivity : DataFrame
        The primary analysis, those tagged sensitivity, and those tagged
        supplementary, which aim at another estimand: ``outcome, analysis,
        tag, estimate, low, high, p, n_responder, n_non_responder, note``.
    participant_flow : DataFrame
        Participant flow: ``outcome, step, label, n, patients``.
    limits, assumptions : tuple of str
        What these patients cannot show, and what the numbers rest on.
    provenance : dict
        Parameters, rule, versions, seed, and a hash of the analysed values.
    design : Design
        What was compared: ``measure, outcomes, order, baseline, last, labels``.
    estimand : Estimand
        What was estimated, by its five attributes; part of the run id.
    confidence : float
        Of all intervals.
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    changes: pd.DataFrame
    trajectories: pd.DataFrame
    sensitivity: pd.DataFrame
    participant_flow: pd.DataFrame
    limits: tuple[str, ...]
    assumptions: tuple[str, ...]
    provenance: dict[str, Any]
    design: Design
    estimand: Estimand
    confidence: float

    @property
    def headline(self) -> str:
        """The answer, the difference in change first."""
        if len(self.table) == 1:
            row: dict[str, Any] = self.table.iloc[0].to_dict()
            return headline(row, self.design, self.confidence)
        tested = self.table[self.table["p"].notna()]
        alpha = 1 - self.confidence
        found = tested[tested["p_adjusted"] < alpha]
        names = ", ".join(found["outcome"]) if len(found) else "none"
        return (
            f"Between-group difference in change from {self.design.baseline} to "
            f"{self.design.last}, responders minus non-responders, shown at an "
            f"adjusted p below {alpha:.2g} for {len(found)} of {len(tested)} "
            f"outcomes: {names}."
        )

    def methods(self) -> str:
        """Return a paragraph for a methods section: design, tests, n, versions."""
        return methods_of(self)

    def _details(self) -> list[str]:
        if len(self.table) > 1:
            return [family_words(self.table), seen_words(self.participant_flow)]
        row = self.table.iloc[0]
        labels = self.design.labels
        unknown = len(labels.patients("unclassifiable"))
        return [
            within(self.groups, row["scale"], self.confidence),
            permuted(row.to_dict()),
            seen_words(self.participant_flow),
            f"Labels by {labels.rule}; {unknown} of {len(labels.by_patient)} labelled "
            f"patients unclassifiable.",
        ]

    def _lines(self) -> list[str]:
        """One line for each outcome of a family, the smallest p first."""
        if len(self.table) == 1:
            return []
        alpha = 1 - self.confidence
        ranked = self.table.sort_values("p", kind="stable", na_position="last")
        lines = []
        for row in ranked.head(_SHOWN).to_dict("records"):
            if row["problem"]:
                lines.append(f"{row['outcome']}: not tested ({row['problem']})")
                continue
            lines.append(
                f"{row['outcome']}: {number(row['estimate'])} "
                f"({interval(row['low'], row['high'])}), {tested_words(row, alpha)}; "
                f"{row['n_responder']} v "
                f"{row['n_non_responder']} patients"
            )
        if len(ranked) > _SHOWN:
            lines.append(f"... and {len(ranked) - _SHOWN} more in .table")
        return lines

    def _sensitivity_html(self) -> str:
        """Show the sensitivity analyses of a single outcome."""
        if len(self.table) > 1:
            return ""
        own = self.sensitivity.drop(columns="outcome")
        table = own.to_html(index=False, border=0, float_format=number)
        return f"<details><summary>Sensitivity</summary>{table}</details>"

    def __repr__(self) -> str:
        lines = [self.headline, "Estimand:"]
        lines += [f"  {line}" for line in str(self.estimand).split("\n")]
        lines += [*(f"  {line}" for line in self._lines())]
        lines += self._details()
        lines.append("What these patients cannot show:")
        lines += [f"- {limit}" for limit in self.limits]
        lines.append(
            "look at: .table .groups .changes .trajectories .sensitivity "
            ".participant_flow .limits .assumptions .provenance"
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def listed(items: list[str] | tuple[str, ...]) -> str:
            return "<ul>" + "".join(f"<li>{escape(i)}</li>" for i in items) + "</ul>"

        details = " ".join(escape(detail) for detail in self._details())
        lines = self._lines()
        return (
            f"<div><p><b>{escape(self.headline)}</b></p>"
            f"{listed(lines) if lines else ''}<p>{details}</p>"
            f"<details open><summary>What these patients cannot show</summary>"
            f"{listed(self.limits)}</details>"
            f"<details><summary>Estimand</summary>"
            f"{listed(str(self.estimand).splitlines())}</details>"
            f"<details><summary>Assumptions</summary>{listed(self.assumptions)}"
            f"</details>{self._sensitivity_html()}</div>"
        )
