"""Strategies on every real file: the pass over bytes against one slow exact event.

The slow path is that of ``reference``: whole columns, compensated by a plain sum, put
on the scale by its exact function, and decided gate by gate; whether an event lies in a
polygon or an ellipsoid is told by fractions wherever floats leave a doubt.
"""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

import longate as lg
from longate.exceptions import FcsError, PanelError
from longate.io.fcs import read_metadata
from reference import gates as reference

N_FILES = 120
UNREADABLE = {"fcsparser/corrupted.fcs", "fcsparser/sample_header.fcs"}
WITHOUT_MATRIX = {"fcsparser/EY_2013-07-19_PBS_FCS_3.1_Well_A1.001.fcs"}
"""Its spillover keyword cannot be read; its events can."""
STRATEGIES_PER_FILE = 2
DOUBTFUL = 1e-12
"""Relative distance from a border within which floats are not asked."""


def scale_of(number, top):
    """Every scale in turn, for values up to `top`."""
    kinds = [
        lambda: lg.Logicle(t=top, w=0.5, m=4.5, a=0.0),
        lambda: lg.Arcsinh.with_cofactor(5.0),
        lambda: None,
        lambda: lg.Hyperlog(t=top, w=0.5, m=4.5, a=0.0),
        lambda: lg.Linear(t=top, a=top / 100),
        lambda: lg.FlowJoBiex(),
        lambda: lg.Logicle(t=top, w=1.0, m=4.0, a=0.5),
        lambda: lg.Log(t=top, m=5.0),
    ]
    return kinds[number % len(kinds)]()


def files(shared_data):
    for path in sorted((shared_data / "fcs_truth").glob("*.json")):
        name = json.loads(path.read_text())["file"]
        yield name.removeprefix("fcs_conformance/"), shared_data / name


def usable(panel):
    """Names that mean one channel."""
    names = []
    for channel in panel:
        try:
            panel.index(channel.detector)
        except PanelError:
            continue
        names.append(channel.detector)
    return names


def strategy_of(rng, number, names, sample):
    """Seven populations whose borders run through the events of the file."""
    order = rng.permutation(names).tolist()
    x, y, z = order[0], order[1], order[2 % len(order)]
    top = max(sample.panel.channels[sample.panel.index(n)].range for n in (x, y, z))
    scale = scale_of(number, max(top, 1000.0))
    px, py, pz = (places(scale, sample, name) for name in (x, y, z))
    finite = np.isfinite(px) & np.isfinite(py) & np.isfinite(pz)
    if not finite.any():
        return strategy_of(rng, number + 1, names, sample)  # a logarithm of nothing
    px, py, pz = px[finite], py[finite], pz[finite]
    around = rng.permutation(np.linspace(0, 2 * np.pi, 7, endpoint=False))
    reach = [1.3 * float(np.std(p)) or 1.0 for p in (px, py)]
    middle = [float(np.median(p)) for p in (px, py)]
    corners = [
        (middle[0] + reach[0] * np.cos(a), middle[1] + reach[1] * np.sin(a))
        for a in around  # in any order, so that the outline crosses itself
    ]
    some = rng.integers(len(px), size=2)
    corners += [(float(px[n]), float(py[n])) for n in some]  # vertices on events
    mixed = 0.4 * reach[0] * reach[1]
    spread = [[reach[0] ** 2, mixed], [mixed, reach[1] ** 2]]
    low, high = sorted(float(p) for p in rng.choice(pz, 2))  # bounds on events
    high = high if high > low else low + 1.0
    return lg.GatingStrategy(
        [
            lg.PolygonGate("P", x=x, y=y, vertices=corners),
            lg.RectangleGate("R", parent="P", dimensions={z: (low, None)}),
            lg.RectangleGate("S", dimensions={z: (low, high)}, interval="closed"),
            lg.EllipsoidGate("E", dimensions=[x, y], mean=middle, covariance=spread),
            lg.BooleanGate("N", "S and not P or E"),
            lg.RectangleGate("H", parent="N", dimensions={x: (None, middle[0])}),
            lg.PolygonGate("Q", parent="E", x=y, y=z, vertices=square(py, pz)),
        ],
        scale=scale,
    )


def square(px, py):
    (left, low), (right, high) = (
        [float(np.quantile(p, share)) for p in (px, py)] for share in (0.2, 0.8)
    )
    right, high = max(right, left + 1e-3), max(high, low + 1e-3)
    return [(left, low), (right, low), (right, high), (left, high)]


def places(scale, sample, name):
    """Places of all events on an axis, by the exact functions alone."""
    matrix, place = sample.compensation, sample.panel.index(name)
    channels = [sample.panel.index(c) for c in matrix.channels] if matrix else []
    if place in channels:
        values = reference.compensated(sample, matrix, name)
    else:
        values = sample.columns[place].astype(np.float64)
    fluorescent = sample.panel.channels[place].kind == "fluorescence"
    return values if scale is None or not fluorescent else scale(values)


