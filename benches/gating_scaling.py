"""Time and memory of gating, over events, channels, gates, files, and of ``regate``.

``python benches/gating_scaling.py [--out build/scaling] [--docs] [--largest 1e8]``
simulates files, gates them in a process of its own for each case, and writes
``scaling.csv``, ``scaling.md`` and ``scaling.png``; with ``--docs`` also
``docs/scaling.md`` and ``docs/images/scaling.png``. 10^8 events are a file of 4.8 GB,
which is removed in the end. ``--only events`` runs one series; ``--with scaling.csv``
takes the others from an earlier run.

A case counts (``keep=None``) unless it says otherwise, gating is repeated at least
three times, and answers are checked: repeated events must give repeated counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gating_scaling_report as report
import numpy as np
import pandas as pd
from gating_scaling_files import CHUNK, SEED, Tube, sheet

import longate as lg

STUDY = (36, 200_000)
PER_FILE = 10_000  # events of the files of the series over files
GATES = (1, 2, 5, 10, 20, 50, 100, 200)
FILES = (1, 3, 10, 30, 100, 300, 1000)
CHANNELS = (5, 10, 20, 30, 40, 50)
WIDE = ("four gated", "all gated", "all gated, no matrix")
FEW = 4
SCALE = lg.Logicle(t=262144.0, w=0.5, m=4.5, a=0.0)
DYES = ("CD57", "KIR", "CD3", "CD56", "NKG2A", "CD16", "CX3CR1", "CD45")


# --- strategies


def ring(x, y, width, height, corners=20):
    """A polygon on an ellipse."""
    angles = np.arange(corners) * 2 * np.pi / corners
    around = zip(x + width * np.cos(angles), y + height * np.sin(angles), strict=True)
    return [(float(a), float(b)) for a, b in around]


def tree():
    """Thirteen populations: five polygons, seven ranges, one Boolean."""
    singlets = [(1e3, 0.82e3), (250e3, 205e3), (250e3, 245e3), (1e3, 0.98e3)]
    lymphocytes = [(0.68, 4e3), (0.95, 4e3), (0.95, 5e4), (0.75, 6e4), (0.66, 4e4)]
    nk = [(-0.1, 0.42), (0.3, 0.40), (0.49, 0.46), (0.48, 1.0), (-0.1, 1.0)]

    def polygon(name, x, y, vertices, parent=None):
        return lg.PolygonGate(name, parent=parent, x=x, y=y, vertices=vertices)

    def ranges(name, parent, **sides):
        return lg.RectangleGate(name, parent=parent, dimensions=sides)

    return lg.GatingStrategy(
        [
            polygon("Singlets", "FSC-A", "FSC-H", singlets),
            ranges("CD45+", "Singlets", CD45=(0.45, None)),
            polygon("Lymphocytes", "CD45", "SSC-A", lymphocytes, "CD45+"),
            polygon("NK", "CD3", "CD56", nk, "Lymphocytes"),
            ranges("T", "Lymphocytes", CD3=(0.49, None), CD56=(None, 0.44)),
            ranges("NKT", "Lymphocytes", CD3=(0.49, None), CD56=(0.44, None)),
            polygon("bright", "CD56", "CD16", ring(0.82, 0.35, 0.1, 0.35), "NK"),
            polygon("dim", "CD56", "CD16", ring(0.58, 0.65, 0.14, 0.3), "NK"),
            ranges("CD57+ KIR+", "dim", CD57=(0.46, None), KIR=(0.41, None)),
            ranges("CD57+ KIR-", "dim", CD57=(0.46, None), KIR=(None, 0.41)),
            ranges("CD57- KIR+", "dim", CD57=(None, 0.46), KIR=(0.41, None)),
            ranges("CD57- KIR-", "dim", CD57=(None, 0.46), KIR=(None, 0.41)),
            lg.BooleanGate("bright or dim", "bright or dim", parent="NK"),
        ],
        scale=SCALE,
    )


def side_by_side(kind, n_gates):
    """Gates of one kind, each decided for every event of the file."""
    rng = np.random.default_rng(SEED)
    gates = []
    for number in range(n_gates):
        x, y = DYES[number % 8], DYES[(number + 3) % 8]
        low, centre = rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.6, 2)
        if kind == "ranges":
            gate = lg.RectangleGate(f"{number}", dimensions={x: (low, None)})
        else:
            gate = lg.PolygonGate(
                f"{number}", x=x, y=y, vertices=ring(*centre, 0.25, 0.2)
            )
        gates.append(gate)
    return lg.GatingStrategy(gates, scale=SCALE)


def dyes_gated(kind, n_channels):
    """A range on a fluorochrome each: on the same few of every file, or on all."""
    touched = FEW if kind == "four gated" else n_channels - 1
    rng = np.random.default_rng(SEED)
    cuts = rng.uniform(0.3, 0.6, touched)
    gates = [
        lg.RectangleGate(f"{n}", dimensions={f"D{n}": (float(cut), None)})
        for n, cut in enumerate(cuts)
    ]
    matrix = None if kind.endswith("no matrix") else "acquisition"
    return lg.GatingStrategy(gates, scale=SCALE, compensation=matrix)


def strategy_of(case):
    """The strategy that a case is about."""
    if case["gates"] == "tree":
        return tree()
    kind, number = case["gates"]
    wide = case["series"].startswith("channels")
    return (dyes_gated if wide else side_by_side)(kind, number)


def variants(strategy, kinds, n_variants):
    """Variants that each move one gate, in turn, by up to a fiftieth of the scale."""
    rng = np.random.default_rng(SEED)
    movable = [p for p in strategy.paths if strategy[p].kind in kinds]
    made = []
    for number in range(n_variants):
        path = movable[number % len(movable)]
        channels = [str(axis) for axis in strategy[path].axes]
        steps = rng.uniform(-0.02, 0.02, len(channels))
        widths = [2.6e5 if c.startswith(("FSC", "SSC")) else 1.0 for c in channels]
        moves = steps * widths
        by = {c: float(move) for c, move in zip(channels, moves, strict=True)}
        made.append(lg.Perturbation(f"{number}", {path: lg.Shift(by)}))
    return made


# --- one case, in a process of its own


def memory(which):
    """``VmRSS`` (now) or ``VmHWM`` (peak) of this process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(which))
    return int(found.split()[1]) / 1024


