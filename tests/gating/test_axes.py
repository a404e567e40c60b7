"""Axes of gates with their own compensation and scale, ratios, several matrices.

Every strategy is held against NumPy: each axis written out by hand, value by value.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import longate as lg
from gating.samples import sample_of, write_study
from gating.spectral import (
    ARCSINH,
    DETECTORS,
    FILE,
    LOGICLE,
    OTHER,
    SPECTRA,
    events_of,
    sample_with,
    strategy_on,
)
from longate.exceptions import PanelError
from reference import gates as reference


def _unmixed(matrix: lg.Compensation, fluorochrome: str, columns) -> np.ndarray:
    """A plain sum in the order of the detectors."""
    places = {"CD3": "FL1", "CD56": "FL2", "CD16": "FL3"}
    column = [places.get(name, name) for name in matrix.fluorochromes].index(
        places.get(fluorochrome, fluorochrome)
    )
    total = np.zeros(len(next(iter(columns.values()))))
    for row, detector in enumerate(matrix.detectors):
        total = (
            total
            + columns[places.get(detector, detector)] * matrix.weights[row, column]
        )
    return total


def _places(axis, columns):
    """What each axis of the tests shows, written out."""
    raw = {**columns, "CD3": columns["FL1"], "CD56": columns["FL2"]}
    return {
        "CD3": lambda: LOGICLE(_unmixed(FILE, "FL1", columns)),
        "FL1": lambda: LOGICLE(_unmixed(FILE, "FL1", columns)),
        "CD16": lambda: LOGICLE(_unmixed(FILE, "FL3", columns)),
        "FSC-A": lambda: raw["FSC-A"],
        "FL4": lambda: LOGICLE(raw["FL4"]),
        RAW: lambda: raw["CD3"],
        PLAIN: lambda: _unmixed(FILE, "FL2", columns),
        SCALED: lambda: ARCSINH(_unmixed(OTHER, "FL1", columns)),
        NAMED: lambda: LOGICLE(_unmixed(FILE, "FL2", columns)),
        DYE: lambda: LOGICLE(_unmixed(SPECTRA, "Alexa 700", columns)),
        RATIO: lambda: _ratio(
            2.0, 1.0, -3.0, _unmixed(FILE, "FL1", columns), raw["FL4"]
        ),
        RAW_RATIO: lambda: ARCSINH(_ratio(1.0, 0.0, 0.0, raw["FL2"], raw["FL1"])),
    }[axis]()


def _ratio(a, b, c, x, y):
    with np.errstate(divide="ignore", invalid="ignore"):
        return (a * (x - b)) / (y - c)


RAW = lg.Dimension("CD3", compensation=None, scale=None)
PLAIN = lg.Dimension("CD56", scale=None)
SCALED = lg.Dimension("CD3", compensation=OTHER, scale=ARCSINH)
NAMED = lg.Dimension("CD56", compensation="acquisition", scale=LOGICLE)
DYE = lg.Dimension("alexa 700", compensation=SPECTRA)
RATIO = lg.Dimension(lg.Ratio("CD3", "FL4", a=2.0, b=1.0, c=-3.0))
RAW_RATIO = lg.Dimension(lg.Ratio("CD56", "CD3"), compensation=None, scale=ARCSINH)
AXES = [
    "CD3",
    "FL1",
    "CD16",
    "FSC-A",
    "FL4",
    RAW,
    PLAIN,
    SCALED,
    NAMED,
    DYE,
    RATIO,
    RAW_RATIO,
]


def _agree(strategy, sample, columns):
    gated = strategy.apply(sample)
    expected = reference.evaluate(strategy, lambda axis: _places(axis, columns))
    for path, (inside, _) in expected.items():
        np.testing.assert_array_equal(gated.mask(path), inside, err_msg=path)
    return gated


def _columns(events):
    return dict(zip(["FSC-A", *DETECTORS], events.T, strict=True))


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_a_range_on_every_axis_is_decided_like_numpy(axis):
    events = events_of()
    columns = _columns(events)
    places = _places(axis, columns)
    finite = places[np.isfinite(places)]
    low, high = np.quantile(finite, [0.3, 0.8])
    tie = float(np.sort(finite)[len(finite) // 2])
    gates = [
        lg.RectangleGate("G", dimensions={axis: (low, high)}),
        lg.RectangleGate("not below", dimensions={axis: (tie, None)}),
        lg.RectangleGate(
            "closed", dimensions={axis: (None, tie)}, interval="closed", parent="G"
        ),
        lg.BooleanGate("rest", "not G"),
    ]
    strategy = lg.GatingStrategy(gates, scale=LOGICLE)
    gated = _agree(strategy, sample_with(events), columns)
    assert 0 < gated.mask("G").sum() < len(events)


@settings(deadline=None, max_examples=30)
@given(st.permutations(AXES), st.integers(0, 2**32 - 1))
def test_gates_on_mixed_axes_are_decided_like_numpy(axes, seed):
    events = events_of(300, seed)
    columns = _columns(events)
    middle = {axis: np.nanquantile(_places(axis, columns), [0.2, 0.8]) for axis in axes}
    x, y, z, *rest = axes
    if {x, y} == {"CD3", "FL1"} or {x, y, z} > {"CD3", "FL1"}:
        x, rest = rest[0], [x, *rest[1:]]
    if {y, z} == {"CD3", "FL1"}:
        y, rest = rest[0], [y, *rest[1:]]
    (x0, x1), (y0, y1) = middle[x], middle[y]
    spread = [float((high - low) / 2) ** 2 for low, high in map(middle.get, (x, y, z))]
    gates = [
        lg.PolygonGate("P", x=x, y=y, vertices=[(x0, y0), (x1, y0), (x0, y1)]),
        lg.EllipsoidGate(
            "E",
            dimensions=[x, y, z],
            mean=[float(np.mean(middle[axis])) for axis in (x, y, z)],
            covariance=np.diag(spread),
            distance_square=1.7,
        ),
        lg.QuadrantGate(
            "Q", dividers={"x": (x, [x0]), "y": (rest[0], list(middle[rest[0]]))}
        ),
        lg.RectangleGate(
            "R", parent="P", dimensions={rest[1]: (middle[rest[1]][0], None)}
        ),
        lg.BooleanGate("X", "not E and ('x+ y+' or not R)"),
    ]
    _agree(lg.GatingStrategy(gates, scale=LOGICLE), sample_with(events), columns)


def test_nan_and_infinite_ratios_are_in_no_gate_or_in_one_by_their_side():
    ratio = lg.Dimension(lg.Ratio("FL1", "FL2"))
    gates = [
        lg.RectangleGate("above", dimensions={ratio: (1.0, None)}),
        lg.RectangleGate("below", dimensions={ratio: (None, 1.0)}),
        lg.BooleanGate("not above", "not above"),
    ]
    columns = {"FL1": [1.0, -1.0, 0.0, np.nan], "FL2": [0.0, 0.0, 0.0, 1.0]}
    gated = lg.GatingStrategy(gates, compensation=None).apply(sample_of(columns))
    assert gated.mask("above").tolist() == [True, False, False, False]
    assert gated.mask("below").tolist() == [False, True, False, False]
    assert gated.mask("not above").tolist() == [False, True, False, False]
    assert gated.n_undefined == (2, 2, 2)


def test_a_dye_is_a_channel_of_a_spectral_strategy():
    events = events_of()
    columns = _columns(events)
    gates = [
        lg.RectangleGate("BV421+", BV421=(0.4, None)),
        lg.RectangleGate(
            "both", parent="BV421+", dimensions={"Alexa 700": (0.4, None)}
        ),
    ]
    strategy = lg.GatingStrategy(
        gates, compensation=SPECTRA, scale={"BV421": LOGICLE, "alexa 700": ARCSINH}
    )
    expected = LOGICLE(_unmixed(SPECTRA, "BV421", columns)) >= 0.4
    gated = strategy.apply(sample_with(events))
    np.testing.assert_array_equal(gated.mask("BV421+"), expected)
    expected &= ARCSINH(_unmixed(SPECTRA, "Alexa 700", columns)) >= 0.4
    np.testing.assert_array_equal(gated.mask("both"), expected)


@given(seed=st.integers(0, 2**32 - 1), n_dyes=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_unmixed_dyes_are_those_of_least_squares(seed, n_dyes):
    """By the strategy's matrix or by one of the axis's own, against NumPy's lstsq."""
    rng = np.random.default_rng(seed)
    detectors = [f"V{k}-A" for k in range(6)]
    fluorochromes = ["BV421", "Alexa 700", "PE-Cy7", "Own light"][:n_dyes]
    spectra = rng.uniform(0.0, 0.3, (n_dyes, 6)) + np.eye(n_dyes, 6)
    events = (rng.lognormal(4, 1.5, (400, n_dyes)) @ spectra).astype(np.float32)
    events += rng.normal(0, 5, events.shape).astype(np.float32)
    sample = sample_of(dict(zip(detectors, events.T, strict=True)))
    found = np.linalg.lstsq(spectra.T, events.T.astype(float), rcond=None)[0]
    unmix = lg.Compensation(spectra, detectors, fluorochromes=fluorochromes)
    cuts = np.median(found, axis=1)
    ways = {
        "its own": lg.GatingStrategy(
            [
                lg.RectangleGate(
                    fluorochrome,
                    dimensions={
                        lg.Dimension(fluorochrome, compensation=unmix): (cut, None)
                    },
                )
                for fluorochrome, cut in zip(fluorochromes, cuts, strict=True)
            ],
        ),
        "the strategy's": lg.GatingStrategy(
            [
                lg.RectangleGate(fluorochrome, dimensions={fluorochrome: (cut, None)})
                for fluorochrome, cut in zip(fluorochromes, cuts, strict=True)
            ],
            compensation=unmix,
        ),
    }
    for strategy in ways.values():
        gated = strategy.apply(sample)
        for fluorochrome, cut, values in zip(fluorochromes, cuts, found, strict=True):
            decided = np.abs(values - cut) > 1e-9 * np.abs(events).max()
            assert decided.sum() >= 398
            inside = gated.mask(fluorochrome)
            np.testing.assert_array_equal(inside[decided], (values >= cut)[decided])


