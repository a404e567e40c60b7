"""Small drawings of gates as SVG, for notebooks; they need no plotting library."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

SIZE = 112.0
"""Width and height of the area in which a gate is drawn, in pixels."""
MARGIN = 16.0
"""Room for the names of the axes, left and below."""
MOST = 18
"""Characters of an axis's name that are shown."""

_FILL = 'fill="#c1272d" fill-opacity=".25"'
_HATCH = 'fill="#c1272d" fill-opacity=".1"'
_LINE = 'stroke="#c1272d" stroke-width="1.5"'
_FRAME = 'fill="none" stroke="currentColor" stroke-opacity=".4"'
_TEXT = 'font-family="sans-serif" fill="currentColor"'


class _Side:
    """One axis of a drawing: which numbers are in view, and where they lie."""

    def __init__(self, borders: Sequence[float], *, up: bool = False) -> None:
        finite = [border for border in borders if math.isfinite(border)]
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        # Eighths, since the difference of the largest numbers overflows.
        low, high = low / 8, high / 8
        room = (high - low) / 3 or abs(low) / 2 or 0.5
        self._low, self._length = low - room, high - low + 2 * room
        self._up = up

    def pixel(self, value: float) -> float:
        """Return the pixel of a value; an open side lies at the frame."""
        share = (value / 8 - self._low) / self._length
        share = min(max(share, 0.0), 1.0)
        return MARGIN * (not self._up) + SIZE * (1 - share if self._up else share)


def svg(
    inner: str, axes: Sequence[str], title: str, *, height: float | None = None
) -> str:
    """Return a drawing in its frame, with the names of the axes.

    Parameters
    ----------
    inner : str
        SVG elements of the drawing.
    axes : sequence of str
        Names of the axes; the first two are written.
    title : str
        Shown where a pointer rests on the drawing.
    height : float, optional
        Pixels, of a drawing without the names of axes; by default it has them, in its
        natural size.

    Returns
    -------
    str
        An ``<svg>`` element in which all names are escaped.
    """
    named = height is None
    names = [*axes, "", ""]
    view = (0.0, 0.0, SIZE + MARGIN) if named else (MARGIN - 0.5, 0.0, SIZE + 0.5)
    shown = view[2] if height is None else height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown:g}" height="{shown:g}" '
        f'viewBox="{view[0]:g} {view[1]:g} {view[2]:g} {view[2]:g}" role="img" '
        'style="flex-shrink:0">'
        f"<title>{clean(title)}</title>{inner}"
        f'<rect x="{MARGIN:g}" y="0.5" width="{SIZE - 0.5:g}" height="{SIZE - 0.5:g}" '
        f"{_FRAME}/>{_axis_names(names[0], names[1]) if named else ''}</svg>"
    )


def regions(
    curves: Sequence[Sequence[NDArray[np.float64]]], opacities: Sequence[float]
) -> str:
    """Return regions as SVG paths, in one view.

    Parameters
    ----------
    curves : sequence of sequence of (n_points, 2) arrays
        For each region its closed curves; a point is inside where they run around it an
        odd number of times. An open side lies at an infinite coordinate.
    opacities : sequence of float
        Of the filling of each region.
    """
    every = [curve for region in curves for curve in region]
    if not every:
        return ""
    points = np.concatenate(every)
    x, y = _Side(points[:, 0].tolist()), _Side(points[:, 1].tolist(), up=True)
    parts = []
    for region, opacity in zip(curves, opacities, strict=True):
        steps = "".join(
            "M"
            + "L".join(f"{x.pixel(vx):.1f},{y.pixel(vy):.1f}" for vx, vy in curve)
            + "z"
            for curve in region
        )
        parts.append(
            f'<path d="{steps}" fill-rule="evenodd" fill="#c1272d" '
            f'fill-opacity="{opacity:g}" {_LINE}/>'
        )
    return "".join(parts)


def clean(text: str) -> str:
    """Escape text, without the control characters that XML cannot hold."""
    return escape("".join(c if c.isprintable() else " " for c in text))


def _axis_names(across: str, along: str) -> str:
    def shortened(name: str) -> str:
        return clean(name if len(name) <= MOST else name[: MOST - 1] + "…")

    middle, below = MARGIN + SIZE / 2, SIZE + 0.75 * MARGIN
    style = f'{_TEXT} font-size="10" text-anchor="middle"'
    turned = f'transform="rotate(-90 {0.65 * MARGIN:g} {SIZE / 2:g})"'
    return (
        f'<text x="{middle:g}" y="{below:g}" {style}>{shortened(across)}</text>'
        f'<text x="{0.65 * MARGIN:g}" y="{SIZE / 2:g}" {turned} {style}>'
        f"{shortened(along)}</text>"
    )


_CENTRES = {
    1: ((0.5, 0.5),),
    2: ((0.34, 0.5), (0.66, 0.5)),
    3: ((0.34, 0.35), (0.66, 0.35), (0.5, 0.65)),
}
"""Centres of the circles of one, two or three populations, in the frame."""
_WORDS = {
    1: ((0.5, 0.5),),
    2: ((0.24, 0.5), (0.76, 0.5)),
    3: ((0.24, 0.25), (0.76, 0.25), (0.5, 0.84)),
}
_ROWS = 56


def circles(
    names: Sequence[str],
    keeps: Callable[[Mapping[str, NDArray[np.bool_]]], NDArray[np.bool_]],
    *,
    named: bool,
) -> str:
    """Return a circle for each population, and a filling of what an expression keeps.

    Of more than three populations there is no such drawing.

    Parameters
    ----------
    names : sequence of str
        Of the populations.
    keeps : callable
        Takes masks by name and returns the mask that the expression makes of them.
    named : bool
        Whether the names are written.
    """
    if len(names) not in _CENTRES:
        return (
            f'<rect x="{MARGIN:g}" y="0" width="{SIZE:g}" height="{SIZE:g}" {_HATCH}/>'
        )
    radius = 0.34 if len(names) == 1 else 0.27
    steps = (np.arange(_ROWS) + 0.5) / _ROWS
    x, y = (grid.ravel() for grid in np.meshgrid(steps, steps))
    centres = _CENTRES[len(names)]
    masks = {
        name: (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        for name, (cx, cy) in zip(names, centres, strict=True)
    }
    inside = keeps(masks).reshape(_ROWS, _ROWS)
    parts = [f'<path d="{_runs(inside)}" {_FILL}/>']
    for name, (cx, cy), word in zip(names, centres, _WORDS[len(names)], strict=True):
        parts.append(
            f'<circle cx="{MARGIN + SIZE * cx:.1f}" cy="{SIZE * cy:.1f}" '
            f'r="{SIZE * radius:.1f}" fill="none" {_LINE}/>'
        )
        if named:
            parts.append(
                f'<text x="{MARGIN + SIZE * word[0]:.1f}" y="{SIZE * word[1] + 3:.1f}" '
                f'{_TEXT} font-size="9" text-anchor="middle">'
                f"{clean(name.rpartition('/')[2][:9])}</text>"
            )
    return "".join(parts)


def _runs(inside: NDArray[np.bool_]) -> str:
    """Return a path over the runs of each row of a picture."""
    side = SIZE / _ROWS
    parts = []
    for number, row in enumerate(inside):
        edges = np.flatnonzero(np.diff(row.astype(int), prepend=0, append=0))
        for start, stop in edges.reshape(-1, 2).tolist():
            x, width = MARGIN + start * side, (stop - start) * side
            parts.append(f"M{x:g} {number * side:g}h{width:g}v{side:g}h-{width:g}z")
    return "".join(parts)
