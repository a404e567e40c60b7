"""Measurement uncertainty as found: components, totals, biases and acceptance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate._validation import listed
from longate.exceptions import DesignError
from longate.quality.variation import Variation

if TYPE_CHECKING:
    import pandas as pd

FEWEST_DF = 5
"""A component on fewer degrees of freedom is shown and not passed on."""


@dataclass(frozen=True, repr=False, eq=False)
class Uncertainty:
    """Variance components of repeated measurements, and what follows from them.

    Made by :func:`longate.quality.uncertainty`.

    Parameters
    ----------
    components : DataFrame
        One row per component, outermost first, ``"repeatability"`` last:
        ``component, variance, sd, cv_percent, low, high`` (interval of the variance),
        ``df, levels, unbounded`` (the estimate that may be negative; missing where the
        design is not balanced), ``share`` (of the total), ``method`` (of the
        interval), ``status``, ``passed_on``.
    totals : DataFrame
        Sums from the innermost component outwards: ``total, variance, sd,
        cv_percent, sd_low, sd_high, cv_low, cv_high, df`` (Satterthwaite).
    biases : DataFrame
        Fixed effects: ``column, level, bias`` (difference from the mean of all
        levels, on the analysis scale; a slope for a number), ``low, high, df``.
    acceptance : DataFrame
        Verdict on each stated limit; empty without limits.
    counting_variance : float
        Mean known variance of counting, on the analysis scale; in no component.
    mean : float
        Level of the measurements, at which coefficients of variation are stated.
    scale : str
        ``"identity"``, ``"log"`` or ``"logit"``.
    design : str
        Name of the design, or the terms.
    n, n_specimens : int
        Measurements and specimens used.
    confidence : float
        Of all intervals.
    words : tuple of str
        What was left out, assumed, merged or not estimable.
    """

    components: pd.DataFrame
    totals: pd.DataFrame
    biases: pd.DataFrame
    acceptance: pd.DataFrame
    counting_variance: float
    mean: float
    scale: str
    design: str
    n: int
    n_specimens: int
    confidence: float
    words: tuple[str, ...]

    def __repr__(self) -> str:
        """Say components and totals with their intervals."""
        head = (
            f"Uncertainty · {self.design} · {self.n} measurements of "
            f"{self._specimens} · "
            f"scale {self.scale} · mean {self.mean:.4g}"
        )
        lines = []
        for row in self.components.itertuples():
            if math.isnan(row.variance):
                lines.append(f"  {row.component}: {row.status}")
                continue
            lines.append(
                f"  {row.component}: SD {row.sd:.4g} ({math.sqrt(max(row.low, 0)):.3g} "
                f"to {math.sqrt(row.high):.3g}), {row.df:g} df, "
                f"{100 * row.share:.0f} % of the variance; {row.status}"
            )
        for row in self.totals.itertuples():
            cv = "" if math.isnan(row.cv_percent) else f", CV {row.cv_percent:.3g} %"
            lines.append(
                f"  {row.total}: SD {row.sd:.4g} ({row.sd_low:.3g} to "
                f"{row.sd_high:.3g}){cv}, {row.df:.1f} df"
            )
        return "\n".join([head, *lines, *(f"  {word}" for word in self.words)])

    def _repr_html_(self) -> str:
        """Show the same in a notebook."""
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self.totals.to_html(index=False)}"

    def total(self, name: str | None = None) -> pd.Series:
        """Return one row of :attr:`totals`, the outermost by default.

        Raises
        ------
        DesignError
            If there is no such total.
        """
        if name is None:
            return self.totals.iloc[-1]
        found = self.totals[self.totals["total"] == name]
        if found.empty:
            msg = (
                f"there is no total {name!r}; there are {listed(self.totals['total'])}"
            )
            raise DesignError(msg)
        return found.iloc[0]

    @property
    def assay(self) -> Variation:
        """Assay variation with its degrees of freedom, counting removed.

        For :func:`longate.nk.reference_change` and for planning a trial: the standard
        deviation of the outermost total on the scales ``"identity"`` and ``"logit"``,
        its coefficient of variation (0.1 for 10 %) on ``"log"``.

        Raises
        ------
        DesignError
            If a component has fewer than 5 degrees of freedom: its size is known too
            badly to be passed on (on 1 df its SD is known within a factor .45-32).
        """
        row = self.total()
        if row["variance"] == 0:
            msg = (
                "no variance was found beyond counting error; the upper limit of its "
                f"SD is {row['sd_high']:.3g}. Give that with its source as "
                "lg.nk.Variation, or measure more replicates"
            )
            raise DesignError(msg)
        few = self.components[~self.components["passed_on"]]
        few = few[few["variance"].notna()]
        if len(few):
            named = [f"{r.component} ({r.df:g} df)" for r in few.itertuples()]
            msg = (
                f"{listed(named)}: below {FEWEST_DF} degrees of freedom a component is "
                "shown and not passed on; measure more levels, or give an assumed size "
                "with its source (lg.nk.Variation)"
            )
            raise DesignError(msg)
        if not row["df"] >= FEWEST_DF:
            msg = (
                f"the {row['total']} is known on {row['df']:.2g} degrees of freedom: "
                "counting error hides it, or nearly nothing was replicated; count more "
                "cells, or measure more replicates"
            )
            raise DesignError(msg)
        size = float(row["sd"])
        if self.scale == "log":
            size = math.sqrt(math.expm1(float(row["variance"])))
        return Variation(size, self._source(str(row["total"])), float(row["df"]))

    @property
    def _specimens(self) -> str:
        return f"{self.n_specimens} specimen{'s' if self.n_specimens != 1 else ''}"

    def _source(self, total: str) -> str:
        found = self.components[self.components["variance"].notna()]["component"]
        lots = (
            ""
            if any("lot" in str(name).casefold() for name in found)
            else "; one lot, or lots not told apart"
        )
        return (
            f"measured: {total} of {', '.join(found)} ({self.design}, {self.n} "
            f"measurements of {self._specimens}, counting removed{lots})"
        )

    def share_of_change(self, sd_change: float) -> float:
        """Return the share of the variance of a change that is assay variation.

        ``2 s² / sd²``: both ends of a change carry it. It says what a better assay
        could gain in the next trial; no interval of a group difference is narrowed by
        it, because error of measurement does not bias a difference of means.

        Parameters
        ----------
        sd_change : float
            Standard deviation of the patients' changes, on the same scale.

        Raises
        ------
        DesignError
            If it is not above 0.
        """
        if not (sd_change > 0 and math.isfinite(sd_change)):
            msg = f"sd_change must be above 0, got {sd_change!r}"
            raise DesignError(msg)
        return 2 * float(self.total()["variance"]) / sd_change**2
