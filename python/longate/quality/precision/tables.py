"""Tables of variance components and of their totals, with intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.quality.precision.intervals import (
    Anova,
    chi_square_interval,
    difference_interval,
    profile_interval,
    satterthwaite_df,
    sum_interval,
    total_interval,
)
from longate.quality.precision.model import REPEATABILITY
from longate.quality.precision.result import FEWEST_DF

if TYPE_CHECKING:
    import pandas as pd

    from longate.quality.precision.designs import PrecisionDesign
    from longate.quality.precision.likelihood import Model
    from longate.quality.precision.measurements import Measurements
    from longate.quality.precision.model import EstimableModel
    from longate.quality.precision.reml import Fit


def component_table(
    read: Measurements,
    made: EstimableModel,
    best: Fit,
    anova: Anova | None,
    confidence: float,
) -> pd.DataFrame:
    """Return ``Uncertainty.components``.

    Parameters
    ----------
    read : Measurements
        The measurements.
    made : EstimableModel
        What can be told.
    best : Fit
        Its variances.
    anova : Anova or None
        Where the design is balanced and nested.
    confidence : float
        Of intervals.
    """
    import pandas as pd

    whole = float(best.variances.sum())
    rows: dict[str, dict[str, Any]] = {}
    for at, name in enumerate(made.names):
        variance, df = float(best.variances[at]), made.df[at]
        low, high, method = _interval(made.model, best, anova, at, confidence)
        unbounded = math.nan if anova is None else float(anova.components[at])
        status = "estimated"
        if variance <= 0:
            negative = f" (estimate {unbounded:.4g})" if unbounded < 0 else ""
            status = f"0: no variance found{negative}"
        if df < FEWEST_DF:
            status += f"; {df:g} df, not passed on"
        level = read.levels.get(name)
        rows[name] = {
            "variance": variance,
            "low": low,
            "high": high,
            "df": df,
            "levels": len(read.y) if level is None else int(level.max()) + 1,
            "unbounded": unbounded,
            "share": variance / whole if whole > 0 else math.nan,
            "method": method,
            "status": status,
            "passed_on": df >= FEWEST_DF,
        }
    for name, why in made.lost.items():
        level = read.levels.get(name)
        n = len(read.y) if level is None else int(level.max()) + 1
        rows[name] = {"levels": n, "status": why, "passed_on": False}
    order = [*read.levels, REPEATABILITY]
    frame = pd.DataFrame([{"component": n, **rows[n]} for n in order if n in rows])
    sd = np.sqrt(frame["variance"])
    frame.insert(2, "sd", sd)
    frame.insert(3, "cv_percent", [_cv(read, v) for v in frame["variance"]])
    return frame


def _interval(
    model: Model, best: Fit, anova: Anova | None, at: int, confidence: float
) -> tuple[float, float, str]:
    if anova is not None:
        ms, df = anova.mean_squares, anova.df
        if at == len(ms) - 1:
            low, high = chi_square_interval(float(ms[at]), float(df[at]), confidence)
            return low, high, "chi-square"
        pair = [float(v) for j in (at, at + 1) for v in (ms[j], df[j])]
        low, high = difference_interval(pair[0], pair[1], pair[2], pair[3], confidence)
        if high > 0:
            size = float(anova.sizes[at])
            return max(low / size, 0.0), high / size, "modified large sample"
    low, high = profile_interval(model, best, at, confidence)
    return low, high, "profile likelihood"


def total_table(
    read: Measurements,
    made: EstimableModel,
    best: Fit,
    anova: Anova | None,
    named: PrecisionDesign | None,
    confidence: float,
) -> pd.DataFrame:
    """Return ``Uncertainty.totals``; parameters as in :func:`component_table`.

    `named` is the design, which names its totals.
    """
    import pandas as pd

    inside = anova is not None and bool((anova.components > 0).all())
    rows = []
    count = len(made.names)
    for first in range(count - 1, -1, -1):
        chosen = np.zeros(count)
        chosen[first:] = 1.0
        variance = float(chosen @ best.variances)
        df = satterthwaite_df(variance, float(chosen @ best.covariance @ chosen))
        if anova is not None and inside:
            weights = anova.weights_of_total.copy()
            weights[:first] = 0.0
            weights[first] = 1 / anova.sizes[first]
            low, high = sum_interval(anova.mean_squares, anova.df, weights, confidence)
            if first == count - 1:
                low, high = chi_square_interval(variance, made.df[-1], confidence)
        else:
            low, high = total_interval(made.model, best, first, confidence)
        rows.append(
            {
                "total": _total_name(made, named, first),
                "variance": variance,
                "sd": math.sqrt(variance),
                "cv_percent": _cv(read, variance),
                "sd_low": math.sqrt(max(low, 0.0)) if low == low else math.nan,
                "sd_high": math.sqrt(high) if high == high else math.nan,
                "cv_low": _cv(read, max(low, 0.0)),
                "cv_high": _cv(read, high),
                "df": df,
            }
        )
    return pd.DataFrame(rows)


def _total_name(made: EstimableModel, named: PrecisionDesign | None, first: int) -> str:
    if named is not None and not made.lost:
        return named.totals[len(made.names) - 1 - first]
    if first == len(made.names) - 1:
        return made.names[-1]
    return "all components" if first == 0 else " + ".join(made.names[first:])


def _cv(read: Measurements, variance: float) -> float:
    """Return the coefficient of variation at the mean level, in percent."""
    if not variance >= 0:
        return math.nan
    if read.scale == "log":
        return 100 * math.sqrt(math.expm1(variance))
    if read.scale == "logit":
        return 100 * math.sqrt(variance) * (1 - read.mean)
    return 100 * math.sqrt(variance) / read.mean if read.mean > 0 else math.nan
