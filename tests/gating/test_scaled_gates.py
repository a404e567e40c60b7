"""Gates on scales and compensated channels: as if everything were transformed first.

The kernel turns an interval on a scale into cuts on plain values. Whatever it does, an
event is inside exactly where the scale's own forward function says so: on random data,
on ties, and within 64 ulp of every cut.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of
from reference import gates as reference

# Random bounds lie beyond the values of a channel at times, which is warned of.
pytestmark = pytest.mark.filterwarnings("ignore::longate.exceptions.GateWarning")

CHANNELS = ["A", "B", "C"]
HOSTILE = [0.0, -0.0, 4e6, -4e6, 1e300, -1e300, np.inf, -np.inf, np.nan]
LENGTHS = st.sampled_from([256.0, 4096.0])


@st.composite
def scales(draw):
    t = draw(st.sampled_from([1000.0, 1023.0, 262144.0, 4194304.0]))
    m = draw(st.floats(2.0, 6.0))
    kinds = [
        lg.Linear,
        lg.Log,
        lg.Arcsinh,
        lg.Logicle,
        lg.Hyperlog,
        lg.FlowJoBiex,
        None,
    ]
    kind = draw(st.sampled_from(kinds))
    if kind is lg.Linear:
        return lg.Linear(t=t, a=draw(st.floats(0.0, 100.0)))
    if kind is lg.Arcsinh:
        return lg.Arcsinh(t=t, m=m, a=draw(st.floats(0.0, 2.0)))
    if kind in (lg.Logicle, lg.Hyperlog):
        w = draw(st.floats(0.0 if kind is lg.Logicle else 0.01, 0.5)) * m
        return kind(t=t, w=w, m=m, a=draw(st.floats(0.0, 1.0)) * (m - 2 * w))
    if kind is lg.Log:
        return lg.Log(t=t, m=m)
    if kind is lg.FlowJoBiex:
        width_basis = draw(st.floats(-100.0, -1.0))
        return lg.FlowJoBiex(t=t, width_basis=width_basis, length=draw(LENGTHS))
    return None


def _neighbours(values, ulps: int = 64) -> np.ndarray:
    """Each value and the doubles up to so many steps beside it."""
    steps = np.arange(-ulps, ulps + 1)
    values = np.atleast_1d(np.asarray(values, dtype=np.float64))
    near = values.view(np.int64)[:, None] + steps[None, :]
    # A step across zero from the positive side would be NaN.
    near = np.where(values[:, None].view(np.int64) == 0, np.abs(steps)[None, :], near)
    return near.astype(np.int64).view(np.float64).ravel()


def _expected(strategy, sample, matrix=None):
    def places_of(name):
        place = sample.panel.index(name)
        if matrix is not None and name in matrix.channels:
            values = reference.compensated(sample, matrix, name)
        else:
            values = sample.columns[place]
        scale = strategy.scale.get(name)
        return values if scale is None else scale(values)

    return reference.evaluate(strategy, places_of)


def _agree(strategy, sample, matrix=None):
    gated = strategy.apply(sample)
    expected = _expected(strategy, sample, matrix)
    counts = gated.counts.set_index("population")["n_events"]
    for path, (inside, _) in expected.items():
        np.testing.assert_array_equal(gated.mask(path), inside, err_msg=path)
        assert counts[path] == inside.sum()


@st.composite
def _cuts(draw):
    """A scale and two places on it; the first often is that of a whole number."""
    scale = draw(scales())
    scale_or_plain = scale or lg.Linear(t=1.0)
    low = draw(st.floats(-0.3, 1.2))
    if draw(st.booleans()):
        least = 1 if isinstance(scale, lg.Log) else -500
        tie = float(draw(st.integers(least, 5000)))
        low = float(scale_or_plain([tie])[0])
    high = low + draw(st.sampled_from([1e-15, 1e-9, 0.01, 0.3]))
    return scale, low, high if high > low else float(np.nextafter(low, np.inf))


@settings(max_examples=150, deadline=None)
@given(_cuts(), st.sampled_from(["half-open", "closed"]))
def test_an_interval_is_decided_as_its_scale_says_at_every_ulp(cuts, interval):
    scale, low, high = cuts
    plain = scale or lg.Linear(t=1.0)
    centres = plain.inverse([low, high])
    values = np.concatenate([_neighbours(centres), np.round(centres), HOSTILE])
    gates = [
        lg.RectangleGate("both", A=(low, high), interval=interval),
        lg.RectangleGate("low", A=(low, None), interval=interval),
        lg.RectangleGate("high", A=(None, high), interval=interval),
        lg.BooleanGate("not both", "not both"),
        lg.BooleanGate("neither", "not low or not high"),
    ]
    strategy = lg.GatingStrategy(gates, scale={"A": scale}, compensation=None)
    _agree(strategy, sample_of({"A": values}))


def test_a_cut_at_the_place_of_zero_splits_zero_from_below():
    for scale in [lg.Logicle(), lg.Logicle(w=0.0), lg.Arcsinh(a=1.0), lg.Linear(a=9.0)]:
        zero = float(scale([0.0])[0])
        tiny = 10.0 ** -np.arange(0, 320, 4.0)
        values = np.concatenate([-tiny, [-0.0, 0.0], tiny, _neighbours(0.0)])
        gates = [
            lg.RectangleGate("from zero", A=(zero, None)),
            lg.RectangleGate("to zero", A=(None, zero), interval="closed"),
        ]
        strategy = lg.GatingStrategy(gates, scale={"A": scale}, compensation=None)
        _agree(strategy, sample_of({"A": values}))


@st.composite
def _spillover(draw):
    entries = draw(st.lists(st.floats(-0.02, 0.4), min_size=9, max_size=9))
    matrix = np.array(entries).reshape(3, 3)
    np.fill_diagonal(matrix, 1.0)
    return lg.Compensation(matrix, draw(st.permutations(CHANNELS)))


@st.composite
def _tree(draw):
    by_channel = {name: draw(scales()) for name in CHANNELS}
    place = st.floats(-0.1, 1.0)

    def at(name, y):
        """A place on the channel's axis, in plain values where it has no scale."""
        return y if by_channel[name] else 3000.0 * y

    def corner(x, y):
        return (at(x, draw(place)), at(y, draw(place)))

    triangle = [corner("A", "B"), corner("A", "B"), corner("A", "B")]
    hull = [(at("A", x), at("B", y)) for x, y in [(-0.5, -0.5), (1.5, -0.4)]]
    gates = [
        lg.PolygonGate("P", x="A", y="B", vertices=[*hull, *triangle]),
        lg.RectangleGate("R", parent="P", B=(at("B", draw(place)), None)),
        lg.RectangleGate(
            "S", A=(None, at("A", draw(place))), C=(at("C", draw(place)), None)
        ),
        lg.BooleanGate("N", "R or not S"),
        lg.RectangleGate("below N", parent="N", C=(None, at("C", draw(place)))),
        lg.BooleanGate("X", "'below N' and not (P and S)", parent="P"),
    ]
    return gates, by_channel


