"""The density of one channel on its scale: modes, the valley between, the negatives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from longate._core import bin_density, density_peaks, density_valley, smooth_density
from longate.exceptions import MaturationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

POINTS = 1024
LEAST_PROMINENCE = 0.03
"""A mode rises at least this share of the highest one above the ground around it."""

_REACH = 5.0  # standard deviations of the kernel, as in the kernel's own code
_ONE_SD_BELOW = math.erfc(1 / math.sqrt(2))  # share of a half normal beyond one sd
_QUARTILES_IN_SD = 1.3489795003921634


@dataclass(frozen=True)
class Mode:
    """One mode of a density.

    Parameters
    ----------
    location : float
        Where, on the channel's scale.
    height : float
        Density there.
    prominence : float
        How far it rises above the ground that parts it from higher ones.
    """

    location: float
    height: float
    prominence: float


@dataclass(frozen=True, eq=False)
class ChannelDensity:
    """A smoothed density on an even grid.

    Made by :meth:`of`; several samples are pooled with equal weight, so that a large
    file does not decide for the others.

    Parameters
    ----------
    low, high : float
        Ends of the grid.
    parts : (n_samples, n_places) array of float64
        Binned events of each sample, each row summing to 1.
    sizes : (n_samples,) array of int
        Events of each sample.
    bandwidth : float
        Standard deviation of the Gaussian kernel, on the channel's scale.
    """

    low: float
    high: float
    parts: NDArray[np.float64]
    sizes: NDArray[np.int64]
    bandwidth: float

    @classmethod
    def of(
        cls,
        samples: Sequence[ArrayLike],
        *,
        bandwidth: float | None = None,
        points: int = POINTS,
    ) -> ChannelDensity:
        """Bin the events of one or more samples on one grid.

        Parameters
        ----------
        samples : sequence of (n,) arrays of float
            Scaled values, by sample; each with at least one event.
        bandwidth : float, optional
            By default ``0.9 min(sd, IQR / 1.349) n^(-1/5)`` (Silverman 1986, eq.
            3.31) of the pooled density, with n the effective number of events.
        points : int
            Grid points.

        Raises
        ------
        MaturationError
            If a value is not finite, there is no event, or all events have one value.
        """
        columns = [np.ascontiguousarray(x, dtype=np.float64) for x in samples]
        everything = [x for x in columns if len(x)]
        if not everything or len(everything) < len(columns):
            msg = "a density needs at least one event of every sample"
            raise MaturationError(msg)
        low = min(float(x.min()) for x in everything)
        high = max(float(x.max()) for x in everything)
        if not (math.isfinite(low) and math.isfinite(high)):
            msg = "a density needs finite values; gate out events that are not"
            raise MaturationError(msg)
        if low == high:
            msg = f"the channel is constant: every event has the value {low:g}"
            raise MaturationError(msg)
        width = _bandwidth(columns, low, high) if bandwidth is None else bandwidth
        if not 0 < width < math.inf:
            msg = f"bandwidth must be above 0, got {width!r}"
            raise MaturationError(msg)
        low, high = low - _REACH * width, high + _REACH * width
        parts = [bin_density(x, low, high, points)[0] / len(x) for x in columns]
        sizes = np.array([len(x) for x in columns], dtype=np.int64)
        return cls(low, high, np.vstack(parts), sizes, width)

    @cached_property
    def grid(self) -> NDArray[np.float64]:
        """Points of the grid on the channel's scale."""
        return np.linspace(self.low, self.high, self.parts.shape[1])

    @cached_property
    def density(self) -> NDArray[np.float64]:
        """Smoothed density at each point; it integrates to 1."""
        return self._smoothed(self.parts.mean(axis=0))

    @cached_property
    def modes(self) -> tuple[Mode, ...]:
        """Modes of enough prominence (:data:`LEAST_PROMINENCE`), from below."""
        return _modes(self.grid, self.density)

    @property
    def peak(self) -> float:
        """Height of the highest mode."""
        return float(self.density.max())

    def valley(self, side: str | None = None) -> tuple[float, Mode, Mode]:
        """Return the valley between two modes, and the modes.

        Parameters
        ----------
        side : {"above", "below"}, optional
            Between the highest mode and the most prominent one above or below it;
            between the two most prominent modes by default.

        Raises
        ------
        MaturationError
            If there is no such pair of modes.
        """
        lower, upper = _two_modes(self.modes, side)
        return _valley(self.grid, self.density, lower, upper), lower, upper

    def negatives(self, below: float = math.inf) -> tuple[float, float]:
        """Return location and standard deviation of the highest mode.

        The side away from positive cells is mirrored: the standard deviation is the
        distance from the mode to the 31.7 % point of what lies below it.

        Parameters
        ----------
        below : float
            Only modes below this location.
        """
        inside = self.grid < below
        return _lower_side(self.grid[inside], self.density[inside])

    def positives(self, above: float) -> tuple[float, float]:
        """Return location and standard deviation of the highest mode beyond a location.

        The standard deviation is that of its upper side, mirrored.
        """
        inside = self.grid > above
        grid, density = -self.grid[inside][::-1], self.density[inside][::-1]
        location, sd = _lower_side(grid, density)
        return -location, sd

    def resampled(self, seed: int, replicates: int) -> list[ChannelDensity]:
        """Return bootstrap densities: of samples, or of events where there is one."""
        random = np.random.default_rng(seed)
        n = len(self.parts)
        if n > 1:
            drawn = [random.integers(0, n, n) for _ in range(replicates)]
            pairs = [(self.parts[rows], self.sizes[rows]) for rows in drawn]
        else:
            size = int(self.sizes[0])
            share = self.parts[0] / self.parts[0].sum()
            counts = random.multinomial(size, share, replicates) / size
            pairs = [(row[None, :], self.sizes) for row in counts]
        return [
            ChannelDensity(self.low, self.high, parts, sizes, self.bandwidth)
            for parts, sizes in pairs
        ]

    def _smoothed(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        step = (self.high - self.low) / (len(weights) - 1)
        smoothed = smooth_density(np.ascontiguousarray(weights), self.bandwidth / step)
        return np.asarray(smoothed / step, dtype=np.float64)


def _modes(grid: NDArray[np.float64], density: NDArray[np.float64]) -> tuple[Mode, ...]:
    found = density_peaks(np.ascontiguousarray(density))
    least = LEAST_PROMINENCE * float(density.max())
    return tuple(
        Mode(float(grid[at]), height, prominence)
        for at, height, prominence in found
        if prominence >= least
    )


def _two_modes(modes: Sequence[Mode], side: str | None) -> tuple[Mode, Mode]:
    by_prominence = sorted(modes, key=lambda mode: -mode.prominence)
    main = max(modes, key=lambda mode: mode.height, default=None)
    if main is not None and side is not None:
        upward = side == "above"
        others = [
            mode
            for mode in by_prominence
            if mode is not main and (mode.location > main.location) == upward
        ]
        by_prominence = [main, *others]
    if main is None or len(by_prominence) < 2:
        where = f" at {main.location:.3g}" if main else ""
        beside = f" and none {side} it" if side and len(modes) > 1 else ""
        msg = f"there is no valley: the density has one mode{where}{beside}"
        raise MaturationError(msg)
    first, second = by_prominence[:2]
    return (first, second) if first.location < second.location else (second, first)


def _valley(
    grid: NDArray[np.float64], density: NDArray[np.float64], lower: Mode, upper: Mode
) -> float:
    ends = np.searchsorted(grid, [lower.location, upper.location])
    at = density_valley(np.ascontiguousarray(density), int(ends[0]), int(ends[1]))
    if at is None:
        msg = "there is no valley: the two modes are neighbours on the grid"
        raise MaturationError(msg)
    return _parabola(grid, density, at)


def _parabola(
    grid: NDArray[np.float64], density: NDArray[np.float64], at: int
) -> float:
    """Return the extremum of the parabola through a grid point and its neighbours."""
    before, here, after = density[at - 1], density[at], density[at + 1]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend else 0.0
    return float(grid[at] + max(-0.5, min(0.5, shift)) * (grid[1] - grid[0]))


def _lower_side(
    grid: NDArray[np.float64], density: NDArray[np.float64]
) -> tuple[float, float]:
    at = int(density.argmax())
    location = (
        _parabola(grid, density, at) if 0 < at < len(grid) - 1 else float(grid[at])
    )
    reached = np.concatenate([[0.0], np.cumsum(density[1 : at + 1])])
    if not reached[-1] > 0:
        msg = f"nothing lies below the mode at {location:.3g}"
        raise MaturationError(msg)
    one_below = float(np.interp(_ONE_SD_BELOW * reached[-1], reached, grid[: at + 1]))
    return location, location - one_below


def _bandwidth(
    columns: Sequence[NDArray[np.float64]], low: float, high: float
) -> float:
    parts = np.mean([bin_density(x, low, high, POINTS)[0] / len(x) for x in columns], 0)
    grid = np.linspace(low, high, POINTS)
    mean = float(parts @ grid)
    sd = math.sqrt(max(float(parts @ (grid - mean) ** 2), 0.0))
    quarters = np.interp([0.25, 0.75], np.cumsum(parts), grid)
    spread = float(quarters[1] - quarters[0]) / _QUARTILES_IN_SD
    width = min(sd, spread) if spread > 0 else sd
    sizes = np.array([len(x) for x in columns], dtype=float)
    effective = float(len(sizes) ** 2 / (1 / sizes).sum())
    least = (high - low) / POINTS  # no finer than the grid itself
    return max(0.9 * width * float(effective ** (-0.2)), least)
