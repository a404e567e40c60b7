"""Fixed effects beside variance components: biases of levels, and slopes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.quality.precision.reml import Fit, effects_covariance

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.quality.precision.likelihood import Model

_STEP = 1e-5

COLUMNS = ["column", "level", "bias", "low", "high", "df"]


def bias_table(
    model: Model,
    best: Fit,
    labels: Sequence[tuple[str, str, int]],
    confidence: float,
) -> pd.DataFrame:
    """Return every bias with its interval, on Satterthwaite's degrees of freedom.

    Parameters
    ----------
    model : Model
        The measurements.
    best : Fit
        Its maximum.
    labels : sequence of (column, level, position)
        Of the fixed effects. The last level of a column is minus the sum of the
        others, so that biases are differences from the mean of all levels.
    confidence : float
        Two-sided.

    Returns
    -------
    DataFrame
        ``column, level, bias, low, high, df``.
    """
    import pandas as pd
    from scipy.stats import t

    by_column: dict[str, list[tuple[str, int]]] = {}
    for column, level, at in labels:
        by_column.setdefault(column, []).append((level, at))
    rows = []
    for column, levels in by_column.items():
        slope = levels[0][0] == "slope"
        positions = [at for _, at in (levels if slope else levels[:-1])]
        for number, (level, _) in enumerate(levels):
            contrast = np.zeros(model.x.shape[1])
            if slope or number < len(levels) - 1:
                contrast[positions[number]] = 1.0
            else:
                contrast[positions] = -1.0
            value = float(contrast @ best.effects)
            variance = float(contrast @ best.effects_covariance @ contrast)
            df = _df(model, best, contrast, variance)
            half = float(t.ppf((1 + confidence) / 2, df)) * math.sqrt(variance)
            rows.append((column, level, value, value - half, value + half, df))
    return pd.DataFrame(rows, columns=COLUMNS)


def _df(
    model: Model, best: Fit, contrast: NDArray[np.float64], variance: float
) -> float:
    """Return Satterthwaite's degrees of freedom of one contrast.

    References
    ----------
    Fai and Cornelius 1996, doi:10.1080/00949659608811740.
    """
    gradient = np.zeros(len(best.variances))
    for at, value in enumerate(best.variances):
        if value <= 0:
            continue
        step = _STEP * value
        ends = []
        for sign in (1, -1):
            theta = best.variances.copy()
            theta[at] += sign * step
            try:
                found = effects_covariance(model, theta)
            except DesignError:
                return math.nan
            ends.append(float(contrast @ found @ contrast))
        gradient[at] = (ends[0] - ends[1]) / (2 * step)
    spread = float(gradient @ best.covariance @ gradient)
    return 2 * variance**2 / spread if spread > 0 else math.inf
