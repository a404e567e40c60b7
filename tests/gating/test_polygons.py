"""Polygon gates against exact rational arithmetic, on lattices made to be hostile."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from longate.exceptions import GateError
from reference import gates as reference

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
PENTAGRAM = [
    (math.sin(0.8 * math.pi * k), math.cos(0.8 * math.pi * k)) for k in range(5)
]


def _polygon(vertices, name="G"):
    return lg.PolygonGate(name, x="A", y="B", vertices=vertices)


def _inside(vertices, points) -> list[bool]:
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    sample = sample_of({"A": points[:, 0], "B": points[:, 1]})
    strategy = lg.GatingStrategy([_polygon(vertices)], compensation=None)
    return strategy.apply(sample).mask("G").tolist()


def _exactly(vertices, points) -> list[bool]:
    return [reference.polygon_contains(vertices, x, y) for x, y in points]


def test_the_border_and_the_vertices_are_inside():
    border = [*SQUARE, (0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)]
    assert _inside(SQUARE, border) == [True] * 8


def test_a_hair_beyond_the_border_is_outside():
    low, high = np.nextafter(0.0, -1.0), np.nextafter(1.0, 2.0)
    beyond = [(low, 0.5), (high, 0.5), (0.5, low), (0.5, high), (high, high)]
    assert _inside(SQUARE, beyond) == [False] * 5


def test_nan_and_infinities_are_outside():
    odd = [math.nan, math.inf, -math.inf]
    points = [*itertools.product(odd, odd), *((x, 0.5) for x in odd)]
    assert _inside(SQUARE, points) == [False] * len(points)


def test_nan_is_in_neither_the_gate_nor_its_complement_but_infinity_is_out():
    strategy = lg.GatingStrategy(
        [_polygon(SQUARE), lg.BooleanGate("not G", "not G")], compensation=None
    )
    sample = sample_of(
        {"A": [math.nan, 0.5, math.inf, 0.5], "B": [0.5, math.nan, 0.5, 0.5]}
    )
    gated = strategy.apply(sample)
    assert gated.mask("G").tolist() == [False, False, False, True]
    assert gated.mask("not G").tolist() == [False, False, True, False]


def test_the_centre_of_a_pentagram_is_outside_and_its_arms_are_inside():
    points = [(0.0, 0.0), *((0.7 * x, 0.7 * y) for x, y in PENTAGRAM)]
    assert _inside(PENTAGRAM, points) == [False, *[True] * 5]


def test_a_region_that_is_wound_twice_is_outside():
    twice = [*SQUARE, *SQUARE]
    assert _inside(twice, [(0.5, 0.5), (1.0, 0.5), (0.0, 0.0)]) == [False, True, True]


def test_a_bow_tie_holds_both_wings_and_its_knot():
    bow = [(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)]
    points = [(1.0, 1.0), (1.8, 1.0), (0.2, 1.0), (1.0, 1.5), (1.0, 0.5)]
    assert _inside(bow, points) == [True, True, True, False, False]


def test_a_spike_without_area_is_border():
    spiked = [*SQUARE[:3], (0.5, 1.0), (0.5, 3.0), (0.5, 1.0), (0.0, 1.0)]
    assert _inside(spiked, [(0.5, 2.0), (0.5, 3.0), (0.5, 3.1)]) == [True, True, False]


LATTICE = st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(
    lambda p: (float(p[0]), float(p[1]))
)


@st.composite
def _outline(draw, corners=LATTICE, most=9):
    vertices = draw(st.lists(corners, min_size=3, max_size=most))
    try:
        _polygon(vertices)
    except GateError:
        assume(condition=False)
    return vertices


HALVES = st.tuples(st.integers(-9, 9), st.integers(-9, 9)).map(
    lambda p: (p[0] / 2, p[1] / 2)
)


@settings(deadline=None)
@given(_outline(), st.lists(HALVES, min_size=20, max_size=40))
def test_agrees_with_fractions_where_corners_coincide(vertices, points):
    assert _inside(vertices, points) == _exactly(vertices, points)


# Coordinates at which floating-point products round and cancel, and beyond what float32
# data can hold.
HOSTILE = st.one_of(
    st.integers(0, 24).map(lambda n: 0.5 + n * 2.0**-53),
    st.sampled_from([0.0, 12.0, 24.0, 0.1, 0.2, 0.3, 1 / 3, 1e-45, -1e-60]),
    st.sampled_from([1e60, -1e60, 3e38, -3e38, 1e16, 1e16 + 2]),
    st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-60),
)


@settings(deadline=None)
@given(
    _outline(corners=st.tuples(HOSTILE, HOSTILE), most=6),
    st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=8),
    st.integers(0, 1024).map(lambda n: n / 1024),
)
def test_agrees_with_fractions_where_products_round(vertices, points, share):
    ends = [*zip(vertices, vertices[1:] + vertices[:1], strict=True)]
    near_edges = [
        (ax * (1 - share) + bx * share, ay * (1 - share) + by * share)
        for (ax, ay), (bx, by) in ends
    ]
    middles = [(ax / 2 + bx / 2, ay / 2 + by / 2) for (ax, ay), (bx, by) in ends]
    points = [*points, *vertices, *near_edges, *middles]
    assert _inside(vertices, points) == _exactly(vertices, points)


def test_agrees_with_fractions_within_some_ulps_of_a_slanted_edge():
    vertices = [(12.0, 12.0), (24.0, 24.0), (24.0, 0.0)]
    steps = np.arange(-24, 25) * 2.0**-48
    points = [(17.0 + dx, 17.0 + dy) for dx in steps for dy in steps]
    expected = _exactly(vertices, points)
    assert _inside(vertices, points) == expected
    assert 0 < sum(expected) < len(expected)


@settings(deadline=None)
@given(_outline(), st.integers(0, 8), st.booleans())
def test_depends_on_neither_first_vertex_nor_direction(vertices, turn, backwards):
    turned = vertices[turn % len(vertices) :] + vertices[: turn % len(vertices)]
    turned = turned[::-1] if backwards else turned
    closed = [*turned, turned[0]]
    points = list(itertools.product(np.arange(-9, 10) / 2, repeat=2))
    assert _inside(turned, points) == _inside(vertices, points)
    assert _inside(closed, points) == _inside(vertices, points)


def test_tiles_with_shared_edges_cover_their_union():
    """Every point of a square is in some triangle; only shared borders are in two."""
    rng = np.random.default_rng(3)
    for _ in range(8):
        hub = tuple(rng.integers(1, 8, 2).astype(float))
        rim = [(0.0, 0.0), (4.0, 0.0), (9.0, 0.0), (9.0, 9.0), (2.0, 9.0), (0.0, 9.0)]
        tiles = [[hub, a, b] for a, b in zip(rim, rim[1:] + rim[:1], strict=True)]
        near_hub = [(hub[0] + dx, hub[1] + dy) for dx, dy in rng.normal(0, 1, (60, 2))]
        on_spokes = [
            (hub[0] + t * (x - hub[0]), hub[1] + t * (y - hub[1]))
            for x, y in rim
            for t in rng.random(10)
        ]
        points = [*near_hub, *on_spokes, *rng.uniform(0, 9, (100, 2)), *rim, hub]
        points = [p for p in points if 0 <= p[0] <= 9 and 0 <= p[1] <= 9]
        held = np.sum([_inside(tile, points) for tile in tiles], axis=0)
        assert held.min() >= 1
        assert held[-1] == len(tiles)
        assert np.mean(held == 1) > 0.5


def test_a_polygon_is_equal_by_what_makes_it():
    assert _polygon(SQUARE) == _polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
    assert hash(_polygon(SQUARE)) == hash(_polygon(np.array(SQUARE)))
    assert _polygon(SQUARE) != _polygon(SQUARE[::-1])


@pytest.mark.parametrize(
    ("vertices", "words"),
    [
        ([(0, 0), (1, 1)], "at least 3 vertices"),
        ([], "at least 3 vertices"),
        ([(0, 0), (1, 1), (2, 2)], "one line"),
        ([(1, 1)] * 5, "one line"),
        ([(0, 0), (1, 1), (0.1, 0.1), (0.3, 0.3)], "one line"),
        ([(0, 0), (1, math.nan), (2, 0)], "not finite"),
        ([(0, 0), (1, math.inf), (2, 0)], "not finite"),
        ([(0, 0, 0), (1, 1, 1), (2, 0, 0)], "'G'"),
        ([0, 1, 2], "'G'"),
        (5, "'G'"),
    ],
)
def test_refuses_vertices_that_make_no_area(vertices, words):
    with pytest.raises(GateError, match=words):
        _polygon(vertices)


def test_refuses_one_channel_twice():
    with pytest.raises(GateError, match="both axes are 'A'"):
        lg.PolygonGate("G", x="A", y="A", vertices=SQUARE)