# Random bounds may lie beyond every scaled value, which is told.
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_tree(), _spillover(), st.integers(0, 2**32), st.booleans())
def test_a_compensated_tree_equals_transform_everything_then_compare(
    tree, matrix, seed, acquired
):
    gates, by_channel = tree
    rng = np.random.default_rng(seed)
    columns = {
        name: np.concatenate(
            [
                rng.normal(100, 400, 40),
                rng.lognormal(6, 2, 40),
                np.round(rng.uniform(0, 2000, 30)),
                rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0], 12),
            ]
        )
        for name in CHANNELS
    }
    sample = sample_of(columns, compensation=matrix if acquired else None)
    own = "acquisition" if acquired else matrix
    strategy = lg.GatingStrategy(gates, scale=by_channel, compensation=own)
    with np.errstate(invalid="ignore"):
        _agree(strategy, sample, matrix)


@settings(max_examples=60, deadline=None)
@given(_spillover(), scales(), st.integers(0, 2**32))
def test_a_cut_through_a_compensated_event_keeps_the_tie(matrix, scale, seed):
    rng = np.random.default_rng(seed)
    columns = {name: rng.lognormal(6, 1.5, 50) for name in CHANNELS}
    sample = sample_of(columns, compensation=matrix)
    values = reference.compensated(sample, matrix, "B")
    places = values if scale is None else scale(values)
    cut = float(rng.choice(places[np.isfinite(places)]))  # log of <= 0 is not
    gates = [
        lg.RectangleGate("above", B=(cut, None)),
        lg.RectangleGate("below", B=(None, cut)),
        lg.RectangleGate("up to", B=(None, cut), interval="closed"),
    ]
    gated = lg.GatingStrategy(gates, scale={"B": scale}).apply(sample)
    np.testing.assert_array_equal(gated.mask("above"), places >= cut)
    np.testing.assert_array_equal(gated.mask("below"), places < cut)
    np.testing.assert_array_equal(gated.mask("up to"), places <= cut)


