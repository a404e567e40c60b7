"""Write places.csv: places on scales by their definitions, in decimals of 60 digits.

    python tests/golden/scales/make_places.py

Nothing here is shared with the kernels: the constants are those of the papers, and
roots are found by bisection and secants on the definition itself.
Parameters and values are the exact binary numbers that the kernels get.
"""

from __future__ import annotations

import csv
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 60
LN_10 = Decimal(10).ln()
VALUES = [1e-9, 1e-3, 0.3, 1.0, 10.0, 33.3, 333.3, 5e3, 77_777.0, 262_144.0, 4e6]
SCALES = {
    "log": [(262_144.0, 4.5), (1000.0, 0.7)],
    "arcsinh": [
        (262_144.0, 4.5, 0.0),
        (1000.0, 4.0, 1.0),
        (5.876005968219007, 0.4342944819032518, 0.0),
    ],
    "logicle": [
        (262_144.0, 0.5, 4.5, 0.0),
        (1000.0, 1.0, 4.0, 0.0),
        (4_194_304.0, 1.5, 5.5, 0.5),
        (262_144.0, 2.25, 4.5, 0.0),
        (262_144.0, 0.0, 4.5, 0.0),
        (262_144.0, 0.7, 4.5, -0.7),
        (1e7, 0.3, 9.0, 1.0),
    ],
    "hyperlog": [
        (262_144.0, 0.5, 4.5, 0.0),
        (1000.0, 1.0, 4.0, 0.0),
        (4_194_304.0, 1.5, 5.5, 0.5),
        (262_144.0, 2.25, 4.5, 0.0),
        (262_144.0, 0.01, 4.5, 1.0),
        (262_144.0, 0.7, 4.5, -0.7),
    ],
    "flowjo_biex": [
        (262_144.000029, -10.0, 4.41854, 0.0, 4096.0),
        (262_144.000029, -7.943282, 4.41854, 1.0, 4096.0),
        (4_194_304.0, -200.0, 5.6, 0.5, 4096.0),
    ],
}


def root(function, low, high):
    """Return where an increasing function crosses zero."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) > 0 else (middle, high)
    # Secants from a bracket of 1e-18 of its first width.
    x, y = low, high
    for _ in range(8):
        at_x, at_y = function(x), function(y)
        if at_x == at_y:
            break
        x, y = y, y - at_y * (y - x) / (at_y - at_x)
    return y


def width_root(b, w):
    """Return d of ``2 ln(d/b) + w (b + d) = 0``."""
    if w == 0:
        return b
    # In ln(d/b): the function is then smooth over the whole bracket.
    log_ratio = root(
        lambda ell: 2 * ell + w * b * (1 + ell.exp()), -w * b - 1, Decimal(0)
    )
    return b * log_ratio.exp()


def reflected(rising, x, zero):
    """Return the place of `x` where values below zero mirror those above."""
    if x == 0:
        return zero
    above = root(lambda u: rising(zero + u) - abs(x), Decimal(0), Decimal(3))
    return zero + above if x > 0 else zero - above


def log(x, t, m):
    """Gating-ML 2.0, section 6.3."""
    return (x / t).ln() / (m * LN_10) + 1


def arcsinh(x, t, m, a):
    """Gating-ML 2.0, section 6.4."""
    scaled = x * ((m * LN_10).exp() - (-m * LN_10).exp()) / 2 / t
    size = (abs(scaled) + (scaled * scaled + 1).sqrt()).ln()
    return (size.copy_sign(x) + a * LN_10) / ((m + a) * LN_10)


def logicle(x, t, w, m, a):
    """Moore & Parks 2012: a e^(by) - c e^(-dy) - f."""
    width, x2 = w / (m + a), a / (m + a)
    x1, x0 = x2 + width, x2 + 2 * width
    b = (m + a) * LN_10
    d = width_root(b, width)
    c = (x0 * (b + d)).exp()
    f = (b * x1).exp() - c * (-d * x1).exp()
    top = b.exp() - c * (-d).exp() - f
    return reflected(
        lambda y: t / top * ((b * y).exp() - c * (-d * y).exp() - f), x, x1
    )


def hyperlog(x, t, w, m, a):
    """Bagwell 2005 as in Gating-ML 2.0, section 6.6: a e^(by) + c y - f."""
    width, x2 = w / (m + a), a / (m + a)
    x1, x0 = x2 + width, x2 + 2 * width
    b = (m + a) * LN_10
    c = (b * x0).exp() / width
    f = (b * x1).exp() + c * x1
    top = b.exp() + c - f
    return reflected(lambda y: t / top * ((b * y).exp() + c * y - f), x, x1)


def flowjo_biex(x, t, width_basis, pos, neg, length):
    """Return the place of FlowJo's table, interpolated between its channels."""
    width = (-width_basis).ln() / LN_10
    decades, extra = pos - width / 2, max(neg, Decimal(0)) + width / 2
    z = min(int(extra * length / (extra + decades)), int(length) // 2)
    if z > 0:
        decades = extra * length / z
    v, rise = width / (2 * decades), decades * LN_10
    fall = width_root(rise, v)
    s = ((rise + fall) * (v + extra / decades)).exp()

    def f(i):
        share = Decimal(i) / (length + 1)
        return (rise * share).exp() - s * (-fall * share).exp()

    def value(i):
        if i < z:
            return -value(2 * z - i)
        return t * (-rise).exp() * (f(i) - f(z))

    last = int(length)
    if x >= value(last):
        return Decimal(1)
    if x <= value(0):
        return Decimal(0)
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if value(middle) <= x else (low, middle)
    return (low + (x - value(low)) / (value(high) - value(low))) / length


def rows():
    """Give scale, parameters, value and place."""
    for name, sets in SCALES.items():
        for parameters in sets:
            exact = [Decimal(parameter) for parameter in parameters]
            signed = [*VALUES, parameters[0]]
            if name != "log":
                signed += [0.0, *(-value for value in signed)]
            for x in signed:
                place = globals()[name](Decimal(x), *exact)
                text = " ".join(repr(parameter) for parameter in parameters)
                yield name, text, repr(x), f"{place:.30f}"


if __name__ == "__main__":
    with (Path(__file__).parent / "places.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["scale", "parameters", "value", "place"])
        writer.writerows(rows())
