"""Power of designs of the next trial, against their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.plot.palette import FAINT, GRID, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from longate.longitudinal import TrialPlan


def trial_plan(plan: TrialPlan, *, ax: Axes | None = None) -> Axes:
    """Draw power and assurance against the number of patients.

    Parameters
    ----------
    plan : TrialPlan
        Of :func:`longate.longitudinal.plan_trial`.
    ax : Axes, optional
        By default a figure is made.

    Returns
    -------
    Axes
        One line of power for each number of events and samples, with the central
        80 % that the pilot's variances leave open, and assurance dashed.
    """
    from longate.plot.canvas import axes_or_new

    axes = axes_or_new(ax, 6.0, 4.0)
    table = plan.table[plan.table["problem"] == ""]
    for shade, ((events, samples), rows) in zip(
        ("#0072B2", "#D55E00", "#009E73", "#CC79A7", INK, FAINT) * 9,
        table.groupby(["events", "samples"], sort=False),
        strict=False,
    ):
        own = rows.assign(n=rows["n_responder"] + rows["n_non_responder"])
        own = own.sort_values("n")
        label = f"{events:g} x events, {samples:g} sample(s) a visit"
        axes.fill_between(
            own["n"], own["power_low"], own["power_high"], color=shade, alpha=0.15, lw=0
        )
        axes.plot(own["n"], own["power"], "o-", color=shade, label=label)
        axes.plot(own["n"], own["assurance"], "o--", color=shade, mfc="white", ms=4)
    axes.axhline(0.8, color=FAINT, lw=0.8)
    axes.set_ylim(0, 1)
    axes.set_xlabel("patients enrolled")
    axes.set_ylabel("probability of p < alpha")
    axes.set_title(
        f"{plan.outcome}: difference in change {plan.difference:.3g}\n"
        "lines: power (bands: 80 % of the variances' uncertainty); dashed: assurance",
        fontsize=9,
        loc="left",
    )
    axes.grid(color=GRID, lw=0.6)
    if len(table):
        axes.legend(fontsize=8, frameon=False, loc="lower right")
    return axes