def test_a_study_gives_medians_of_unmixed_dyes(tmp_path):
    events = np.nan_to_num(events_of(700), nan=1.0)
    study = write_study(
        tmp_path,
        [{"patient": "P1", "visit": "m0", "events": events}],
        channels=["FSC-A", *DETECTORS],
    )
    gate = lg.RectangleGate("BV421+", BV421=(100.0, None))
    strategy = lg.GatingStrategy([gate], compensation=SPECTRA)
    populations = study.gate(strategy, progress=False)
    fluorochromes = _unmixed(SPECTRA, "Alexa 700", _columns(events))
    inside = _unmixed(SPECTRA, "BV421", _columns(events)) >= 100.0
    medians = populations.medians("Alexa 700", population="BV421+")
    assert medians["median"].tolist() == [np.median(fluorochromes[inside])]
    with pytest.raises(PanelError, match=r"did you mean 'Alexa 700'"):
        populations.medians("Alexa 70")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "BV412",
            "nor is it a fluorochrome of the spillover matrix; did you mean 'BV421'",
        ),
        ("Alexa 70", "nor is it a fluorochrome .*; did you mean 'Alexa 700'"),
        ("CD65", "nor is it a fluorochrome .*; did you mean 'CD56'"),
        ("FL5", "nor is it a fluorochrome .*; did you mean 'FL"),
        (
            "???",
            "nor is it a fluorochrome .*; there are 'BV421', 'Alexa 700', 'CD3', "
            ".*'FL4'",
        ),
    ],
)
def test_a_name_that_is_no_dye_is_answered_with_dyes_and_channels(name, words):
    sample = sample_with(events_of(5))
    own = lg.Dimension(name, compensation=SPECTRA)
    for axis, compensation in ((name, SPECTRA), (own, "acquisition")):
        strategy = strategy_on(axis, compensation=compensation)
        with pytest.raises(PanelError, match=f"gate 'Cells/NK': .*{words}"):
            strategy.apply(sample)
        with pytest.raises(PanelError, match=f"gate 'Cells/NK': .*{words}"):
            strategy.validate(sample.panel, compensation=FILE)


