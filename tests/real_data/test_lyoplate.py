"""openCyto's gates of one Lyoplate tube: same counts, same events.

The values of the file are compensated and transformed already, so the strategy has
neither scale nor matrix. Every population that a range or a rectangle defines is
reproduced from its own gate; the quadrants of CD16 x CD56 are rectangles in this tree,
and are made once more as Boolean gates. The four polygons of CD11c x CD123 reach to
infinity; they are drawn to a corner beyond every event.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

import longate as lg

FOLDER = "nk_human/lyoplate_dc_mono_nk"
N_EVENTS = 77_737
NOT_A_RANGE = ("CD11c-CD123+", "CD11c+CD123+", "CD11c+CD123-", "CD11c-CD123-")
BEYOND = 1e7


def bound(value):
    value = float(value)
    return None if math.isinf(value) else value


def short(path):
    """Return our path of one of theirs, which starts with a slash."""
    return path.strip("/")


def rectangle(population, interval):
    gate = population["gate"]
    if gate["type"] == "range":
        sides = {gate["dims"][0]: (bound(gate["min"]), bound(gate["max"]))}
    else:
        (x0, y0), (x1, y1) = gate["points"]
        x, y = gate["dims"]
        sides = {x: (bound(x0), bound(x1)), y: (bound(y0), bound(y1))}
    return lg.RectangleGate(
        population["name"],
        parent=short(population["parent"]) or None,
        dimensions=sides,
        interval=interval,
    )


def polygon(population):
    gate = population["gate"]
    x, y = gate["dims"]
    corners = [[max(-BEYOND, min(BEYOND, float(v))) for v in p] for p in gate["points"]]
    return lg.PolygonGate(
        population["name"],
        parent=short(population["parent"]),
        x=x,
        y=y,
        vertices=corners,
    )


@pytest.fixture(scope="module")
def populations(shared_data):
    listed = json.loads((shared_data / FOLDER / "gates_001.json").read_text())
    return {entry["path"]: entry for entry in listed if "gate" in entry}


@pytest.fixture(scope="module")
def expected(shared_data):
    table = pd.read_csv(shared_data / FOLDER / "expected_counts_001.csv")
    return table.set_index("path")["count"].to_dict()


@pytest.fixture(scope="module")
def membership(shared_data):
    with np.load(shared_data / FOLDER / "membership_001.npz") as file:
        return {
            key.replace("|", "/"): np.unpackbits(file[key])[:N_EVENTS].astype(bool)
            for key in file.files
        }


@pytest.fixture(scope="module")
def sample(shared_data):
    name = "DC_MONO_NK_12828001_001.transformed.fcs"
    return lg.read_fcs(shared_data / FOLDER / name)


def gated(sample, populations, interval="half-open"):
    gates = [
        polygon(entry)
        if entry["gate"]["type"] == "polygon"
        else rectangle(entry, interval)
        for entry in populations.values()
    ]
    strategy = lg.GatingStrategy(gates, scale=None, compensation=None)
    return strategy.apply(sample)


def test_every_range_and_rectangle_has_the_expected_count(
    sample, populations, expected
):
    counts = gated(sample, populations).counts.set_index("population")["n_events"]
    ours = {path: int(counts[short(path)]) for path in populations}
    by_range = {
        path for path, entry in populations.items() if entry["name"] not in NOT_A_RANGE
    }
    assert len(by_range) == 19
    assert {p: ours[p] for p in by_range} == {p: expected[p] for p in by_range}
    assert sample.n_events == expected["/"] == N_EVENTS


def test_polygons_to_infinity_are_reproduced_too(sample, populations, expected):
    counts = gated(sample, populations).counts.set_index("population")["n_events"]
    drawn = {p: e for p, e in populations.items() if e["gate"]["type"] == "polygon"}
    assert {entry["name"] for entry in drawn.values()} == set(NOT_A_RANGE)
    assert {p: int(counts[short(p)]) for p in drawn} == {p: expected[p] for p in drawn}


def test_every_event_is_where_opencyto_puts_it(sample, populations, membership):
    found = gated(sample, populations)
    compared = [path for path in membership if path in populations]
    assert len(compared) >= 14
    for path in compared:
        np.testing.assert_array_equal(
            found.mask(short(path)), membership[path], err_msg=path
        )


def test_both_kinds_of_interval_agree_here(sample, populations):
    """No value of this file lies on a border, so these data do not tell them apart.

    openCyto's intervals are closed, ours half-open by default.
    """
    half_open = gated(sample, populations, "half-open").n_inside
    assert gated(sample, populations, "closed").n_inside == half_open
    for entry in populations.values():
        if entry["gate"]["type"] != "polygon":
            for channel, sides in rectangle(entry, "closed").dimensions.items():
                values = sample.column(channel)
                assert not np.isin(values, [s for s in sides if s is not None]).any()


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("CD16+CD56+", "'CD16+' and 'CD56+'"),
        ("CD16+CD56-", "'CD16+' and not 'CD56+'"),
        ("CD16-CD56+", "not 'CD16+' and 'CD56+'"),
        ("CD16-CD56-", "not ('CD16+' or 'CD56+')"),
    ],
)
def test_quadrants_as_boolean_gates(sample, populations, expected, name, expression):
    parent = "boundary/Monocytes/Live/CD14-Lineage-"
    upstream = [
        rectangle(entry, "half-open")
        for path, entry in populations.items()
        if f"/{parent}/".startswith(f"{path}/")
        or path in (f"/{parent}/CD16+", f"/{parent}/CD56+")
    ]
    quadrant = lg.BooleanGate(name, expression, parent=parent)
    strategy = lg.GatingStrategy([*upstream, quadrant], compensation=None)
    counts = strategy.apply(sample).counts.set_index("population")["n_events"]
    assert counts[f"{parent}/{name}"] == expected[f"/{parent}/{name}"]


def test_in_one_pass_over_the_file_as_in_memory(
    sample, populations, expected, tmp_path
):
    sheet = pd.DataFrame(
        [{"file": sample.path, "patient": "1", "visit": "1", "tube": "DC"}]
    )
    strategy = lg.GatingStrategy(
        [
            rectangle(entry, "half-open")
            for entry in populations.values()
            if entry["gate"]["type"] != "polygon"
        ],
        compensation=None,
    )
    counts = lg.read_study(sheet).gate(strategy, progress=False).counts
    counts = counts.set_index("population")["n_events"]
    for path in strategy.paths:
        assert counts[path] == expected[f"/{path}"]
