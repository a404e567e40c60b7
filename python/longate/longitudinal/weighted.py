"""A difference weighted with a prior, and how far a found one is exaggerated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_POINTS = 20_001
_FACTORS = (0.5, 1.0, 2.0)


@dataclass(frozen=True, eq=False, repr=False)
class WeightedDifference:
    """A difference in change, weighted with one normal prior.

    Attributes
    ----------
    mean, low, high : float
        Posterior mean and central interval.
    probability_of_direction : float
        Posterior probability of the estimate's sign.
    sensitivity : DataFrame
        The same with the prior's SD halved and doubled: ``prior_sd, mean, low, high,
        probability_of_direction``.
    sign_error, magnitude_error : float
        Of a study like this one, were the posterior mean (or `true_difference`) the
        truth: the probability that a result with p < alpha has the wrong sign, and
        the factor by which it is too large on average.
    power : float
        Probability of p < alpha then.
    words : tuple of str
        The prior and what the numbers mean.
    """

    mean: float
    low: float
    high: float
    probability_of_direction: float
    sensitivity: pd.DataFrame
    sign_error: float
    magnitude_error: float
    power: float
    words: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join((*self.words, self.sensitivity.to_string(index=False)))


def weighted_difference(
    *,
    estimate: float,
    error: float,
    df: float,
    prior_sd: float,
    prior_mean: float = 0.0,
    true_difference: float | None = None,
    confidence: float = 0.95,
) -> WeightedDifference:
    r"""Weight a difference with a stated normal prior.

    .. math:: \pi(\delta \mid d) \propto t_\nu\!\left(\frac{d - \delta}{s}\right)
       \exp\!\left(-\frac{(\delta - m)^2}{2 \tau^2}\right)

    by quadrature: no sampler, no other prior.

    Parameters
    ----------
    estimate, error, df : float
        The difference, its standard error and degrees of freedom (of a row of
        ``responder_analysis``: ``estimate``, ``estimate / t``, ``df``).
    prior_sd : float
        SD of the prior, on the scale of the estimate, above 0: there is no default.
        About 95 % of differences of this kind are expected within 2 of it.
    prior_mean : float
        0 expects no difference.
    true_difference : float, optional
        For sign and magnitude error; by default the posterior mean.
    confidence : float
        Of the interval; alpha of the errors is 1 - confidence.

    Returns
    -------
    WeightedDifference

    Raises
    ------
    DesignError
        If the prior has no scale, or numbers are not finite.

    References
    ----------
    van Zwet and Gelman 2022 on shrinkage, doi:10.1080/00031305.2021.1938265. Gelman
    and Carlin 2014 on sign and magnitude error, doi:10.1177/1745691614551642.

    Examples
    --------
    >>> from longate.longitudinal import weighted_difference
    >>> found = weighted_difference(estimate=0.06, error=0.02, df=8, prior_sd=0.03)
    >>> round(found.mean, 3), round(found.probability_of_direction, 3)
    (0.038, 0.966)
    """
    import pandas as pd

    _check(estimate, error, df, prior_sd, prior_mean, confidence)
    rows = []
    for factor in _FACTORS:
        found = _posterior(
            estimate, error, df, prior_mean, factor * prior_sd, confidence
        )
        rows.append((factor * prior_sd, *found))
    names = ["prior_sd", "mean", "low", "high", "probability_of_direction"]
    table = pd.DataFrame(rows, columns=names)
    mean, low, high, direction = rows[1][1:]
    truth = mean if true_difference is None else true_difference
    power, sign, magnitude = design_errors(truth, error, df, 1 - confidence)
    words = (
        f"Difference {estimate:.3g}; weighted with a prior of mean {prior_mean:g} and "
        f"SD {prior_sd:g}: {mean:.3g} ({100 * confidence:g} % interval {low:.3g} to "
        f"{high:.3g}).",
        f"Probability that it is {'above' if estimate >= 0 else 'below'} 0: "
        f"{direction:.3f}.",
        f"Were the truth {truth:.3g}, a study like this finds it in "
        f"{100 * power:.0f} %, of these with the wrong sign in {100 * sign:.1f} %, "
        f"and {magnitude:.2g} times too large on average.",
    )
    return WeightedDifference(
        mean, low, high, direction, table, sign, magnitude, power, words
    )


def _check(
    estimate: float,
    error: float,
    df: float,
    prior_sd: float,
    prior_mean: float,
    confidence: float,
) -> None:
    if prior_sd is None or not 0 < prior_sd < math.inf:
        msg = (
            f"the prior needs a scale: prior_sd is above 0 and finite, on the scale of "
            f"the estimate (95 % of such differences lie within 2 of it); got "
            f"{prior_sd!r}"
        )
        raise DesignError(msg)
    if not (math.isfinite(estimate) and math.isfinite(prior_mean)):
        msg = f"estimate and prior_mean must be finite, got {estimate}, {prior_mean}"
        raise DesignError(msg)
    if not (0 < error < math.inf and df > 0 and 0 < confidence < 1):
        msg = (
            f"error and df must be above 0 and confidence within 0 and 1; got "
            f"{error}, {df}, {confidence}"
        )
        raise DesignError(msg)


def _posterior(
    estimate: float,
    error: float,
    df: float,
    prior_mean: float,
    prior_sd: float,
    confidence: float,
) -> tuple[float, float, float, float]:
    """Return mean, ends and probability of direction, by the trapezoid rule."""
    reach = 12 * min(prior_sd, 50 * error)
    low = min(estimate, prior_mean) - reach
    high = max(estimate, prior_mean) + reach
    grid = np.linspace(low, high, _POINTS)
    log = _log_t((estimate - grid) / error, df)
    log = log - ((grid - prior_mean) / prior_sd) ** 2 / 2
    density = np.exp(log - log.max())
    steps = (density[1:] + density[:-1]) / 2
    below = np.concatenate([[0.0], np.cumsum(steps)])
    below /= below[-1]
    mean = float(np.sum(grid * density) / np.sum(density))
    ends = np.interp([(1 - confidence) / 2, (1 + confidence) / 2], below, grid)
    negative = float(np.interp(0.0, grid, below))
    direction = 1 - negative if estimate >= 0 else negative
    return mean, float(ends[0]), float(ends[1]), direction


def _log_t(x: NDArray[np.float64], df: float) -> NDArray[np.float64]:
    if math.isinf(df):
        return np.asarray(-(x**2) / 2)
    return np.asarray(-(df + 1) / 2 * np.log1p(x**2 / df))


def design_errors(
    truth: float, error: float, df: float, alpha: float = 0.05
) -> tuple[float, float, float]:
    r"""Return power, sign error and magnitude error of a design.

    The estimate is :math:`\delta + s\,T` with Student's T; of those beyond the
    critical value, the share with the wrong sign and the mean size over the truth
    (Gelman and Carlin 2014, doi:10.1177/1745691614551642; there by simulation).

    Parameters
    ----------
    truth : float
        The true difference.
    error, df : float
        Standard error and degrees of freedom (infinite for the normal).
    alpha : float

    Examples
    --------
    >>> from longate.longitudinal.weighted import design_errors
    >>> import math
    >>> [round(one, 2) for one in design_errors(0.1, 3.28, math.inf)]
    [0.05, 0.46, 76.69]
    """
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    if truth == 0:
        return alpha, 0.5, math.inf
    normal = math.isinf(df)
    bar = float(ndtri(1 - alpha / 2) if normal else stdtrit(df, 1 - alpha / 2))
    shift = abs(truth) / error

    def above(x: float) -> float:
        return float(ndtr(-x) if normal else stdtr(df, -x))

    right, wrong = above(bar - shift), above(bar + shift)
    power = right + wrong
    # E[T; T > x]: phi(x), and for Student (df + x^2) / (df - 1) times its density.
    if not normal and df <= 1:
        return power, wrong / power, math.inf
    tails = _partial(bar - shift, df) + _partial(bar + shift, df)
    size = tails + shift * (right - wrong)
    return power, wrong / power, size / power / shift


def _partial(x: float, df: float) -> float:
    """Return the integral of T's density times T beyond x."""
    if math.isinf(df):
        return math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    log = (
        math.lgamma((df + 1) / 2)
        - math.lgamma(df / 2)
        - math.log(df * math.pi) / 2
        - (df + 1) / 2 * math.log1p(x**2 / df)
    )
    return math.exp(log) * (df + x**2) / (df - 1)