def rounds(work, *, at_least=3, seconds=0.6, at_most=60.0):
    """Repeat work; return its times in seconds and its last answer."""
    walls, busy, answer = [], [], None
    while len(walls) < at_least or sum(walls) < seconds:
        answer = None  # not two at a time
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        walls.append(time.perf_counter() - wall)
        busy.append(time.process_time() - cpu)
        if sum(walls) > at_most or len(walls) == 200:
            break
    times = {"median": statistics.median(walls), "best": min(walls), "busy": min(busy)}
    return times, answer


def read_bytes(files):
    """Read files in pieces and forget them: the least that any reader must do."""
    piece = bytearray(1 << 18)
    for path in files:
        with path.open("rb", buffering=0) as file:
            while file.readinto(piece):
                pass


def measure(case):
    """Gate what a case says; return its times, memory and counts."""
    strategy = strategy_of(case)
    folder = Path(case["sheet"]).parent
    files = [folder / name for name in pd.read_csv(case["sheet"])["file"]]
    at_least = 1 if case["events"] > 1e7 else 3
    limit, _ = rounds(lambda: read_bytes(files), at_least=at_least + 1)
    imported = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
    start = time.perf_counter()
    study = lg.read_study(case["sheet"])
    scanned = time.perf_counter() - start
    known = memory("VmRSS")
    options = {"threads": case["threads"], "progress": False}

    def gate():
        populations = study.gate(strategy, keep=case["keep"], **options)
        return populations, populations.counts

    times, (populations, counts) = rounds(gate)
    found = {
        "bytes": limit["best"],
        "scan": scanned,
        **times,
        "study_mb": known - imported,
        "peak_mb": memory("VmHWM") - imported,
    }
    del populations
    by_population = counts.groupby("population", sort=False)["n_events"].sum()
    found["counts"] = [int(n) for n in by_population]
    if case["variants"]:
        found |= measure_variants(study, strategy, case, options)
        found["variants_peak_mb"] -= imported
    return found


