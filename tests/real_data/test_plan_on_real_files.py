"""Gates on every real file: the pass over bytes against NumPy on whole columns."""

from __future__ import annotations

import numpy as np

import longate as lg
from longate.exceptions import LongateError
from longate.io.fcs import scan_file

MOST_EVENTS = 60_000
SCALES = [lg.Logicle(), lg.Arcsinh.with_cofactor(5.0), None]


def files(shared_data):
    found = sorted((shared_data / "fcs_conformance").rglob("*.fcs"))
    found += sorted((shared_data / "fcs_conformance").rglob("*.LMD"))
    return [path for path in found if path.stat().st_size < 40e6]


def test_ranges_ellipsoids_and_booleans_on_every_file(shared_data):
    checked = 0
    rng = np.random.default_rng(5)
    for path in files(shared_data):
        try:
            head = scan_file(path)
            sample = lg.read_fcs(path)
        except (LongateError, OSError):
            continue
        names = [channel.detector for channel in head.panel]
        unique = [name for name in names if names.count(name) == 1]
        if len(unique) < 3 or not 0 < head.n_events <= MOST_EVENTS:
            continue
        scale = SCALES[checked % len(SCALES)]
        try:
            check(head, sample, unique, scale, rng)
        except LongateError as error:
            if "matrix" in str(error) or "spill" in str(error):
                continue
            raise
        checked += 1
    assert checked > 20


def places_of(sample, names, scale):
    """Places on the axes, by whole columns."""
    columns = []
    for name in names:
        values = sample.values(name)
        fluorescent = sample.panel.channels[sample.panel.index(name)].kind
        scaled = scale is not None and fluorescent == "fluorescence"
        columns.append(scale(values) if scaled else values)
    return columns


def check(head, sample, unique, scale, rng):
    x, y, z = rng.choice(unique, 3, replace=False).tolist()
    px, py, pz = places_of(sample, (x, y, z), scale)
    cut_x, cut_z = (float(np.nanquantile(p, 0.6)) for p in (px, pz))
    spread = [float(np.nanstd(p)) or 1.0 for p in (px, py)]
    mean = [float(np.nanmedian(p)) for p in (px, py)]
    if not np.isfinite([cut_x, cut_z, *spread, *mean]).all():
        return
    corners = [
        (mean[0] - spread[0], mean[1] - spread[1]),
        (mean[0] + 2 * spread[0], mean[1] - 0.5 * spread[1]),
        (mean[0] + 0.5 * spread[0], mean[1] + 2 * spread[1]),
    ]
    strategy = lg.GatingStrategy(
        [
            lg.PolygonGate("P", x=x, y=y, vertices=corners),
            lg.RectangleGate("R", parent="P", dimensions={z: (cut_z, None)}),
            lg.RectangleGate("S", dimensions={x: (None, cut_x)}),
            lg.BooleanGate("N", "S and not P"),
        ],
        scale=scale,
    )
    gated = strategy.apply(head)
    memory = strategy.apply(sample)
    for path in strategy.paths:
        np.testing.assert_array_equal(gated.mask(path), memory.mask(path))
    inside = np.zeros(head.n_events, dtype=bool)
    edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
    for (ax, ay), (bx, by) in edges:  # even-odd; nearer than rounding is left out
        with np.errstate(invalid="ignore"):
            crosses = (ay > py) != (by > py)
            inside ^= crosses & (px < ax + (py - ay) * (bx - ax) / (by - ay))
    near = np.zeros(head.n_events, dtype=bool)
    for (ax, ay), (bx, by) in edges:
        with np.errstate(invalid="ignore", over="ignore"):
            side = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
            size = np.abs((bx - ax) * (py - ay)) + np.abs((by - ay) * (px - ax))
            near |= np.abs(side) <= 1e-12 * size
    nan = np.isnan(px) | np.isnan(py)
    polygon = gated.mask("P")
    np.testing.assert_array_equal(polygon[~near], (inside & ~nan)[~near])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(gated.mask("R"), polygon & (pz >= cut_z))
        below = (px < cut_x) & ~np.isnan(px)
    np.testing.assert_array_equal(gated.mask("S"), below)
    np.testing.assert_array_equal(gated.mask("N"), below & ~polygon & ~nan)
