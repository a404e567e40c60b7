"""Ellipsoid gates against exact rational arithmetic."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from longate.gating.gates.quadratic_form import QuadraticFormGate
from reference import gates as reference

AXES = ["A", "B", "C"]
HOSTILE = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e-300, 1e300, -1e308]


def _decided(gate: lg.EllipsoidGate, columns) -> tuple[np.ndarray, np.ndarray]:
    """Which events are inside, and which in the complement, through the plan."""
    strategy = lg.GatingStrategy(
        [gate, lg.BooleanGate("not E", "not E")], compensation=None
    )
    gated = strategy.apply(sample_of(columns))
    np.testing.assert_array_equal(gated.mask("E"), gate.contains(columns))
    return gated.mask("E"), gated.mask("not E")


def _gate(
    covariance, mean=None, distance_square=1.0, kind=lg.EllipsoidGate, **more
) -> lg.EllipsoidGate:
    n = len(covariance)
    return kind(
        "E",
        dimensions=AXES[:n],
        mean=[0.0] * n if mean is None else mean,
        covariance=covariance,
        distance_square=distance_square,
        **more,
    )


def test_the_border_is_inside_and_a_hair_beyond_it_is_not():
    gate = _gate([[4.0, 0.0], [0.0, 9.0]])
    x, y = np.array([(2.0, 0.0), (-2.0, 0.0), (0.0, 3.0), (0.0, -3.0)]).T
    assert gate.contains({"A": x, "B": y}).all()
    beyond = {
        "A": np.nextafter(x, 9 * x),
        "B": np.nextafter(y, 9 * y),
    }
    assert not gate.contains(beyond).any()


def test_the_distance_is_squared():
    gate = _gate([[1.0, 0.0], [0.0, 1.0]], distance_square=4.0)
    assert gate.contains({"A": [2.0, 2.1], "B": [0.0, 0.0]}).tolist() == [True, False]


def test_hostile_values_are_decided_like_the_twin():
    gate = _gate([[4.0, 1.0], [1.0, 2.0]], mean=[0.5, 0.0])
    x, y = np.array(list(itertools.product(HOSTILE, HOSTILE))).T
    inside, complement = _decided(gate, {"A": x, "B": y})
    expected = reference.ellipsoid(gate.mean, gate.covariance, 1.0, [x, y])
    np.testing.assert_array_equal(inside, expected[0])
    np.testing.assert_array_equal(complement, expected[1])
    assert not (inside | complement)[np.isnan(x) | np.isnan(y)].any()


def test_semi_axes_of_any_size_are_decided():
    for size in (1e-140, 1e-60, 1.0, 1e60, 1e140):
        gate = _gate([[size**2, 0.0], [0.0, 4 * size**2]])
        columns = {"A": [size, 1.01 * size], "B": [0.0, 0.0]}
        assert gate.contains(columns).tolist() == [True, False]


NUMBERS = st.floats(-3, 3)


@st.composite
def _ellipsoids(draw):
    n = draw(st.sampled_from([2, 3]))
    factor = np.array(draw(st.lists(NUMBERS, min_size=n * n, max_size=n * n)))
    factor = factor.reshape(n, n) + 2 * np.eye(n)
    covariance = factor @ factor.T
    assume(np.linalg.cond(covariance) < 1e4)
    mean = draw(st.lists(NUMBERS, min_size=n, max_size=n))
    return _gate(
        ((covariance + covariance.T) / 2).tolist(),
        mean=mean,
        distance_square=draw(st.floats(0.1, 10)),
    )


@settings(deadline=None, max_examples=40)
@given(_ellipsoids(), st.integers(0, 2**32 - 1))
def test_places_away_from_rounding_are_decided_like_the_twin(gate, seed):
    n = len(gate.mean)
    rng = np.random.default_rng(seed)
    spread = np.linalg.cholesky(np.array(gate.covariance))
    turned = rng.normal(size=(70, n))
    turned /= np.linalg.norm(turned, axis=1)[:, None]
    radius = math.sqrt(gate.distance_square) * rng.uniform(0.5, 1.5, (70, 1))
    radius[:20] = math.sqrt(gate.distance_square) * rng.choice(
        [1 - 1e-9, 1 + 1e-9], (20, 1)
    )
    places = np.array(gate.mean) + (radius * turned) @ spread.T
    columns = dict(zip(AXES, places.T.copy(), strict=False))
    inside, complement = _decided(gate, columns)
    expected, outside = reference.ellipsoid(
        gate.mean, gate.covariance, gate.distance_square, list(places.T)
    )
    np.testing.assert_array_equal(inside, expected)
    np.testing.assert_array_equal(complement, outside)


@settings(deadline=None, max_examples=40)
@given(_ellipsoids(), st.integers(0, 2**32 - 1))
def test_an_ellipsoid_moves_with_an_affine_map_of_its_axes(gate, seed):
    n = len(gate.mean)
    rng = np.random.default_rng(seed)
    turn = rng.normal(size=(n, n)) + 2 * np.eye(n)
    assume(np.linalg.cond(turn) < 100)
    shift = rng.normal(size=n)
    covariance = turn @ np.array(gate.covariance) @ turn.T
    moved = _gate(
        ((covariance + covariance.T) / 2).tolist(),
        mean=(turn @ np.array(gate.mean) + shift).tolist(),
        distance_square=gate.distance_square,
    )
    places = np.array(gate.mean) + rng.normal(size=(200, n)) * 2
    solved = np.linalg.solve(
        np.array(gate.covariance), (places - np.array(gate.mean)).T
    )
    distance = ((places - np.array(gate.mean)).T * solved).sum(axis=0)
    clear = np.abs(distance / gate.distance_square - 1) > 1e-6
    before = gate.contains(dict(zip(AXES, places.T.copy(), strict=False)))
    mapped = (places @ turn.T + shift).T.copy()
    after = moved.contains(dict(zip(AXES, mapped, strict=False)))
    np.testing.assert_array_equal(before[clear], after[clear])


def test_a_matrix_as_it_is_written_decides_by_its_inverse():
    matrix = [[2.5, 7.5, 17.5], [7.5, 7.0, 13.5], [15.5, 13.5, 4.3]]
    mean = [40.3, 30.6, 20.8]
    gate = _gate(matrix, mean=mean, kind=QuadraticFormGate)
    rng = np.random.default_rng(3)
    places = np.array(mean) + 4 * rng.normal(size=(300, 3))
    inside, complement = _decided(gate, dict(zip(AXES, places.T.copy(), strict=True)))
    expected = [reference.ellipsoid_contains(mean, matrix, 1.0, p) for p in places]
    assert inside.tolist() == expected
    assert complement.tolist() == [not answer for answer in expected]
    assert 0 < inside.sum() < 300
    assert len(gate.outline()) == 0


def test_the_outline_is_the_border():
    gate = _gate([[4.0, 1.0], [1.0, 2.0]], mean=[3.0, 1.0], distance_square=2.5)
    (outline,) = gate.outline(64)
    inner = gate.mean + (outline - gate.mean) * (1 - 1e-9)
    outer = gate.mean + (outline - gate.mean) * (1 + 1e-9)
    assert gate.contains({"A": inner[:, 0], "B": inner[:, 1]}).all()
    assert not gate.contains({"A": outer[:, 0], "B": outer[:, 1]}).any()
