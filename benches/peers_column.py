"""Longate's column in a comparison with other tools, step by step and as a study.

A comparison calls :func:`steps` with its workload (paths, arrays, gates) and gets
``{step: (label, callable)}``; the whole study is a process of its own, which this file
is when it is run:

``python benches/peers_column.py FOLDER [--threads 2]`` gates the files of
``FOLDER/study`` with the strategy that `steps` left in `FOLDER`, and prints JSON:
``wall`` (seconds, without imports), ``rss_mb`` (peak), ``child_rss_mb`` and ``sum``
(events per population over all files).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.special  # noqa: F401 - counts load it when first used: an import, too

import longate as lg
from longate import _core

SCALE = lg.Logicle(t=262144.0, w=0.5, m=4.5, a=0.0)
LABEL = "longate"
HERE = Path(__file__)
STRATEGY = "longate_strategy.json"


def strategy(given):
    """Ten gates, thirteen populations: the ones that the other tools are given."""

    def polygon(name, parent, x, y):
        vertices = given[name].tolist()
        return lg.PolygonGate(name, parent=parent, x=x, y=y, vertices=vertices)

    def ranges(name, parent, **bounds):
        sides = {f"{fluorochrome}-A": bound for fluorochrome, bound in bounds.items()}
        return lg.RectangleGate(name, parent=parent, dimensions=sides)

    cuts = {"16": ("BV605-A", given["q16"]), "57": ("BV711-A", given["q57"])}
    return lg.GatingStrategy(
        scale=SCALE,
        gates=[
            polygon("cells", None, "FSC-A", "SSC-A"),
            polygon("singlets", "cells", "FSC-A", "FSC-H"),
            ranges("cd45", "singlets", BV785=(given["cd45"], None)),
            polygon("nk", "cd45", "BV421-A", "BV510-A"),
            ranges("t", "cd45", BV421=(0.60, None), BV510=(None, 0.45)),
            ranges("nkt", "cd45", BV421=(0.60, None), BV510=(0.45, None)),
            polygon("bright", "nk", "BV510-A", "BV605-A"),
            polygon("dim", "nk", "BV510-A", "BV605-A"),
            lg.QuadrantGate("q", parent="dim", dividers=cuts),
            lg.BooleanGate("bright_or_dim", "bright or dim", parent="nk"),
        ],
    )


ORDER = [
    *("cells", "singlets", "cd45", "nk", "t", "nkt", "bright", "dim"),
    *("16- 57-", "16+ 57-", "16- 57+", "16+ 57+", "bright_or_dim"),
]


def in_order(gates, gated):
    """Events of one gated sample, in the order in which all tools report."""
    places = [gates.paths.index(gates.path(name)) for name in ORDER]
    return [gated.n_inside[place] for place in places]


def words_of(mask):
    """A mask as words of 64 events, as gates are combined."""
    packed = np.packbits(mask, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)


def gates_in_memory(work):
    """The single gates on two columns of single precision."""
    x, y = (np.ascontiguousarray(column) for column in work.xy32.T)
    places = {"FSC-A": x, "SSC-A": y}
    box = {"FSC-A": (45e3, 95e3), "SSC-A": (8e3, 60e3)}
    rectangle = lg.RectangleGate("r", dimensions=box)
    ellipse = lg.EllipsoidGate(
        "e",
        dimensions=["FSC-A", "SSC-A"],
        mean=[68e3, 27e3],
        covariance=[[1.2e8, 3e7], [3e7, 5e7]],
        distance_square=4.0,
    )
    polygons = {
        n: lg.PolygonGate("p", x="FSC-A", y="SSC-A", vertices=corners.tolist())
        for n, corners in work.poly.items()
    }
    cuts = {"FSC-A": 60e3, "SSC-A": 30e3}
    quadrants = lg.QuadrantGate("q", dividers=cuts)
    terms = [0, 1, "not", "and"]
    packed = [words_of(mask) for mask in (x > 60e3, y > 30e3)]
    masks = [(mask, ~mask) for mask in packed]

    return {
        "rectangle gate 1M": lambda: rectangle.contains(places),
        **{
            f"polygon gate 1M, {n} vertices": lambda gate=gate: gate.contains(places)
            for n, gate in polygons.items()
        },
        "ellipse gate 1M": lambda: ellipse.contains(places),
        "quadrant gate 1M (4 masks)": lambda: list(quadrants.counts(places).values()),
        "Boolean gate 1M (x AND NOT y)": lambda: _core.combine_masks(terms, masks),
    }


def scales(work):
    """A million values on each scale, into an array that is kept."""
    values, out = work.cd3, np.empty_like(work.cd3)
    logicle_places = SCALE(values)

    def places(scale):
        return lambda: scale(values, precision="fast", out=out)

    return {
        "logicle 1M values": places(SCALE),
        "logicle inverse 1M values": lambda: SCALE.inverse(
            logicle_places, precision="fast", out=out
        ),
        "asinh 1M values": places(lg.Arcsinh(t=262144.0, m=4.5, a=0.0)),
        "hyperlog 1M values": places(lg.Hyperlog(t=262144.0, w=0.5, m=4.5, a=0.0)),
        "FlowJo biex 1M values": places(lg.FlowJoBiex()),
    }


def compensation(work):
    """Thirteen channels of a file: sums in double precision, stored in single."""
    sample = lg.read_fcs(work.f32)
    matrix = sample.compensation
    shape = (sample.n_events, len(matrix.fluorochromes))
    out = np.empty(shape, np.float32, order="F")
    return lambda: matrix.apply(sample, out=out)


def strategies(work, given):
    """One sample with ten gates, in memory and from its file."""
    gates = strategy(given)
    file = work.study[0]
    sample = lg.read_fcs(file)

    def from_file_cold():
        made = strategy(given)  # as for a first use: no plan is kept
        return in_order(made, made.apply(file))

    return {
        "strategy 10 gates, 200 k x 12, in memory": lambda: in_order(
            gates, gates.apply(sample)
        ),
        "strategy 10 gates, 200 k x 12, from file": from_file_cold,
    }


def steps(work):
    """Return ``{step: (label, callable)}`` for the workload of the comparison."""
    given = sys.modules["__main__"].GATES
    runs = {
        "compensate 1M x 20, 13 channels": compensation(work),
        **scales(work),
        **gates_in_memory(work),
        **strategies(work, given),
        "read 1M x 20 float32 LE": lambda: lg.read_fcs(work.f32).to_numpy(),
    }
    Path(work.dir, STRATEGY).write_text(strategy(given).to_json())
    columns = {step: (LABEL, run) for step, run in runs.items()}
    columns["study"] = (LABEL, [sys.executable, str(HERE), work.dir])
    return columns


def memory():
    """Peak memory of this process; it starts no other."""
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in status if line.startswith("VmHWM"))
    return {"rss_mb": int(peak.split()[1]) / 1024, "child_rss_mb": 0.0}


def main():
    """Gate a whole study, and say how long that took and how much memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    gates = lg.GatingStrategy.from_json((asked.folder / STRATEGY).read_text())
    files = sorted((asked.folder / "study").glob("*.fcs"))
    start = time.perf_counter()
    sheet = pd.DataFrame(
        {
            "file": files,
            "patient": [file.stem[:3] for file in files],
            "visit": [file.stem[3:] for file in files],
            "tube": "NK",
        }
    )
    study = lg.read_study(sheet)
    populations = study.gate(gates, keep=None, threads=asked.threads, progress=False)
    counts = populations.counts
    wall = time.perf_counter() - start
    total = counts.groupby("population")["n_events"].sum()
    answer = [int(total[gates.path(name)]) for name in ORDER]
    print(json.dumps({"wall": wall, **memory(), "sum": answer}))


if __name__ == "__main__":
    main()
