"""The next trial, planned from this study's variances and their uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import DesignError
from longate.longitudinal.labels import NON_RESPONDER, RESPONDER
from longate.longitudinal.power import welch_power
from longate.longitudinal.welch import FEWEST_FOR_TEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.longitudinal.result import ResponderAnalysis

_NODES, _VARIANCES, _DIFFERENCES = 24, 11, 11
_LEAST_SHARE = 0.05
"""Of the pilot's variance that is kept, however small counting and assay become."""


@dataclass(frozen=True, eq=False, repr=False)
class TrialPlan:
    """Power and assurance of designs, for the difference in change.

    Attributes
    ----------
    table : DataFrame
        One row per design: ``n_responder, n_non_responder`` (enrolled),
        ``n_expected`` (with both visits), ``events`` (times the pilot's),
        ``samples`` (averaged at each visit), ``sd_responder, sd_non_responder``,
        ``difference``, ``power`` (variances as estimated), ``power_low,
        power_high`` (the central 80 % of the variances' uncertainty),
        ``expected_power`` (mean over it), ``assurance`` (mean over the uncertainty
        of the difference too), ``cost`` (NaN without prices), ``problem``.
    outcome : str
    difference : float
        On the scale of analysis.
    assumptions : tuple of str
        What the numbers rest on.
    """

    table: pd.DataFrame
    outcome: str
    difference: float
    assumptions: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [
            f"Plan of the next trial for {self.outcome}: difference in change "
            f"{self.difference:.3g}",
            self.table.to_string(index=False, float_format=lambda x: f"{x:.3g}"),
            *(f"- {one}" for one in self.assumptions),
        ]
        return "\n".join(lines)


def plan_trial(
    pilot: ResponderAnalysis,
    *,
    sizes: Sequence[tuple[int, int]],
    difference: float | None = None,
    outcome: str | None = None,
    events: Sequence[float] = (1.0,),
    samples: Sequence[int] = (1,),
    counting_sd: float | None = None,
    within_sd: float | None = None,
    drop_out: float = 0.0,
    alpha: float = 0.05,
    cost_patient: float = math.nan,
    cost_sample: float = 0.0,
    cost_events: float = 0.0,
) -> TrialPlan:
    r"""Plan the next trial from a pilot's changes.

    With :math:`s_g^2` the pilot's variance of change in group g, :math:`c_g` its part
    by counting and w the standard deviation of one sample about the patient's level,
    a design with e times the events and r samples averaged at each visit has

    .. math:: s_g^2 - c_g + \frac{c_g}{e r} - 2 w^2 \left(1 - \frac1r\right)

    Power is that of Welch's t with unequal variances, by quadrature. The variances'
    uncertainty is :math:`(n_g - 1) s_g^2 / \chi^2_{n_g - 1}`; assurance also draws
    the difference from its posterior under a flat prior.

    Parameters
    ----------
    pilot : ResponderAnalysis
        This study.
    sizes : sequence of (int, int)
        Responders and non-responders to enrol.
    difference : float, optional
        The true difference to find, on the scale of analysis; by default the pilot's
        estimate, which is too large where the pilot was chosen for its result.
    outcome : str, optional
        Which outcome of the pilot.
    events : sequence of float
        Cells acquired, times those of the pilot.
    samples : sequence of int
        Samples averaged at baseline and at the last visit; above 1 needs `within_sd`.
    counting_sd : float, optional
        The part of a change's standard deviation that is counting; computed for
        counts k of n, else taken to be 0.
    within_sd : float, optional
        Standard deviation of one sample about a patient's level (biology within days
        and assay, without counting).
    drop_out : float
        Share of patients without the last visit, from 0 to below 1.
    alpha : float
        Two-sided level.
    cost_patient, cost_sample, cost_events : float
        Prices of a patient, of a sample, and of the pilot's number of events in one
        sample.

    Returns
    -------
    TrialPlan

    Raises
    ------
    DesignError
        If the outcome is unknown or was not analysed, or an option is out of range.

    References
    ----------
    O'Hagan, Stevens and Campbell 2005 on assurance, doi:10.1002/pst.175.
    """
    import pandas as pd

    row, sds = _pilot(pilot, outcome)
    _check(sizes, events, samples, within_sd, drop_out, alpha)
    counting = _counting(pilot, row["outcome"], counting_sd)
    target = float(row["estimate"]) if difference is None else float(difference)
    if not math.isfinite(target):
        msg = f"difference must be a finite number, got {difference!r}"
        raise DesignError(msg)
    pilot_n = int(row["n_responder"]), int(row["n_non_responder"])
    rows = []
    for (n, m), more, repeats in product(sizes, events, samples):
        changed = [
            _changed(sd**2, part, more, repeats, within_sd)
            for sd, part in zip(sds, counting, strict=True)
        ]
        kept = n * (1 - drop_out), m * (1 - drop_out)
        cost = (n + m) * (
            cost_patient + 2 * repeats * (cost_sample + more * cost_events)
        )
        rows.append(
            {
                "n_responder": n,
                "n_non_responder": m,
                "n_expected": sum(kept),
                "events": float(more),
                "samples": repeats,
                "sd_responder": math.sqrt(changed[0]),
                "sd_non_responder": math.sqrt(changed[1]),
                "difference": target,
                **_powers(target, row, kept, changed, pilot_n, sds, alpha),
                "cost": cost,
            }
        )
    said = _assumptions(pilot_n, difference, drop_out, counting)
    return TrialPlan(pd.DataFrame(rows), str(row["outcome"]), target, said)


