"""The spillover spreading matrix: noise of fluorochromes in other channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.cytometry.matrix_input import compensation_of
from longate.exceptions import SpilloverError
from longate.statistics import Z95

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.spillover_controls import SpilloverEstimate

_P84 = 0.8413447460685429
# Variance of (84 % quantile - median) of n normal values, times n / sd^2.
_SPREAD_VARIANCE = 2.2072


def spillover_spreading(
    controls: SpilloverEstimate, compensation: Compensation | None = None
) -> pd.DataFrame:
    """Return the spillover spreading matrix of single-stain controls.

    For fluorochrome `k` and channel `j`, on compensated values of the control of `k`::

        SS = sqrt((sd_pos_j^2 - sd_neg_j^2) / (F_pos_k - F_neg_k))

    where ``F`` are medians in the fluorochrome's own channel and ``sd`` the distance
    from the median to the 84 % quantile, for positive and negative events. A
    fluorochrome of brightness F widens channel `j` by ``SS sqrt(F)``.

    Parameters
    ----------
    controls : SpilloverEstimate
        From :func:`longate.spillover_from_controls`.
    compensation : Compensation, optional
        Another matrix with the same detectors; by default that of the controls.

    Returns
    -------
    pandas.DataFrame
        One row per fluorochrome and other channel: ``fluorochrome, channel, spreading,
        low, high`` (asymptotic 95 % interval), ``variance_added`` (the difference of
        the variances, of either sign), ``signal`` (the difference of the medians).
        Where positive events are no wider than negative ones, ``spreading`` is 0, and
        so is ``low`` where the interval of the variance reaches below 0.

    Raises
    ------
    SpilloverError
        If the matrix has other detectors or fluorochromes than the controls.

    References
    ----------
    Nguyen, Perfetto, Mahnke, Chattopadhyay & Roederer 2013, Cytometry A 83:306,
    doi:10.1002/cyto.a.22251.
    """
    import pandas as pd

    matrix = compensation_of(compensation) or controls.compensation
    own = controls.compensation
    if matrix.detectors != own.detectors or set(matrix.fluorochromes) != set(
        own.fluorochromes
    ):
        msg = (
            f"the matrix has detectors {matrix.detectors} and fluorochromes "
            f"{matrix.fluorochromes}, the "
            f"controls {own.detectors} and {own.fluorochromes}"
        )
        raise SpilloverError(msg)
    rows = []
    for fluorochrome, split in controls.splits.items():
        positive, negative = matrix.apply(split.positive), matrix.apply(split.negative)
        index = matrix.fluorochromes.index(fluorochrome)
        medians = np.median(positive[:, index]), np.median(negative[:, index])
        signal = float(medians[0] - medians[1])
        if signal <= 0:
            msg = (
                f"compensated, control {fluorochrome!r} is no brighter than its "
                f"negatives"
            )
            raise SpilloverError(msg)
        for other, channel in enumerate(matrix.fluorochromes):
            if other != index:
                added, error = _added(positive[:, other], negative[:, other])
                bounds = [added, added - Z95 * error, added + Z95 * error]
                roots = np.sqrt(np.maximum(bounds, 0.0) / signal).tolist()
                rows.append((fluorochrome, channel, *roots, added, signal))
    columns = [
        "fluorochrome",
        "channel",
        "spreading",
        "low",
        "high",
        "variance_added",
        "signal",
    ]
    return pd.DataFrame(rows, columns=columns)


def _added(
    positive: NDArray[np.float64], negative: NDArray[np.float64]
) -> tuple[float, float]:
    """Return the difference of the variances, and its standard error."""
    variances, errors = [], []
    for values in (positive, negative):
        median, upper = np.quantile(values, [0.5, _P84])
        variances.append((upper - median) ** 2)
        errors.append(2 * variances[-1] * np.sqrt(_SPREAD_VARIANCE / len(values)))
    return float(variances[0] - variances[1]), float(np.hypot(*errors))
