"""Counts of a whole study while one gate moves, as ratios to a full pass.

Run as ``python benches/live.py`` (options: ``--files``, ``--events``,
``--repeats``). Prints medians, the 95th percentile, the ratio to ``study.gate`` of the
same files, and bytes held.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import longate as lg

DYES = ["FITC-A", "PE-A", "APC-A", "BV421-A", "BV605-A", "PE-Cy7-A"]
MARKERS = dict(zip(DYES, ["CD45", "CD3", "CD56", "CD16", "CD57", "CD8"], strict=True))


def write_files(folder: Path, n_files: int, n_events: int) -> lg.Study:
    """Write files of eight channels, six of them compensated."""
    rng = np.random.default_rng(2012)
    spillover = np.eye(6) + rng.uniform(0, 0.05, (6, 6)) * (1 - np.eye(6))
    matrix = lg.Compensation(spillover, DYES)
    rows = []
    for number in range(n_files):
        scatter = rng.normal([9e4, 4e4], [2e4, 1.5e4], (n_events, 2))
        sizes = rng.choice([2.0, 4.0], (n_events, 6)) + rng.normal(
            0, 0.3, (n_events, 6)
        )
        table = np.column_stack([scatter, 10**sizes + rng.normal(0, 60, (n_events, 6))])
        name = f"{number:02d}.fcs"
        channels = ["FSC-A", "SSC-A", *DYES]
        lg.write_fcs(folder / name, table, channels, markers=MARKERS, spillover=matrix)
        rows.append(
            {
                "file": name,
                "patient": f"P{number // 3:02d}",
                "visit": f"C{number % 3}",
                "tube": "NK",
            }
        )
    pd.DataFrame(rows).to_csv(folder / "samples.csv", index=False)
    return lg.read_study(folder / "samples.csv")


def strategy(root: lg.Gate) -> lg.GatingStrategy:
    """Ten gates below a root."""
    gates = [
        root,
        lg.RectangleGate("CD45+", parent="Cells", CD45=(0.3, None)),
        lg.RectangleGate("CD3-", parent="CD45+", CD3=(None, 0.55)),
        lg.RectangleGate("NK", parent="CD3-", CD56=(0.45, None)),
        lg.RectangleGate("CD16+", parent="NK", CD16=(0.5, None)),
        lg.RectangleGate("CD57+", parent="NK", CD57=(0.5, None)),
        lg.RectangleGate("CD8+", parent="NK", CD8=(0.5, None)),
        lg.BooleanGate("mature", "CD16+ and CD57+", parent="NK"),
        lg.BooleanGate("early", "not CD16+ and not CD57+", parent="NK"),
        lg.RectangleGate("T", parent="CD45+", CD3=(0.55, None)),
    ]
    return lg.GatingStrategy(gates, scale=lg.Logicle(t=262144.0))


def milliseconds(work, repeats: int) -> list[float]:
    """Time calls of `work`, which is told the number of the call."""
    times = []
    for number in range(repeats):
        start = time.perf_counter()
        work(number)
        times.append(1e3 * (time.perf_counter() - start))
    return times


def main() -> None:
    """Print one row per kind of root gate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=36)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=41)
    options = parser.parse_args()
    corners = np.array(
        [(4e4, 1e4), (1.3e5, 1.2e4), (1.4e5, 8e4), (9e4, 9e4), (3e4, 5e4)]
    )
    roots = {
        "range": lambda k: lg.RectangleGate(
            "Cells", dimensions={"FSC-A": (4e4 + 90 * k, None)}
        ),
        "polygon": lambda k: lg.PolygonGate(
            "Cells", x="FSC-A", y="SSC-A", vertices=(corners + 90 * k).tolist()
        ),
        "scaled polygon": lambda k: lg.PolygonGate(
            "Cells",
            x="CD56",
            y="CD16",
            vertices=(
                np.array([(0.1, 0.1), (0.9, 0.2), (0.8, 0.9), (0.2, 0.8)]) + 1e-3 * k
            ).tolist(),
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        study = write_files(Path(folder), options.files, options.events)
        for name, root in roots.items():
            gates = strategy(root(0))
            full = milliseconds(
                lambda _, g=gates: study.gate(g, keep=None, progress=False), 7
            )
            live = study.live(gates)
            moves = milliseconds(
                lambda k, live=live, r=root: live.set_gate("Cells", r(k + 1)),
                options.repeats,
            )
            again = study.live(gates, max_memory=0)
            spilled = milliseconds(
                lambda k, a=again, r=root: a.set_gate("Cells", r(k + 1)), 7
            )
            whole, move = statistics.median(full), statistics.median(moves)
            late = np.percentile(moves, 95)
            print(
                f"{name:15} full {whole:7.1f} ms  "
                f"move {move:6.2f} ms (p95 {late:6.2f})  "
                f"1/{whole / move:4.1f}  {live.n_bytes / 1e6:5.0f} MB  "
                f"without memory {statistics.median(spilled) / whole:4.2f}x"
            )


if __name__ == "__main__":
    main()