def _pilot(
    pilot: ResponderAnalysis, outcome: str | None
) -> tuple[dict[str, Any], tuple[float, float]]:
    table = getattr(pilot, "table", None)
    if table is None or "estimate" not in table or not hasattr(pilot, "groups"):
        msg = (
            f"pilot must be the result of responder_analysis, got "
            f"{type(pilot).__name__}"
        )
        raise DesignError(msg)
    known = list(table["outcome"])
    if outcome is None and len(known) > 1:
        msg = f"the pilot has {len(known)} outcomes; name one by outcome="
        raise DesignError(msg)
    name = known[0] if outcome is None else outcome
    if name not in known:
        msg = (
            f"outcome={name!r} is not in the pilot; it has {listed(known)}"
            f"{suggest(str(name), known)}"
        )
        raise DesignError(msg)
    row = table[table["outcome"] == name].iloc[0].to_dict()
    if row["problem"]:
        msg = f"{name} was not analysed in the pilot: {row['problem']}"
        raise DesignError(msg)
    own = pilot.groups[pilot.groups["outcome"] == name].set_index("label")
    sds = tuple(float(own.loc[one, "sd_change"]) for one in (RESPONDER, NON_RESPONDER))
    return row, (sds[0], sds[1])


def _check(
    sizes: Sequence[tuple[int, int]],
    events: Sequence[float],
    samples: Sequence[int],
    within_sd: float | None,
    drop_out: float,
    alpha: float,
) -> None:
    if not sizes or any(len(one) != 2 or min(one) < 2 for one in sizes):
        msg = f"sizes must be pairs of at least 2 patients, got {sizes!r}"
        raise DesignError(msg)
    if not events or min(events) <= 0 or not samples or min(samples) < 1:
        msg = f"events must be above 0 and samples 1 or more, got {events}, {samples}"
        raise DesignError(msg)
    if max(samples) > 1 and within_sd is None:
        msg = (
            "averaging samples helps as far as samples of one visit differ; give "
            "within_sd=, the standard deviation of one sample about its patient's level"
        )
        raise DesignError(msg)
    if not 0 <= drop_out < 1 or not 0 < alpha < 1:
        msg = f"drop_out lies from 0 to below 1, alpha within; got {drop_out}, {alpha}"
        raise DesignError(msg)


