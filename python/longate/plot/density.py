"""Two-dimensional densities of events, as pictures rather than points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Bins along each axis: finer than a small panel's pixels is waste, and finer than
#: about two events a bin is dust.
FEWEST_BINS, MOST_BINS = 64, 110


def density_image(
    ax: Axes,
    x: np.ndarray,
    y: np.ndarray,
    *,
    limits: tuple[float, float, float, float],
    colours: str = "viridis",
    alpha: float = 1.0,
) -> None:
    """Draw counts of events per bin as an image with logarithmic colours.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    x, y : (n,) array of float
        Scaled values; events outside the limits pile up at the border.
    limits : (left, right, bottom, top)
        Of the axes.
    colours : str
        Name of a matplotlib colour map; empty bins stay white.
    alpha : float
        Opacity.
    """
    from matplotlib import colormaps

    counts = binned(x, y, limits)
    shade = np.log1p(counts)
    top = float(shade.max()) or 1.0
    rgba = colormaps[colours](0.06 + 0.9 * shade / top)
    rgba[..., 3] = np.where(counts > 0, alpha, 0.0)
    left, right, bottom, high = limits
    ax.imshow(
        rgba,
        extent=(left, right, bottom, high),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        zorder=1,
    )


def binned(
    x: np.ndarray, y: np.ndarray, limits: tuple[float, float, float, float]
) -> np.ndarray:
    """Return counts per bin, a square array of int64, rows along y.

    Parameters
    ----------
    x, y : (n,) array of float
        Events; those that are not finite are left out.
    limits : (left, right, bottom, top)
        Of the bins.
    """
    left, right, bottom, top = limits
    good = np.isfinite(x) & np.isfinite(y)
    bins = int(np.clip(np.sqrt(good.sum()), FEWEST_BINS, MOST_BINS))
    column = _bin(x[good], left, right, bins)
    row = _bin(y[good], bottom, top, bins)
    flat = np.bincount(row * bins + column, minlength=bins * bins)
    return flat.reshape(bins, bins)


def _bin(values: np.ndarray, low: float, high: float, bins: int) -> np.ndarray:
    where = (values - low) * (bins / ((high - low) or 1.0))
    return np.clip(where, 0, bins - 1).astype(np.intp)