def measure_variants(study, strategy, case, options):
    """Time of many variants, and whether some of them are what each is by itself."""
    moved = variants(strategy, case["variants"], case["n_variants"])

    def work():
        return study.regate(strategy, moved, **options)

    times, table = rounds(work, at_most=20.0)
    found = {
        **{f"variants_{name}": seconds for name, seconds in times.items()},
        "variants_peak_mb": memory("VmHWM"),
    }
    gated = study.gate(strategy, keep=None, **options).counts
    reference = table[table["perturbation"] == "reference"]
    equal = list(reference["n_events"]) == list(gated["n_events"])
    for one in moved[:: max(1, len(moved) // 5)]:
        alone = strategy
        for path, gate in one.gates(strategy).items():
            parent, _, name = path.rpartition("/")
            placed = type(gate)(
                **{**vars(gate), "name": name, "parent": parent or None}
            )
            alone = alone.replace(path, placed)
        expected = study.gate(alone, keep=None, **options).counts["n_events"]
        equal &= list(table[table["perturbation"] == one.name]["n_events"]) == list(
            expected
        )
    if not equal:
        msg = "variants differ from what each gives by itself"
        raise SystemExit(msg)
    return found


# --- all cases


def cases(tube, folder, wanted, asked):
    """Write what each case needs, yield it, and remove what is needed no more."""
    plain = {"gates": "tree", "keep": None, "files": 1, "channels": 12}
    plain |= {"variants": None, "n_variants": asked.variants}
    if "events" in wanted:
        for n in [10**k for k in range(4, 9) if 10**k <= asked.largest]:
            path = tube.study(folder / f"events_{n}", 1, n)
            case = plain | {"events": n, "sheet": path}
            for threads in (1, 2):
                yield case | {"series": "events", "threads": threads}
            yield case | {"series": "events, masks kept", "threads": 2, "keep": "masks"}
            Path(path).with_name("0000.fcs").unlink()
    if "channels" in wanted:
        for n in CHANNELS:
            path = tube.write_wide(folder / f"channels_{n}", n)
            case = plain | {"events": CHUNK, "sheet": path, "channels": n}
            for kind in WIDE:
                own = case | {"series": f"channels, {kind}", "gates": (kind, n)}
                for threads in (1, 2):
                    yield own | {"threads": threads}
            Path(path).with_name("0000.fcs").unlink()
    if "gates" in wanted:
        path = tube.study(folder / "gates", 1, CHUNK)
        for kind in ("ranges", "polygons"):
            for n in GATES:
                case = plain | {"events": CHUNK, "sheet": path, "gates": (kind, n)}
                for threads in (1, 2):
                    yield case | {"series": f"gates, {kind}", "threads": threads}
    if "files" in wanted:
        tube.study(folder / "files", FILES[-1], PER_FILE)
        for n in FILES:
            case = plain | {"files": n, "events": n * PER_FILE}
            case["sheet"] = sheet(folder / "files", n)
            for threads in (1, 2):
                yield case | {"series": "files", "threads": threads}
    if "variants" in wanted:
        n_files, n_events = STUDY
        path = tube.study(folder / "study", n_files, n_events)
        case = plain | {"files": n_files, "events": n_files * n_events, "sheet": path}
        for kinds in (["rectangle"], ["polygon"], ["rectangle", "polygon"]):
            for threads in (1, 2):
                series = "variants, " + " and ".join(kinds)
                yield case | {"series": series, "threads": threads, "variants": kinds}


def run(case):
    """Measure a case in a child process."""
    command = [sys.executable, __file__, "--case", json.dumps(case)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return {**case, "gates": len(found["counts"]) - 1, **found}  # without all events


def refuse_wrong_counts(rows):
    """Repeated events must give repeated counts, on any number of threads."""
    for key, group in pd.DataFrame(rows).groupby(
        ["series", "files", "events", "channels", "gates"]
    ):
        if len({tuple(counts) for counts in group["counts"]}) != 1:
            msg = f"counts hang on threads: {key}"
            raise SystemExit(msg)
    repeated = [r for r in rows if r["series"].startswith("events")]
    unit = {r["series"]: r["counts"] for r in repeated if r["events"] == CHUNK}
    for row in repeated:
        times = row["events"] // CHUNK
        if times and row["counts"] != [times * n for n in unit[row["series"]]]:
            msg = f"{row['events']} events do not repeat the counts of {CHUNK}"
            raise SystemExit(msg)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/scaling"))
    parser.add_argument("--docs", action="store_true", help="also write docs/")
    parser.add_argument("--largest", type=float, default=1e8, help="events of a file")
    parser.add_argument("--variants", type=int, default=1000)
    parser.add_argument("--only", action="append", choices=report.SERIES)
    parser.add_argument("--with", dest="earlier", type=Path, help="an earlier table")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        sys.stdout.write(json.dumps(measure(json.loads(asked.case))))
        return
    rows, load = [], os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tube = Tube(folder / "cohort")
        for case in cases(tube, folder, asked.only or report.SERIES, asked):
            rows.append(run(case))
            sys.stderr.write(report.line(rows[-1]) + "\n")
    refuse_wrong_counts(rows)
    folders = [(asked.out, asked.out)]
    if asked.docs:
        docs = Path(__file__).parents[1] / "docs"
        folders.append((docs, docs / "images"))
    frame = pd.DataFrame(rows).drop(columns=["counts"])
    if asked.earlier is not None:
        before = pd.read_csv(asked.earlier)
        if "channels" not in before:
            before["channels"] = len(tube.channels)
        others = before[~before["series"].isin(frame["series"])]
        frame = pd.concat([others, frame], ignore_index=True)
    text = report.write(frame, load, folders)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