def _counting(
    pilot: ResponderAnalysis, outcome: str, counting_sd: float | None
) -> tuple[float, float]:
    """Return the variance of a change by counting, in both groups."""
    if counting_sd is not None:
        return counting_sd**2, counting_sd**2
    design = pilot.design
    if len(design.measure.columns) != 2:
        return 0.0, 0.0
    k, n = design.measure.columns
    own = design.source[design.source["outcome"] == outcome]
    both = own[own["visit"].isin([design.baseline, design.last])].dropna()
    counts, sizes = both[k].to_numpy(float), both[n].to_numpy(float)
    if design.measure_of(outcome).scale == "logit":
        each = 1 / (counts + 0.5) + 1 / (sizes - counts + 0.5)
    else:
        p = (counts + 0.5) / (sizes + 1)
        each = p * (1 - p) / sizes
    label = both["patient"].map(dict(design.labels.by_patient)).to_numpy()
    found = [2 * float(each[label == one].mean()) for one in (RESPONDER, NON_RESPONDER)]
    return found[0], found[1]


def _changed(
    variance: float, counting: float, events: float, samples: int, within: float | None
) -> float:
    rest = variance - counting - 2 * (within or 0.0) ** 2 * (1 - 1 / samples)
    return max(rest, _LEAST_SHARE * variance) + counting / (events * samples)


def _powers(
    difference: float,
    row: dict[str, Any],
    kept: tuple[float, float],
    changed: list[float],
    pilot_n: tuple[int, int],
    sds: tuple[float, float],
    alpha: float,
) -> dict[str, Any]:
    from scipy.special import chdtri
    from scipy.stats import norm

    names = ("power", "power_low", "power_high", "expected_power", "assurance")
    if min(kept) < FEWEST_FOR_TEST:
        words = f"fewer than {FEWEST_FOR_TEST} patients expected in a group: no test"
        return dict.fromkeys(names, math.nan) | {"problem": words}

    def power(effect: float, one: float, other: float) -> float:
        second = math.sqrt(other)
        ratio = math.sqrt(one) / second
        return welch_power(effect / second, *kept, alpha, ratio, _NODES)

    at = (np.arange(_VARIANCES) + 0.5) / _VARIANCES
    drawn = [(n - 1) / chdtri(n - 1, at) for n in pilot_n]
    steps = norm.ppf((np.arange(_DIFFERENCES) + 0.5) / _DIFFERENCES)
    fixed, both = [], []
    for one, other in product(*drawn):
        now = one * changed[0], other * changed[1]
        fixed.append(power(difference, *now))
        error = math.sqrt(
            one * sds[0] ** 2 / pilot_n[0] + other * sds[1] ** 2 / pilot_n[1]
        )
        centre = float(row["estimate"])
        both.append(np.mean([power(centre + step * error, *now) for step in steps]))
    low, high = np.quantile(fixed, [0.1, 0.9])
    values = (power(difference, *changed), low, high, np.mean(fixed), np.mean(both))
    return dict(zip(names, map(float, values), strict=True)) | {"problem": ""}


def _assumptions(
    pilot_n: tuple[int, int],
    difference: float | None,
    drop_out: float,
    counting: tuple[float, float],
) -> tuple[str, ...]:
    chosen = (
        "The difference is the pilot's estimate, which is too large where the pilot "
        "was chosen for its result."
        if difference is None
        else "The difference was given."
    )
    known = (
        "Counting is a known part of the variance and falls with more events."
        if max(counting) > 0
        else "No counting variance is known, so more events change nothing here."
    )
    return (
        f"Variances of {pilot_n[0]} and {pilot_n[1]} patients are uncertain: see "
        f"power_low, power_high and expected_power.",
        chosen,
        "Assurance is the probability of a p below alpha over what the pilot leaves "
        "open of variances and difference (flat prior).",
        f"Drop-out of {100 * drop_out:g} % loses patients at random; the test is "
        f"Welch's t of changes that are roughly normal.",
        known,
    )
