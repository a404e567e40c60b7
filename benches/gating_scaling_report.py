"""What ``gating_scaling.py`` found: a line of fit per series, tables and a picture."""

from __future__ import annotations

import os
import platform
import sys

import numpy as np

import longate as lg
from longate.plot.palette import FAINT, GRID, INK

SERIES = ("events", "channels", "gates", "files", "variants")
COLOURS = {1: "#D55E00", 2: "#0072B2"}
VARIED = {
    "events": "events",
    "channels, four gated": "channels",
    "channels, all gated": "channels",
    "channels, all gated, no matrix": "channels",
    "gates, ranges": "gates",
    "gates, polygons": "gates",
    "files": "files",
}


def line(row):
    """One case in one line."""
    text = (
        f"{row['series']:30} {row['files']:5,} files {row['events']:11,} events "
        f"{row['channels']:3} channels {row['gates']:3} gates, "
        f"threads {row['threads']}: {row['best'] * 1e3:9.1f} ms, "
        f"processor {row['busy'] * 1e3:9.1f}, bytes {row['bytes'] * 1e3:8.1f}, "
        f"{row['peak_mb']:6.1f} MB"
    )
    if row["variants"]:
        text += f"; {row['n_variants']} variants {row['variants_best']:.2f} s"
    return text


def chosen(frame, series, threads):
    """The cases of a series."""
    rows = (frame["series"] == series) & (frame["threads"] == threads)
    return frame[rows].sort_values(["events", "channels", "gates", "files"])


def fit(x, y):
    """Constant and slope that fit best in relation to y, and the largest violation."""
    design = np.column_stack([np.ones(len(x)), x]) / np.asarray(y)[:, None]
    (constant, slope), *_ = np.linalg.lstsq(design, np.ones(len(x)), rcond=None)
    violation = np.abs((constant + slope * np.asarray(x)) / y - 1).max()
    return constant, slope, violation


def fits(frame):
    """Rows of Markdown: each series as a constant and a cost per unit."""
    yield "| series | threads | time | constant | each more | farthest from the line |"
    yield "|---|---:|---|---:|---:|---:|"
    for series, unit in VARIED.items():
        for threads in (1, 2):
            found = chosen(frame, series, threads)
            for column, called in (("best", "wall"), ("busy", "processor")):
                if len(found) < 3:
                    continue
                constant, slope, violation = fit(found[unit], found[column])
                per_event = unit == "events"
                more = f"{slope * 1e9:.1f} ns" if per_event else f"{slope * 1e3:.2f} ms"
                yield (
                    f"| {series} | {threads} | {called} | {constant * 1e3:.2f} ms "
                    f"| {more} | {violation:.0%} |"
                )


def table(frame):
    """Rows of Markdown: every case but the variants."""
    yield (
        "| series | files | events | channels | gates | threads | gating, ms "
        "| median, ms | processor, ms | ns an event | reading the bytes, ms | scan, ms "
        "| study, MB | peak, MB |"
    )
    yield "|---|" + "---:|" * 13
    for row in frame[frame["variants"].isna()].itertuples():
        yield (
            f"| {row.series} | {row.files:,} | {row.events:,} | {row.channels} "
            f"| {row.gates} "
            f"| {row.threads} | {row.best * 1e3:,.1f} | {row.median * 1e3:,.1f} "
            f"| {row.busy * 1e3:,.1f} | {row.best / row.events * 1e9:,.1f} "
            f"| {row.bytes * 1e3:,.1f} | {row.scan * 1e3:,.1f} | {row.study_mb:.1f} "
            f"| {row.peak_mb:.1f} |"
        )