def test_one_scale_is_for_fluorescence_and_leaves_scatter_and_time_plain():
    sample = sample_of({"FSC-A": [0.7], "SSC-H": [0.7], "Time": [0.7], "FITC-A": [0.7]})
    gates = [
        lg.RectangleGate(name, dimensions={name: (0.69, 0.71)})
        for name in ["FSC-A", "SSC-H", "Time", "FITC-A"]
    ]
    gated = lg.GatingStrategy(gates, scale=lg.Logicle()).apply(sample)
    counts = gated.counts.set_index("population")["n_events"]
    assert counts[["FSC-A", "SSC-H", "Time", "FITC-A"]].tolist() == [1, 1, 1, 0]


def test_a_mapping_finds_a_channel_by_marker_or_detector():
    sample = sample_of({"PE-A": [100.0], "APC-A": [100.0]}, markers={"PE-A": "CD56"})
    scale = lg.Linear(t=200.0)
    gates = [
        lg.RectangleGate("G", dimensions={"PE-A": (0.4, 0.6)}),
        lg.RectangleGate("H", dimensions={"APC-A": (0.4, 0.6)}),
    ]
    by_name = {"CD56": scale, "apc-a": scale, "not in this panel": scale}
    gated = lg.GatingStrategy(gates, scale=by_name).apply(sample)
    assert gated.counts["n_events"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("share", [0.9, 0.26, 0.24, 0.01, 0.0])
def test_dense_and_sparse_populations_are_decided_alike(share):
    """However few events a parent holds, its children are decided by the same sums."""
    rng = np.random.default_rng(7)
    n_events = 4200
    columns = {name: rng.lognormal(5, 2, n_events) for name in CHANNELS}
    columns["FSC-A"] = rng.random(n_events)
    for values in columns.values():
        odd = rng.random(n_events) < 0.03
        values[odd] = rng.choice([np.nan, np.inf, -np.inf, -0.0], odd.sum())
    matrix = lg.Compensation([[1, 0.3, 0.1], [0.2, 1, 0], [0, 0.4, 1]], CHANNELS)
    scale = dict.fromkeys(CHANNELS, lg.Logicle())
    scale["FSC-A"] = None
    corners = [(0.0, 0.1), (0.9, 0.2), (0.5, 0.9), (0.5, 0.0)]
    gates = [
        lg.RectangleGate("few", dimensions={"FSC-A": (None, share)}),
        lg.RectangleGate("R", parent="few", A=(0.3, 0.6), B=(None, 0.5)),
        lg.PolygonGate("P", parent="few", x="B", y="C", vertices=corners),
        lg.RectangleGate("below P", parent="P", C=(0.35, None), A=(0.3, None)),
        lg.BooleanGate("rest", "not R", parent="few"),
        lg.RectangleGate("below rest", parent="rest", B=(0.2, 0.8)),
        lg.RectangleGate("everywhere", A=(0.3, 0.6), C=(0.2, None)),
        lg.BooleanGate("neither", "not everywhere and not 'below P'"),
    ]
    sample = sample_of(columns, compensation=matrix)
    strategy = lg.GatingStrategy(gates, scale=scale)
    with np.errstate(invalid="ignore"):
        _agree(strategy, sample, matrix)
    gated, turned = (
        lg.GatingStrategy(order, scale=scale).apply(sample)
        for order in (gates, gates[::-1])
    )
    for path in strategy.paths:
        np.testing.assert_array_equal(gated.mask(path), turned.mask(path))