def test_a_matrix_is_decided_by_markers_and_detectors_alike():
    events = events_of()
    names = {"by marker": "CD56", "by detector": "FL2", "whatever the case": "fl2"}
    gates = [
        lg.RectangleGate(name, dimensions={channel: (0.4, None)})
        for name, channel in names.items()
    ]
    gated = lg.GatingStrategy(gates, scale=LOGICLE).apply(sample_with(events))
    one, *others = (gated.mask(name) for name in names)
    for other in others:
        np.testing.assert_array_equal(one, other)


def test_an_axis_may_ask_for_the_acquisition_where_the_strategy_does_not():
    events = events_of()
    columns = _columns(events)
    axis = lg.Dimension("CD56", compensation="acquisition")
    gates = [
        lg.RectangleGate("raw", CD56=(100.0, None)),
        lg.RectangleGate("own", dimensions={axis: (100.0, None)}),
    ]
    strategy = lg.GatingStrategy(gates, compensation=None)
    gated = strategy.apply(sample_with(events))
    np.testing.assert_array_equal(gated.mask("raw"), columns["FL2"] >= 100.0)
    own = _unmixed(FILE, "FL2", columns) >= 100.0
    np.testing.assert_array_equal(gated.mask("own"), own)
    bare = strategy.apply(sample_with(events, compensation=None))
    np.testing.assert_array_equal(bare.mask("own"), columns["FL2"] >= 100.0)


