"""Small drawings of gates as SVG, for notebooks; they need no plotting library."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from longate.gating.boolean_gate import BooleanGate
from longate.gating.ellipsoid import EllipsoidGate
from longate.gating.polygon import PolygonGate
from longate.gating.quadrant import QuadrantGate
from longate.gating.rectangle import RectangleGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longate.gating.dimension import Axis
    from longate.gating.gate import Gate
    from longate.gating.rectangle import Bounds

SIZE = 112.0
"""Width and height of the area in which a gate is drawn, in pixels."""
MARGIN = 16.0
"""Room for the names of the axes, left and below."""
MOST = 18
"""Characters of an axis's name that are shown."""

_SHAPE = 'fill="#c1272d" fill-opacity=".18" stroke="#c1272d" stroke-width="1.5"'
_LINE = 'stroke="#c1272d" stroke-width="1.5"'
_FRAME = 'fill="none" stroke="currentColor" stroke-opacity=".4"'
_TEXT = 'font-family="sans-serif" fill="currentColor"'


class _Side:
    """One axis of a drawing: which numbers are in view, and where they lie."""

    def __init__(self, borders: Sequence[float], *, up: bool = False) -> None:
        finite = [border for border in borders if math.isfinite(border)]
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        # Halves, since the difference of the largest numbers overflows.
        room = (high / 2 - low / 2) / 2 or abs(low) / 2 or 0.5
        self._low, self._length = low / 2 - room / 2, high / 2 - low / 2 + room
        self._up = up

    def place(self, value: float | None, *, top: bool = False) -> float:
        """Return the pixel of a value; an open side lies at the frame."""
        share = float(top)
        if value is not None:
            share = (value / 2 - self._low) / self._length
            share = min(max(share, 0.0), 1.0)
        return MARGIN * (not self._up) + SIZE * (1 - share if self._up else share)


def sketch(gate: Gate, *, height: float | None = None) -> str:
    """Draw a gate as a small SVG.

    Parameters
    ----------
    gate : Gate
        What is drawn; of more than two axes the first two.
    height : float, optional
        Pixels; the natural size by default.

    Returns
    -------
    str
        An ``<svg>`` element in which all names are escaped.
    """
    if isinstance(gate, RectangleGate):
        inner = _rectangle(gate)
    elif isinstance(gate, PolygonGate):
        inner = _polygon(gate)
    elif isinstance(gate, EllipsoidGate):
        inner = _ellipse(gate)
    elif isinstance(gate, QuadrantGate):
        inner = _quadrants(gate)
    elif isinstance(gate, BooleanGate):
        inner = _circles(gate)
    else:
        inner = ""
    whole = SIZE + MARGIN
    shown = whole if height is None else height
    names = [*map(str, gate.axes), "", ""]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown:g}" height="{shown:g}" '
        f'viewBox="0 0 {whole:g} {whole:g}" role="img">'
        f"<title>{_clean(gate.name)}: {_clean(gate.description)}</title>{inner}"
        f'<rect x="{MARGIN:g}" y="0.5" width="{SIZE - 0.5:g}" height="{SIZE - 0.5:g}" '
        f"{_FRAME}/>{_axis_names(names[0], names[1])}</svg>"
    )


def _clean(text: str) -> str:
    """Escape text, without the control characters that XML cannot hold."""
    return escape("".join(c if c.isprintable() else " " for c in text))


def _axis_names(across: str, along: str) -> str:
    def shortened(name: str) -> str:
        return _clean(name if len(name) <= MOST else name[: MOST - 1] + "…")

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


def _polygon(gate: PolygonGate) -> str:
    xs, ys = zip(*gate.vertices, strict=True)
    x, y = _Side(xs), _Side(ys, up=True)
    points = " ".join(
        f"{x.place(vx):.1f},{y.place(vy):.1f}" for vx, vy in gate.vertices
    )
    return f'<polygon points="{points}" fill-rule="evenodd" {_SHAPE}/>'


def _ellipse(gate: EllipsoidGate) -> str:
    """Draw the shadow of the ellipsoid on its first two axes."""
    (sxx, sxy), syy = gate.covariance[0][:2], gate.covariance[1][1]
    if sxx <= 0 or sxx * syy <= sxy * sxy:  # a matrix as written is no ellipse
        return ""
    reach = math.sqrt(gate.distance_square)
    wide, slope = math.sqrt(sxx), sxy / math.sqrt(sxx)
    rest = math.sqrt(max(syy - slope * slope, 0.0))
    turns = [2 * math.pi * step / 48 for step in range(48)]
    xs = [gate.mean[0] + reach * wide * math.cos(t) for t in turns]
    ys = [
        gate.mean[1] + reach * (slope * math.cos(t) + rest * math.sin(t)) for t in turns
    ]
    x, y = _Side(xs), _Side(ys, up=True)
    points = " ".join(
        f"{x.place(vx):.1f},{y.place(vy):.1f}" for vx, vy in zip(xs, ys, strict=True)
    )
    return f'<polygon points="{points}" {_SHAPE}/>'


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


def _circles(gate: BooleanGate) -> str:
    """Draw a circle per population that is combined, at most three."""
    names = gate.populations[:3]
    radius, middle = SIZE / (2.6 + 0.9 * (len(names) - 1)), SIZE / 2
    parts = []
    for number, name in enumerate(names):
        x = MARGIN + middle + (number - (len(names) - 1) / 2) * 1.25 * radius
        parts.append(
            f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="{radius:.1f}" {_SHAPE}/>'
            f'<text x="{x:.1f}" y="{middle + 3:.1f}" {_TEXT} font-size="9" '
            f'text-anchor="middle">{_clean(name.rpartition("/")[2][:9])}</text>'
        )
    return "".join(parts)
