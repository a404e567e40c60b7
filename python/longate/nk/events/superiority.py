"""The chance that a later cell scores above an earlier one, by ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._core import superiority as _superiority
from longate.exceptions import MaturationError
from longate.statistics import Z95, newcombe_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Superiority:
    """Probability that a cell of a later sample scores above one of an earlier one.

    Attributes
    ----------
    theta : float
        ``P(later > earlier) + P(later = earlier) / 2``; 0.5 where neither is higher.
    counting_low, counting_high : float
        95 % interval for counting error alone: cells are no independent replicates of
        a patient, and biology, staining and gates do not enter.
    method : str
        ``"placements, logit"``, or ``"Newcombe 5"`` where the placements do not vary.
    """

    theta: float
    counting_low: float
    counting_high: float
    method: str


def superiority(earlier: ArrayLike, later: ArrayLike) -> Superiority:
    """Compare two samples of cells by ranks (Mann and Whitney), ties counting half.

    Parameters
    ----------
    earlier, later : (n,) array-like of float
        Scores of events, without NaN.

    Returns
    -------
    Superiority
        Unchanged by any increasing map of all scores, and by the order of events.

    Raises
    ------
    MaturationError
        If a sample has no event, or a score is NaN.

    Notes
    -----
    The variance is that of the placements of either sample in the other (DeLong et al.
    1988), the interval is taken on the logit of theta (Qin & Hotilovac 2008). Where no
    placement varies (one sample lies wholly above the other, or all scores are tied),
    the interval is Newcombe's method 5, which needs no variance from the data.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837, doi:10.2307/2531595.
    Qin & Hotilovac 2008, Stat Methods Med Res 17:207, doi:10.1177/0962280207087173.
    Newcombe 2006, Stat Med 25:559, doi:10.1002/sim.2324.

    Examples
    --------
    >>> import longate as lg
    >>> lg.nk.superiority([0.1, 0.2, 0.3], [0.2, 0.4, 0.5]).theta.__round__(4)
    0.8333
    """
    x = np.ascontiguousarray(earlier, dtype=float)
    y = np.ascontiguousarray(later, dtype=float)
    try:
        theta, var_x, var_y = _superiority(x, y)
    except ValueError as error:
        msg = f"two samples cannot be compared by ranks: {error}"
        raise MaturationError(msg) from None
    variance = var_x / len(x) + var_y / len(y)
    if variance > 0 and 0 < theta < 1:
        centre = math.log(theta / (1 - theta))
        half = Z95 * math.sqrt(variance) / (theta * (1 - theta))
        low, high = _expit(centre - half), _expit(centre + half)
        return Superiority(theta, low, high, "placements, logit")
    return Superiority(theta, *newcombe_interval(theta, len(x), len(y)), "Newcombe 5")


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
