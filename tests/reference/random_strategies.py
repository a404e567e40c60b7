"""Random gating strategies that Gating-ML can say, as Hypothesis draws them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import longate as lg

DYES = ("FITC", "PE", "APC")
DETECTORS = ("FL1-H", "FL2-H", "FL3-H", "FL4-H")
PLAIN = ("FSC-A", "SSC-H", "Time")
NAMES = st.one_of(
    st.sampled_from(
        ["CD3- dump-", "A", "a", "and", "not B", "it's", 'say "so"', "(x)", "a & <b>"]
    ),
    st.text(
        st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["C"]),
        min_size=1,
        max_size=8,
    ),
).filter(lambda name: name.strip() == name and name != "All events")

numbers = st.floats(-1e6, 1e6)
tops = st.floats(1.0, 1e7)


@st.composite
def scales(draw):
    top, decades = draw(tops), draw(st.floats(1.0, 8.0))
    width = draw(st.floats(0.01, decades / 2))
    extra = draw(st.floats(0.0, 1.0)) * (decades - 2 * width)
    return draw(
        st.sampled_from(
            [
                lg.Linear(top, draw(st.floats(0.0, top))),
                lg.Log(top, decades),
                lg.Arcsinh(top, decades, draw(st.floats(0.0, decades))),
                lg.Logicle(top, width, decades, extra),
                lg.Hyperlog(top, width, decades, extra),
            ]
        )
    )


@st.composite
def matrices(draw):
    n_detectors = draw(st.integers(3, 4))
    small = st.floats(0.0, 0.2)
    spill = np.eye(3, n_detectors)
    for row in range(3):
        for column in range(n_detectors):
            spill[row, column] += draw(small)
    if n_detectors == 3 and draw(st.booleans()):
        return lg.Compensation.from_inverse(spill, DETECTORS[:3], fluorochromes=DYES)
    return lg.Compensation(spill, DETECTORS[:n_detectors], fluorochromes=DYES)


@st.composite
def axes(draw, pool):
    """Draw an axis: of its own, or one that leaves things to the strategy."""
    own = draw(st.sampled_from(["acquisition", None, lg.INHERIT, "matrix"]))
    names = st.sampled_from((*DYES, *PLAIN))
    if own == "matrix":
        own = pool
        channel = draw(names)
    elif own is lg.INHERIT:
        channel = draw(names)
    else:
        channel = draw(st.sampled_from((*DETECTORS, *PLAIN, "CD56")))
    scale = draw(st.one_of(st.none(), st.just(lg.INHERIT), scales()))
    if own is not lg.INHERIT and channel not in PLAIN and draw(st.booleans()):
        family = DYES if channel in DYES else (*DETECTORS, "CD56")
        other = draw(st.sampled_from([name for name in family if name != channel]))
        channel = lg.Ratio(
            channel, other, a=draw(tops), b=draw(numbers), c=draw(numbers)
        )
        scale = None if scale is lg.INHERIT else scale
    return lg.Dimension(channel, compensation=own, scale=scale)


@st.composite
def different_axes(draw, pool, n):
    drawn = draw(
        st.lists(axes(pool), min_size=n, max_size=n, unique_by=lambda a: str(a.channel))
    )
    return drawn


@st.composite
def sides(draw):
    low, high = sorted(draw(st.tuples(numbers, numbers)))
    if low == high:
        high = low + 1.0
    return draw(st.sampled_from([(low, high), (None, high), (low, None), (None, None)]))


@st.composite
def expressions(draw, populations):
    quoted = ["'" + name.replace("'", "''") + "'" for name in populations]
    return draw(
        st.recursive(
            st.sampled_from(quoted),
            lambda inner: st.one_of(
                inner.map(lambda one: f"not ({one})"),
                st.lists(inner, min_size=2, max_size=3).map(
                    lambda some: "(" + " and ".join(some) + ")"
                ),
                st.lists(inner, min_size=2, max_size=3).map(
                    lambda some: "(" + " or ".join(some) + ")"
                ),
            ),
            max_leaves=6,
        )
    )


@st.composite
def gates(draw, name, parent, populations, pool):
    kinds = ["rectangle", "polygon", "ellipsoid", "quadrant"]
    kind = draw(st.sampled_from(kinds + ["boolean"] * bool(populations)))
    info = draw(
        st.sampled_from(
            [None, "", " text ", "<a xmlns='urn:x'>&amp;</a>", "<gate>1</gate>"]
        )
    )
    common = {"parent": parent, "custom_info": info}
    if kind == "boolean":
        return lg.BooleanGate(name, draw(expressions(populations)), **common)
    if kind == "rectangle":
        chosen = draw(different_axes(pool, draw(st.integers(1, 3))))
        interval = draw(st.sampled_from(["closed", "half-open"]))
        dimensions = {axis: draw(sides()) for axis in chosen}
        return lg.RectangleGate(
            name, dimensions=dimensions, interval=interval, **common
        )
    if kind == "quadrant":
        chosen = draw(different_axes(pool, draw(st.integers(1, 2))))
        cuts = st.lists(numbers, min_size=1, max_size=2, unique=True)
        dividers = {f"{name} {k}": (a, draw(cuts)) for k, a in enumerate(chosen)}
        return lg.QuadrantGate(name, dividers=dividers, **common)
    if kind == "polygon":
        x, y = draw(different_axes(pool, 2))
        at = draw(st.tuples(numbers, numbers))
        corners = [at, (at[0] + 10.0, at[1]), (at[0], at[1] + draw(tops))]
        return lg.PolygonGate(name, x=x, y=y, vertices=corners, **common)
    n = draw(st.integers(2, 3))
    chosen = draw(different_axes(pool, n))
    spread = np.diag([draw(tops) for _ in range(n)])
    if draw(st.booleans()):
        spread[0, 1] = spread[1, 0] = 0.5 * np.sqrt(spread[0, 0] * spread[1, 1])
    return lg.EllipsoidGate(
        name,
        dimensions=chosen,
        mean=[draw(numbers) for _ in range(n)],
        covariance=spread,
        distance_square=draw(tops),
        **common,
    )


@st.composite
def strategies(draw):
    """Draw a strategy of one to six gates."""
    pool = draw(matrices())
    compensation = draw(st.sampled_from(["acquisition", None, pool]))
    scale = draw(
        st.one_of(
            st.none(),
            scales(),
            st.fixed_dictionaries(
                {
                    name: st.one_of(st.none(), scales())
                    for name in (*DYES, *DETECTORS, "CD56")
                }
            ),
        )
    )
    made = lg.GatingStrategy([], scale=scale, compensation=compensation)
    for name in draw(st.lists(NAMES, min_size=1, max_size=6, unique=True)):
        parent = draw(st.sampled_from([None, *made.paths]))
        made = made.add(draw(gates(name, parent, made.paths, pool)))
    info = draw(st.sampled_from([None, "", "kept <b/>"]))
    return made.changed(name=draw(NAMES), custom_info=info)