def test_a_study_decides_axes_like_a_sample_in_memory(tmp_path):
    events = np.nan_to_num(events_of(700), nan=1.0)
    names = ["FSC-A", *DETECTORS]
    study = write_study(
        tmp_path,
        [{"patient": "P1", "visit": "m0", "events": events, "spillover": FILE}],
        channels=names,
    )
    axes = {
        "raw": lg.Dimension("FL1", compensation=None),
        "fluorochrome": lg.Dimension("BV421", compensation=SPECTRA),
        "ratio": lg.Dimension(lg.Ratio("FL1", "FL2")),
        "file": "FL1",
    }
    gates = [
        lg.RectangleGate(name, dimensions={axis: (0.45, None)})
        for name, axis in axes.items()
    ]
    strategy = lg.GatingStrategy(gates, scale=LOGICLE)
    populations = study.gate(strategy, progress=False)
    gated = strategy.apply(study.read("P1_m0"))
    for name in axes:
        mask = populations.mask(name, sample="P1_m0")
        np.testing.assert_array_equal(mask, gated.mask(name))
        assert 0 < mask.sum() < len(events)
    frame = populations.events(
        "fluorochrome", sample="P1_m0", channels=list(axes.values())
    )
    assert list(frame) == [str(axis) for axis in axes.values()]
    scaled = populations.events(
        "fluorochrome", sample="P1_m0", channels=[axes["fluorochrome"]], scaled=True
    )
    assert (scaled.iloc[:, 0] >= 0.45).all()
    assert math.isclose(
        frame.iloc[0, 2], frame.iloc[0, 3] / _second(study, frame.index[0])
    )


def _second(study, event: int) -> float:
    return float(study.read("P1_m0").values("FL2")[event])
