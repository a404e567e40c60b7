"""Positivity: what decides that an event is positive for a marker, and how surely."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from longate._core import score_events
from longate._validation import listed
from longate.exceptions import MaturationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

LIMIT = 2.3263478740408408
"""99 % point of the normal distribution: the end of negatives by themselves."""

KernelPositivity = tuple[str, tuple[float, ...]]


@dataclass(frozen=True)
class Positivity:
    """Rule that decides which values of one marker are positive in one sample.

    All values are on the strategy's scale of the marker.

    Parameters
    ----------
    negative_mean, negative_sd : float, optional
        Mean and standard deviation (> 0) of negative events, as an FMO control, an
        internal negative population or a fit gives them.
    positive_mean, positive_sd : float, optional
        The same of positive events; the mean lies above that of the negatives.
    prior : float
        Share of positive events expected, in (0, 1).
    spread : mapping of str to float, optional
        Channel of another fluorochrome -> spillover-spreading coefficient: the standard
        deviation on this marker's scale that one unit (linear, compensated) of the
        its intensity adds, so that
        ``σ² = σ0² + Σ_k SS_k² max(I_k, 0)`` for each event.
    threshold : float, optional
        A hard limit; events from it on are positive without doubt. It decides alone
        where it is given, whatever else is known.
    source : str
        Where the numbers come from, kept beside every score made of them.

    Raises
    ------
    MaturationError
        If neither a threshold nor negatives are given, or a number is out of range.

    Notes
    -----
    With both components the probability of being positive has the log-odds
    ``ln(p φ(x; μ1, σ1) / ((1 - p) φ(x; μ0, σ0)))`` for x between the two means. Beyond
    them, where unequal standard deviations would turn the odds back, they go on along
    their tangent: more signal never means less positive. With equal standard deviations
    this is the logistic posterior everywhere. Spread is added to both variances.

    With negatives alone the log-odds are ``ln(p / (1 - p)) + 2 c (z - c)``, with
    ``z = (x - μ0) / σ`` and c = 2.326, the 99 % point: the posterior if positives lay
    as far above the limit ``μ0 + c σ`` as negatives lie below it.

    References
    ----------
    Spillover spreading: Nguyen et al. 2013, Cytometry A 83, doi:10.1002/cyto.a.22251.

    Examples
    --------
    >>> import longate as lg
    >>> cd57 = lg.nk.Positivity(
    ...     negative_mean=0.2, negative_sd=0.05, positive_mean=0.6, positive_sd=0.05)
    >>> cd57.probability([0.2, 0.4, 0.6]).round(3).tolist()
    [0.0, 0.5, 1.0]
    >>> lg.nk.Positivity(threshold=0.41).probability([0.40, 0.41]).tolist()
    [0.0, 1.0]
    """

    negative_mean: float | None = None
    negative_sd: float | None = None
    positive_mean: float | None = None
    positive_sd: float | None = None
    prior: float = 0.5
    spread: Mapping[str, float] | None = field(default=None, hash=False)
    threshold: float | None = None
    source: str = "given"

    def __post_init__(self) -> None:
        """Refuse numbers from which no probability follows."""
        _refuse_infinite(self)
        for pair in ("negative", "positive"):
            mean, sd = getattr(self, f"{pair}_mean"), getattr(self, f"{pair}_sd")
            if (mean is None) != (sd is None):
                msg = f"{pair}_mean and {pair}_sd belong together; give both or none"
                raise MaturationError(msg)
            if sd is not None and not sd > 0:
                msg = f"{pair}_sd must be above 0, got {sd}: the channel is constant"
                raise MaturationError(msg)
        if self.threshold is None and self.negative_mean is None:
            msg = "give a threshold, or negative_mean and negative_sd"
            raise MaturationError(msg)
        if self.positive_mean is not None and not (
            self.negative_mean is not None and self.positive_mean > self.negative_mean
        ):
            msg = (
                f"positive_mean {self.positive_mean} must lie above negative_mean "
                f"{self.negative_mean}"
            )
            raise MaturationError(msg)
        if not 0 < self.prior < 1:
            msg = f"prior must lie between 0 and 1, got {self.prior}"
            raise MaturationError(msg)
        spread = dict(self.spread or {})
        if any(not value >= 0 for value in spread.values()):
            msg = f"spread coefficients must not be below 0, got {spread}"
            raise MaturationError(msg)

    @property
    def kind(self) -> str:
        """``"threshold"``, ``"two components"`` or ``"negatives alone"``."""
        if self.threshold is not None:
            return "threshold"
        return "negatives alone" if self.positive_mean is None else "two components"

    @property
    def anchored_unit(self) -> tuple[float, float]:
        """Zero and unit of the anchored scale: ``z = (x - zero) / unit``.

        The negative mean is 0; the positive mean is 1 where it is known, else the 99 %
        point of the negatives is.

        Raises
        ------
        MaturationError
            If only a threshold is known: it has no unit.
        """
        if self.negative_mean is None or self.negative_sd is None:
            msg = (
                "a threshold alone has no unit; an anchored value needs negative_mean "
                "and negative_sd"
            )
            raise MaturationError(msg)
        if self.positive_mean is None:
            return self.negative_mean, LIMIT * self.negative_sd
        return self.negative_mean, self.positive_mean - self.negative_mean

    @property
    def fluorochromes(self) -> tuple[str, ...]:
        """Channels whose spread is added; none where a threshold decides."""
        return () if self.threshold is not None else tuple(self.spread or ())

    def probability(
        self,
        values: ArrayLike,
        intensities: Mapping[str, ArrayLike] | None = None,
    ) -> NDArray[np.float64]:
        """Return the probability that each event is positive.

        Parameters
        ----------
        values : (n_events,) array-like of float
            On the scale.
        intensities : mapping of str to (n_events,) array-like of float, optional
            Linear compensated intensity of each channel in `spread`.

        Returns
        -------
        (n_events,) array of float64
            In [0, 1]; NaN where the value is NaN.

        Raises
        ------
        MaturationError
            If a channel of `spread` has no intensities.
        """
        column = np.ascontiguousarray(values, dtype=float)
        given = {
            name: np.ascontiguousarray(light, dtype=float)
            for name, light in (intensities or {}).items()
        }
        found, _ = scored([(column, self, 1.0)], given)
        return found.ravel()

    def _for_kernel(self) -> KernelPositivity:
        odds = math.log(self.prior / (1 - self.prior))
        if self.threshold is not None:
            return "threshold", (self.threshold,)
        negatives = (self.negative_mean, self.negative_sd)
        if self.positive_mean is None:
            return "above", (*negatives, LIMIT, odds)  # type: ignore[return-value]
        positives = (self.positive_mean, self.positive_sd)
        return "between", (*negatives, *positives, odds)  # type: ignore[return-value]


def scored(
    markers: list[tuple[NDArray[np.float64], Positivity, float]],
    intensities: Mapping[str, NDArray[np.float64]],
    *,
    threads: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return probabilities and scores of events.

    Parameters
    ----------
    markers : list of (values, positivity, weight)
        Values on the scale; the weight carries the direction.
    intensities : mapping of str to (n_events,) arrays of float64
        Linear intensity of every channel that spreads.
    threads : int
        0 for all processors; the answer does not depend on it.

    Returns
    -------
    probabilities : (n_markers, n_events) array of float64
    scores : (n_events,) array of float64
        ``1/2 + 1/2 Σ w (2π - 1) / Σ |w|``.

    Raises
    ------
    MaturationError
        If a channel that spreads is not there.
    """
    rows = []
    for values, positivity, weight in markers:
        missing = [name for name in positivity.fluorochromes if name not in intensities]
        if missing:
            msg = f"the spread of {listed(missing)} needs the intensity of that channel"
            raise MaturationError(msg)
        spread = [
            (intensities[name], (positivity.spread or {})[name] ** 2)
            for name in positivity.fluorochromes
        ]
        rows.append((values, positivity._for_kernel(), spread, weight))
    return score_events(rows, threads=threads)


def _refuse_infinite(positivity: Positivity) -> None:
    for name in (
        "negative_mean",
        "negative_sd",
        "positive_mean",
        "positive_sd",
        "prior",
        "threshold",
    ):
        value = getattr(positivity, name)
        if value is not None and not math.isfinite(value):
            msg = f"{name} must be a finite number, got {value}"
            raise MaturationError(msg)