def variants(frame):
    """Rows of Markdown: many variants beside one run."""
    yield (
        "| moved gates | threads | one run, ms | variants | all of them, s | ratio "
        "| a variant, of a run | of its processor time | peak, MB |"
    )
    yield "|---|" + "---:|" * 8
    for row in frame[frame["variants"].notna()].itertuples():
        n = row.n_variants
        more = (row.variants_best - row.best) / n / row.best
        busy = (row.variants_busy - row.busy) / n / row.busy
        moved = row.series.removeprefix("variants, ").replace("rectangle", "range")
        yield (
            f"| {moved} | {row.threads} | {row.best * 1e3:,.0f} | {n} "
            f"| {row.variants_best:.2f} | {row.variants_best / row.best:,.1f} "
            f"| {more:.2%} | {busy:.2%} | {row.variants_peak_mb:.0f} |"
        )


METHOD = """\
All files are simulated: an 8-colour NK tube with three scatter channels and time
(32-bit floats, `$SPILLOVER`, logicle scales). Thirteen populations are five polygons,
seven ranges on one or two compensated axes, and a Boolean gate. Files above a million
events repeat a million, and their counts are checked to repeat; counts do not depend on
threads.

Files of the series over *channels* have a million events of scatter and 4 to 49
fluorochromes, all of them in one matrix. A strategy has one range on each of four
fluorochromes, on each fluorochrome of the file, or the same without compensation. A
compensated value is a sum over all the detectors of the matrix, so that compensating
every fluorochrome is the square of their number.

Each case runs in a process of its own. *Gating* is `study.gate(strategy, keep=None)`
with its table of counts, files in the page cache: the fastest and the median of three
runs or more, and the processor time of all threads, on which other work weighs less.
*Reading the bytes* is one thread that reads the same files and does nothing. *Scan* is
`read_study`. *Peak* is the most memory the process held beyond what it held after the
imports (modules loaded at first use are part of it); *study* is what of it was there
after `read_study`.
"""

VARIANTS = """\
`study.regate` on 36 files of 200,000 events and thirteen populations; each variant
moves one gate, in turn, by up to a fiftieth of its scale. Several variants of each kind
are gated by themselves and must have equal counts. What takes more than 20 s is run
once. *Peak* includes the table of all variants.
"""


def page(frame, load, image):
    """The page of Markdown."""
    command = " ".join(["python", "benches/gating_scaling.py", *sys.argv[1:]])
    parts = [
        "# How gating scales",
        "",
        f"`{command}` · {os.cpu_count()} processors ({platform.machine()}), load by "
        f"other work {load:.1f} at the start · longate {lg.__version__}, Python "
        f"{platform.python_version()}, NumPy {np.__version__}",
        "",
        METHOD,
        f"![Time and memory of gating]({image})",
        "",
        "## Straight lines",
        "",
        "`time = constant + cost x number`, fitted in relation to the time.",
        "",
        *fits(frame),
        "",
    ]
    if frame["variants"].notna().any():
        parts += ["## Many variants in one reading", "", VARIANTS]
        parts += [*variants(frame), ""]
    return "\n".join([*parts, "## Every case", "", *table(frame), ""])


# --- the picture


def panel(ax, title, xlabel, ylabel):
    """Axes in the house's plain look."""
    ax.set_title(title, loc="left", fontsize=9, color=INK)
    ax.set_xlabel(xlabel, fontsize=8)
    ax.set_ylabel(ylabel, fontsize=8)
    ax.set_xscale("log")
    ax.grid(color=GRID, linewidth=0.6)
    ax.tick_params(labelsize=7.5, which="both", colors=INK)
    ax.spines[["top", "right"]].set_visible(False)


def draw(frame):
    """Five panels: events, gates, files, channels, memory."""
    from longate.plot.canvas import picture  # loads matplotlib, which cases do not need

    figure = picture(14.0, 7.6)
    grid = figure.add_gridspec(2, 3)
    for place, series in enumerate(SHOWN):
        show_times(figure.add_subplot(grid[divmod(place, 3)]), frame, series, series)
    show_memory(figure.add_subplot(grid[1, 1:]), frame)
    return figure


SHOWN = ("events", "gates", "files", "channels")


