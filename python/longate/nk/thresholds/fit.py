"""One threshold from one source, with its negatives, error and complaints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.exceptions import MaturationError
from longate.nk.stages.scheme import CD56_BRIGHT, CD56_POSITIVE
from longate.nk.thresholds.density import ChannelDensity
from longate.nk.thresholds.positivity import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from longate.cytometry.transforms import Transform

POINTS = 512
BIMODAL = 0.25
"""A larger share of events in an upper mode makes a population of negatives bimodal."""
_RIPPLE = 0.15
ONE_SD = math.erf(1 / math.sqrt(2))
_REPLICATES = 60


@dataclass(frozen=True)
class Fit:
    """Threshold of one marker from one source in one sample.

    Parameters
    ----------
    threshold, se : float
        Threshold, and its standard error by bootstrap of the events.
    negative_mean, negative_sd : float or None
        Of the negatives, on the channel's scale.
    positive_mean, positive_sd : float or None
        Of the positives where the source shows them.
    n_events : int
        Events looked at.
    density : ChannelDensity or None
        Their density, for pictures.
    """

    threshold: float
    se: float = math.nan
    negative_mean: float | None = None
    negative_sd: float | None = None
    positive_mean: float | None = None
    positive_sd: float | None = None
    n_events: int = 0
    density: ChannelDensity | None = None

    @property
    def components(self) -> dict[str, float]:
        """Means and standard deviations, NaN where they are not known."""
        names = ("negative_mean", "negative_sd", "positive_mean", "positive_sd")
        found = {name: getattr(self, name) for name in names}
        return {n: math.nan if v is None else float(v) for n, v in found.items()}


def fit_negatives(
    values: NDArray[np.float64],
    scale: Transform | None,
    *,
    least: int,
    extra_variance: float = 0.0,
    seed: int = 0,
) -> Fit:
    """Return the 99 % point of negatives: their median + 2.326 standard deviations.

    Median and standard deviation are those of the linear values, on which negatives
    with much spread are symmetric (a logicle scale folds them at zero), so that the
    threshold follows any gain exactly. The standard deviation is that of the lower
    half, mirrored; events more than three of them above the median are left out, and
    both are taken again until nothing changes.

    Parameters
    ----------
    values : (n,) array of float
        Scaled values of negative events; a tail of positives above does no harm.
    scale : Transform or None
        Of the channel.
    least : int
        Fewer events are refused.
    extra_variance : float
        Spread that the scored cells have and these do not, squared, linear.
    seed : int
        Of the bootstrap.

    Raises
    ------
    MaturationError
        If there are too few events, the channel is constant, or the population is
        bimodal.
    """
    density = _density(values, least)
    linear = np.sort(values if scale is None else scale.inverse(values))
    kept = _without_tail(linear)
    median, sd = _lower_half(kept)
    if not sd > 0:
        msg = f"constant below its median ({median:g}); the channel holds no signal"
        raise MaturationError(msg)
    _refuse_bimodal((linear - median) / sd, scale, median, sd)

    def limit(middle: float, width: float) -> float:
        return middle + LIMIT * math.sqrt(width**2 + extra_variance)

    random = np.random.default_rng(seed)
    drawn = [random.integers(0, len(kept), len(kept)) for _ in range(_REPLICATES)]
    limits = [limit(*_lower_half(kept, chosen)) for chosen in drawn]
    linear_values = np.array([median, limit(median, sd), *limits])
    centre, threshold, *again = (
        linear_values if scale is None else scale(linear_values)
    ).tolist()
    return Fit(
        threshold=threshold,
        se=float(np.std(again, ddof=1)),
        negative_mean=centre,
        negative_sd=(threshold - centre) / LIMIT,
        n_events=len(values),
        density=density,
    )


def _lower_half(
    ordered: NDArray[np.float64], drawn: NDArray[np.int64] | None = None
) -> tuple[float, float]:
    """Return median, and standard deviation from what lies below it.

    With `drawn`, those of the bootstrap sample of these indices.
    """
    n = len(ordered)
    if drawn is None:
        middle, below = n // 2, int((1 - ONE_SD) * (n // 2))
    else:
        reached = np.cumsum(np.bincount(drawn, minlength=n))
        middle = int(np.searchsorted(reached, n / 2))
        below = int(np.searchsorted(reached, (1 - ONE_SD) * reached[middle]))
    median = float(ordered[middle])
    return median, median - float(ordered[below])


def _without_tail(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = ordered
    while True:
        median, sd = _lower_half(kept)
        inside = int(np.searchsorted(ordered, median + 3 * sd, side="right"))
        if inside >= len(kept) or inside < 2:
            return kept
        kept = ordered[:inside]


def _refuse_bimodal(
    standardised: NDArray[np.float64],
    scale: Transform | None,
    median: float,
    sd: float,
) -> None:
    # asinh of a standard normal variable has one flat mode, wherever zero lies.
    rescaled = np.arcsinh(standardised)
    density = ChannelDensity.of([rescaled], points=POINTS)
    # Its flat top has ripples in a finite sample, so a mode must stand out by more.
    strong = [
        mode for mode in density.modes if mode.prominence > _RIPPLE * density.peak
    ]
    if len(strong) < 2:
        return
    valley, lower, upper = density.valley()
    share = float((rescaled > valley).mean())
    if share > BIMODAL:
        linear = median + sd * np.sinh([lower.location, upper.location])
        where = linear if scale is None else scale(linear)
        msg = (
            f"bimodal (modes at {where[0]:.3g} and {where[1]:.3g}, {share:.0%} of the "
            "events in the upper one), so it holds more than negatives; gate it "
            "further or name another population"
        )
        raise MaturationError(msg)


def fit_valley(
    values: NDArray[np.float64], call: str, *, least: int, seed: int = 0
) -> Fit:
    """Return the valley of the NK cells' own density for a call.

    For CD56bright the valley above the highest mode (CD56dim), for CD56 the one below
    it, else the one between the two most prominent modes.

    Raises
    ------
    MaturationError
        If there are too few events, the channel is constant, or there is no valley.
    """
    density = _density(values, least)
    side = {CD56_BRIGHT: "above", CD56_POSITIVE: "below"}.get(call)

    def limit(one: ChannelDensity) -> float:
        return one.valley(side)[0]

    threshold = limit(density)
    negative, positive = density.negatives(threshold), density.positives(threshold)
    return Fit(
        threshold,
        _bootstrap(density, limit, seed),
        *negative,
        *positive,
        n_events=len(values),
        density=density,
    )


def fit_positives(values: NDArray[np.float64], *, least: int) -> tuple[float, float]:
    """Return mean and standard deviation of positives above the valley below them.

    Raises
    ------
    MaturationError
        As in :func:`fit_valley`.
    """
    density = _density(values, least)
    return density.positives(density.valley()[0])


def _density(values: NDArray[np.float64], least: int) -> ChannelDensity:
    if not len(values):
        msg = "empty: no event lies in it"
        raise MaturationError(msg)
    undefined = int(np.isnan(values).sum())
    if undefined:
        msg = f"{undefined} events are NaN in this channel; gate them out first"
        raise MaturationError(msg)
    if len(values) < least:
        msg = (
            f"too few cells: {len(values)} events, at least {least} are wanted; "
            "acquire more, pool runs, or lower least_events"
        )
        raise MaturationError(msg)
    return ChannelDensity.of([values], points=POINTS)


def _bootstrap(
    density: ChannelDensity, limit: Callable[[ChannelDensity], float], seed: int
) -> float:
    found: list[Any] = []
    for again in density.resampled(seed, _REPLICATES):
        try:
            found.append(limit(again))
        except MaturationError:
            continue
    return float(np.std(found, ddof=1)) if len(found) > 1 else math.nan
