"""The length of a factor of e on a scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longate.cytometry.transforms.transform import Transform

_LN10 = math.log(10.0)


def asinh_unit(scale: Transform | None) -> float | None:
    """Return how far a factor of e reaches on the logarithmic part of a scale."""
    decades = getattr(scale, "m", None)
    if decades is None:
        return None
    extra = getattr(scale, "a", 0.0)
    return 1.0 / ((float(decades) + float(extra)) * _LN10)
