"""Small drawings of gates as SVG, for notebooks; they need no plotting library."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.polygon import PolygonGate
from longate.gating.gates.quadrant import QuadrantGate
from longate.gating.gates.rectangle import RectangleGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis
    from longate.gating.gates.rectangle import Bounds

SIZE = 112.0
"""Width and height of the area in which a gate is drawn, in pixels."""
MARGIN = 16.0
"""Room for the names of the axes, left and below."""
MOST = 18
"""Characters of an axis's name that are shown."""

_SHAPE = 'fill="#c1272d" fill-opacity=".18" stroke="#c1272d" stroke-width="1.5"'
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

    def place(self, value: float | None, *, top: bool = False) -> float:
        """Return the pixel of a value; an open side lies at the frame."""
        share = float(top)
        if value is not None:
            share = (value / 8 - self._low) / self._length
            share = min(max(share, 0.0), 1.0)
        return MARGIN * (not self._up) + SIZE * (1 - share if self._up else share)


def sketch(gate: Gate, *, height: float | None = None) -> str:
    """Draw a gate as a small SVG.

    Parameters
    ----------
    gate : Gate
        What is drawn; of more than two axes the first two.
    height : float, optional
        Pixels, of a drawing without the names of axes; by default it has them, in its
        natural size.

    Returns
    -------
    str
        An ``<svg>`` element in which all names are escaped.
    """
    named = height is None
    if isinstance(gate, RectangleGate):
        inner = _rectangle(gate)
    elif isinstance(gate, PolygonGate):
        inner = _closed(gate.vertices)
    elif isinstance(gate, EllipsoidGate):
        border = gate.outline(48).tolist()
        inner = _closed(border) if border else ""
    elif isinstance(gate, QuadrantGate):
        inner = _quadrants(gate)
    elif isinstance(gate, BooleanGate):
        inner = _circles(gate, named=named)
    else:
        inner = ""
    names = [*map(str, gate.axes), "", ""]
    view = (0.0, 0.0, SIZE + MARGIN) if named else (MARGIN - 0.5, 0.0, SIZE + 0.5)
    shown = view[2] if height is None else height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown:g}" height="{shown:g}" '
        f'viewBox="{view[0]:g} {view[1]:g} {view[2]:g} {view[2]:g}" role="img" '
        'style="flex-shrink:0">'
        f"<title>{clean(gate.name)}: {clean(gate.description)}</title>{inner}"
        f'<rect x="{MARGIN:g}" y="0.5" width="{SIZE - 0.5:g}" height="{SIZE - 0.5:g}" '
        f"{_FRAME}/>{_axis_names(names[0], names[1]) if named else ''}</svg>"
    )


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


def _known(*bounds: Bounds) -> list[float]:
    return [border for side in bounds for border in side if border is not None]


def _box(x: _Side, y: _Side, across: Bounds, along: Bounds) -> tuple[float, ...]:
    """Return left, top, width and height in pixels."""
    left, right = x.place(across[0]), x.place(across[1], top=True)
    bottom, top = y.place(along[0]), y.place(along[1], top=True)
    return (left, top, right - left, bottom - top)


def _rect(box: tuple[float, ...], style: str) -> str:
    x, y, width, height = box
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f"{style}/>"
    )


def _rectangle(gate: RectangleGate) -> str:
    sides = [*gate.dimensions.values(), (None, None)][:2]
    x, y = _Side(_known(sides[0])), _Side(_known(sides[1]), up=True)
    return _rect(_box(x, y, sides[0], sides[1]), _SHAPE)


def _closed(corners: Sequence[Sequence[float]]) -> str:
    xs, ys = zip(*corners, strict=True)
    x, y = _Side(xs), _Side(ys, up=True)
    points = " ".join(f"{x.place(vx):.1f},{y.place(vy):.1f}" for vx, vy in corners)
    return f'<polygon points="{points}" fill-rule="evenodd" {_SHAPE}/>'


def _quadrants(gate: QuadrantGate) -> str:
    cuts: dict[Axis, list[float]] = {axis: [] for axis in gate.axes}
    for divider in gate.dividers.values():
        cuts[divider.axis] += divider.values
    axes = list(cuts)[:2]
    views = [_Side(cuts[axis], up=bool(place)) for place, axis in enumerate(axes)]
    x, y = [*views, _Side([], up=True)][:2]
    parts = []
    for number, one in enumerate(gate.rectangles.values()):
        sides = [one.dimensions.get(axis, (None, None)) for axis in axes]
        across, along = [*sides, (None, None)][:2]
        shade = f'fill="#c1272d" fill-opacity="{(0.08, 0.2)[number % 2]}" {_LINE}'
        parts.append(_rect(_box(x, y, across, along), shade))
    return "".join(parts)


_CENTRES = {
    1: ((0.5, 0.5),),
    2: ((0.34, 0.5), (0.66, 0.5)),
    3: ((0.34, 0.35), (0.66, 0.35), (0.5, 0.65)),
}
"""Where the circles of one, two or three populations lie, in the frame."""
_WORDS = {
    1: ((0.5, 0.5),),
    2: ((0.24, 0.5), (0.76, 0.5)),
    3: ((0.24, 0.25), (0.76, 0.25), (0.5, 0.84)),
}
_ROWS = 56


def _circles(gate: BooleanGate, *, named: bool) -> str:
    """Draw circles for the populations, and fill what the expression keeps.

    Of more than three populations there is no such drawing.
    """
    names = gate.populations
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
    inside = gate.contains(masks).reshape(_ROWS, _ROWS)
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