def show_times(ax, frame, series, unit):
    """Times of one series, one and two threads, beside reading the bytes."""
    per_event = series == "events"
    title = {
        "events": "Time per event: one file, 13 populations",
        "gates": "Time of a million events: gates side by side",
        "files": "Time: files of 10,000 events, 13 populations",
        "channels": "Time of a million events: a range on each fluorochrome",
    }[series]
    panel(ax, title, unit, "ns per event" if per_event else "ms")
    ax.set_yscale("log")
    kinds = [s for s in VARIED if s.split(",")[0] == series]
    for kind, style in zip(kinds, ("-", "--", ":"), strict=False):
        for threads in (1, 2):
            found = chosen(frame, kind, threads)
            scale = 1e9 / found["events"] if per_event else 1e3
            named = kind.partition(", ")[2]
            label = (
                f"{named + ', ' if named else ''}{threads} thread{'s' * (threads > 1)}"
            )
            ax.plot(
                found[unit],
                found["best"] * scale,
                f"{style}o",
                color=COLOURS[threads],
                markersize=4,
                linewidth=1.4,
                label=label,
            )
    for kind in kinds:
        found = chosen(frame, kind, 1)
        scale = 1e9 / found["events"] if per_event else 1e3
        label = "processor time, 1 thread" if kind == kinds[0] else None
        look = {"color": COLOURS[1], "linewidth": 0.8, "alpha": 0.7, "label": label}
        ax.plot(found[unit], found["busy"] * scale, "-.", **look)
    found = chosen(frame, kinds[0], 1)
    if len(found):
        scale = 1e9 / found["events"] if per_event else 1e3
        limit = found["bytes"] * scale
        ax.plot(
            found[unit], limit, ":", color=FAINT, label="reading the bytes, 1 thread"
        )
    legend = {"fontsize": 7, "frameon": False, "handlelength": 3}
    if series == "channels":  # five to fifty, and room for many labels
        ax.set_xscale("linear")
        ax.set_xlim(0)
        ax.set_ylim(0.1)
        legend |= {"loc": "lower right", "ncols": 2}
    if len(ax.lines) > 1:
        ax.legend(**legend)


MEMORY = (
    ("events", "peak_mb", "events, counts alone", "#0072B2", "-o"),
    ("events, masks kept", "peak_mb", "events, masks kept", "#0072B2", "--o"),
    ("gates, ranges", "peak_mb", "gates, ranges", "#009E73", "-s"),
    ("gates, polygons", "peak_mb", "gates, polygons", "#009E73", "--s"),
    ("channels, all gated", "peak_mb", "channels, all gated", "#E69F00", "-v"),
    ("files", "peak_mb", "files", "#CC79A7", "-^"),
    ("files", "study_mb", "files, by reading the study", "#CC79A7", ":^"),
)


def show_memory(ax, frame):
    """Peak memory beyond the imports, over events, gates and files."""
    panel(
        ax, "Peak memory beyond the imports", "events, channels, gates, or files", "MB"
    )
    ax.set_yscale("log")
    for series, column, label, colour, style in MEMORY:
        found = chosen(frame, series, 2)
        unit = VARIED.get(series, "events")
        look = {"color": colour, "markersize": 4, "linewidth": 1.4, "label": label}
        ax.plot(found[unit], found[column], style, **look)
    ax.set_ylim(3, 1000)
    ax.legend(fontsize=7, frameon=False, loc="upper left", ncols=2, handlelength=3)


def write(frame, load, folders):
    """Write table, page and picture; return the page."""
    from longate.plot.canvas import png

    image = png(draw(frame), dpi=130)
    text = ""
    for folder, pictures in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (pictures / "scaling.png").write_bytes(image)
        where = "scaling.png" if pictures == folder else f"{pictures.name}/scaling.png"
        text = page(frame, load, where)
        (folder / "scaling.md").write_text(text)
    frame.to_csv(folders[0][0] / "scaling.csv", index=False)
    return text
