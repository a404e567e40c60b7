"""Samples and small studies made in the test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import longate as lg
from longate.cytometry.keywords import Keywords
from longate.cytometry.panel import Channel, Panel
from longate.cytometry.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike


def sample_of(
    columns: Mapping[str, ArrayLike],
    *,
    markers: Mapping[str, str] | None = None,
    compensation: lg.Compensation | None = None,
) -> Sample:
    """A sample in memory whose columns keep float64, for decisions at single ulps."""
    arrays = {
        place: np.asarray(values, dtype=np.float64)
        for place, values in enumerate(columns.values())
    }
    channels = tuple(
        Channel(name, (markers or {}).get(name), 262144.0) for name in columns
    )
    return Sample(
        path=Path("in-memory.fcs"),
        version="FCS3.1",
        panel=Panel(channels),
        keywords=Keywords([]),
        compensation=compensation,
        diagnosis=(),
        n_events=len(next(iter(arrays.values()))),
        columns=arrays,
    )


def write_study(
    folder: Path,
    files: Sequence[Mapping[str, object]],
    *,
    channels: Sequence[str] = ("FSC-A", "A", "B", "C"),
    **options: object,
) -> lg.Study:
    """Write one FCS file per entry (its ``events``) and read the study of them.

    The other keys of an entry are columns of the sheet; ``tube`` is ``"T"`` by default.
    """
    rows = []
    for number, entry in enumerate(files):
        row = {"file": f"{number}.fcs", "tube": "T", **entry}
        events = np.asarray(row.pop("events"), dtype=np.float32)
        names = list(row.pop("channels", channels))
        spillover = row.pop("spillover", None)
        lg.write_fcs(
            folder / str(row["file"]),
            events.reshape(-1, len(names)),
            names,
            spillover=spillover,
        )
        rows.append(row)
    sheet = folder / "samples.csv"
    pd.DataFrame(rows).to_csv(sheet, index=False)
    return lg.read_study(sheet, **options)


NESTED = lg.GatingStrategy(
    [
        lg.RectangleGate("P", A=(1.0, None)),
        lg.RectangleGate("B+", parent="P", B=(1.0, None)),
        lg.RectangleGate("C+", parent="P", C=(1.0, None)),
        lg.RectangleGate("deep", parent="B+", C=(2.0, None)),
    ]
)


def nested_events(n_p=400, n_b=200, n_deep=60, n=1000) -> np.ndarray:
    """Events whose populations have known sizes: the first ones are inside."""
    events = np.zeros((n, 4))
    events[:, 0] = np.arange(n)
    events[:n_p, 1] = 1.0
    events[:n_b, 2] = 1.0 + np.arange(n_b)
    events[:n_deep, 3] = 2.0
    return events
