"""Twins of the kernels in ``transform``: scales by their definitions, plainly.

The logicle is the inverse of the biexponential of Parks 2006 and Moore & Parks 2012,
``B(y) = a e^(b y) - c e^(-d y) - f``, whose constants follow from T, W, M and A; here
with the papers' own constants and a library's root finder, one value at a time.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

LN_10 = np.log(10.0)


def linear(x, t, a):
    """Return Gating-ML 2.0 section 6.2."""
    return (np.asarray(x, float) + a) / (t + a)


def arcsinh(x, t, m, a):
    """Return Gating-ML 2.0 section 6.4."""
    x = np.asarray(x, float)
    return (np.arcsinh(x * np.sinh(m * LN_10) / t) + a * LN_10) / ((m + a) * LN_10)


def log(x, t, m):
    """Return Gating-ML 2.0 section 6.3; -inf at and below zero."""
    x = np.asarray(x, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x > 0, np.log10(x / t) / m + 1, np.where(x <= 0, -np.inf, x))


def logicle_constants(t, w, m, a):
    """Return a, b, c, d, f and the place of data zero, as the papers define them."""
    width = w / (m + a)
    x2 = a / (m + a)
    x1 = x2 + width
    x0 = x2 + 2 * width
    b = (m + a) * LN_10

    def excess(d):
        return 2 * (np.log(d) - np.log(b)) + width * (d + b)

    d = b if width == 0 else brentq(excess, 1e-300, b, xtol=1e-300, rtol=1e-15)
    c_over_a = np.exp(x0 * (b + d))
    f_over_a = np.exp(b * x1) - c_over_a / np.exp(d * x1)
    scale = t / (np.exp(b) - c_over_a * np.exp(-d) - f_over_a)
    return scale, b, c_over_a * scale, d, f_over_a * scale, x1


def biexponential(y, t, w, m, a):
    """Return the value at place `y`; below data zero the reflection of that above."""
    scale, b, c, d, f, x1 = logicle_constants(t, w, m, a)
    above = x1 + abs(y - x1)
    with np.errstate(over="ignore"):  # beyond the numbers there are: infinite
        value = scale * np.exp(b * above) - c * np.exp(-d * above) - f
    return value if y >= x1 else -value


def logicle(x, t, w, m, a):
    """Return the place of one value, by bisection and secants on the biexponential."""
    if not np.isfinite(x):
        return x
    return brentq(
        lambda y: biexponential(y, t, w, m, a) - x, -20, 20, xtol=1e-15, rtol=1e-15
    )


def hyperlog_value(y, t, w, m, a):
    """Return the value at place `y` by Gating-ML 2.0 section 6.6."""
    width = w / (m + a)
    x2 = a / (m + a)
    x1 = x2 + width
    x0 = x2 + 2 * width
    b = (m + a) * LN_10
    c_over_a = np.exp(b * x0) / width
    f_over_a = np.exp(b * x1) + c_over_a * x1
    scale = t / (np.exp(b) + c_over_a - f_over_a)
    above = x1 + abs(y - x1)
    value = scale * (np.exp(b * above) + c_over_a * above - f_over_a)
    return value if y >= x1 else -value


def hyperlog(x, t, w, m, a):
    """Return the place of one value, by a root finder on the definition."""
    if not np.isfinite(x):
        return x
    return brentq(
        lambda y: hyperlog_value(y, t, w, m, a) - x, -20, 20, xtol=1e-15, rtol=1e-15
    )


def flowjo_table(t, width_basis, pos, neg, length):
    """Return the values of FlowJo's channels 0 to `length`."""
    width = np.log10(-width_basis) if width_basis else 0.0
    decades, extra = pos - width / 2, max(neg, 0) + width / 2
    z = min(int(extra * length / (extra + decades)), int(length) // 2)
    if z > 0:
        decades = extra * length / z
    v, rise = width / (2 * decades), decades * LN_10
    fall = rise
    if v:
        fall = brentq(
            lambda q: 2 * np.log(q / rise) + v * (rise + q), 1e-300, rise, rtol=1e-15
        )
    s = np.exp((rise + fall) * (v + extra / decades))
    share = np.arange(length + 1) / (length + 1)
    f = np.exp(rise * share) - s * np.exp(-fall * share)
    above = t * np.exp(-rise) * (f[z:] - f[z])
    return np.concatenate([-above[z:0:-1], above])


def flowjo_biex(x, t, width_basis, pos, neg, length):
    """Return places: channels, interpolated in the table, over their number."""
    table = flowjo_table(t, width_basis, pos, neg, length)
    x = np.asarray(x, float)
    places = np.interp(x, table, np.arange(length + 1)) / length
    return np.where(np.isfinite(x), places, x)