def polygon(vertices, xs, ys):
    """Even-odd by signs of floats; fractions where a sign is in doubt."""
    known = ~(np.isnan(xs) | np.isnan(ys))
    inside, doubtful = np.zeros((2, len(xs)), dtype=bool)
    with np.errstate(invalid="ignore", over="ignore"):
        for (ax, ay), (bx, by) in zip(
            vertices, vertices[1:] + vertices[:1], strict=True
        ):
            parts = (bx - ax) * (ys - ay), (by - ay) * (xs - ax)
            side = parts[0] - parts[1]
            inside ^= ((ay > ys) != (by > ys)) & ((side > 0) == (by > ay))
            size = np.abs(parts[0]) + np.abs(parts[1])
            doubtful |= ~(np.abs(side) > DOUBTFUL * size)
    ask(
        inside,
        doubtful & known,
        (xs, ys),
        partial(reference.polygon_contains, vertices),
    )
    return inside & known, known & ~inside


def ask(inside, doubtful, columns, contains):
    """Fill in what is in doubt; many events of integers are at one place."""
    doubtful = np.flatnonzero(doubtful)
    where = np.stack([column[doubtful] for column in columns], axis=1)
    where, which = np.unique(where, axis=0, return_inverse=True)
    told = np.array([contains(*place) for place in where.tolist()], dtype=bool)
    inside[doubtful] = told[which.ravel()]


def ellipsoid(mean, covariance, distance_square, columns):
    """The squared distance by floats; by fractions where it is in doubt."""
    known = ~np.logical_or.reduce([np.isnan(column) for column in columns])
    apart = np.array(columns) - np.array(mean, dtype=float)[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        distance = (apart * np.linalg.solve(np.array(covariance), apart)).sum(axis=0)
    inside = distance <= distance_square
    near = np.abs(distance - distance_square) <= 1e-9 * distance_square
    shape = mean, covariance, distance_square

    def contains(*place):
        return reference.ellipsoid_contains(*shape, place)

    ask(inside, (near | ~np.isfinite(distance)) & known, columns, contains)
    return inside & known, known & ~inside


@pytest.fixture(scope="module", autouse=True)
def quick_oracle():
    """Ask fractions only where floats leave a doubt: a million events are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "polygon", polygon)
        patch.setattr(reference, "ellipsoid", ellipsoid)
        yield


def test_the_quick_oracle_is_the_slow_one():
    rng = np.random.default_rng(3)
    vertices = [(float(x), float(y)) for x, y in rng.integers(0, 9, (7, 2))]
    xs, ys = rng.integers(-1, 10, (2, 3000)) / rng.choice([1.0, 3.0], (2, 3000))
    xs[:3] = np.nan, np.inf, -np.inf
    slow = [
        reference.polygon_contains(vertices, *xy) for xy in zip(xs, ys, strict=True)
    ]
    np.testing.assert_array_equal(polygon(vertices, xs, ys)[0], slow)
    shape = ([4.0, 4.0], [[4.0, 1.0], [1.0, 3.0]], 2.0)
    slow = [reference.ellipsoid_contains(*shape, xy) for xy in zip(xs, ys, strict=True)]
    np.testing.assert_array_equal(ellipsoid(*shape, (xs, ys))[0], slow)


def expected_of(strategy, sample):
    known = {}

    def places_of(axis):
        if axis not in known:
            known[axis] = places(strategy.scale, sample, str(axis))
        return known[axis]

    decided = reference.evaluate(strategy, places_of)
    return {path: inside for path, (inside, _) in decided.items()}


def test_every_real_file_is_gated_as_each_event_alone(shared_data):
    rng = np.random.default_rng(5)
    seen, empty, populations, inside = set(), set(), 0, 0
    for number, (name, path) in enumerate(files(shared_data)):
        seen.add(name)
        if name in UNREADABLE:
            with pytest.raises(FcsError):
                lg.read_fcs(path)
            continue
        metadata = read_metadata(path)
        acquired = None if name in WITHOUT_MATRIX else "file"
        sample = lg.read_fcs(path, compensation=acquired)
        if not sample.n_events:
            empty.add(name)
            continue
        sources = [sample] if name in WITHOUT_MATRIX else [metadata, sample]
        for turn in range(STRATEGIES_PER_FILE):
            strategy = strategy_of(rng, number + turn, usable(metadata.panel), sample)
            expected = expected_of(strategy, sample)
            for source in sources:
                gated = strategy.apply(source)
                for gate, mask in expected.items():
                    message = f"{name}: {gate} of {strategy!r}"
                    np.testing.assert_array_equal(gated.mask(gate), mask, message)
            populations += len(expected)
            inside += sum(0 < mask.sum() < len(mask) for mask in expected.values())
    assert len(seen) == N_FILES
    assert seen >= UNREADABLE | WITHOUT_MATRIX
    assert empty == set()
    assert inside > 0.9 * populations, "borders run through the events"
