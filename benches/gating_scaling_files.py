"""Simulated files for ``gating_scaling.py``, of any number of events and channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import longate as lg
from longate._core import encode_metadata

SEED = 2012
CHUNK = 1_000_000  # events that large files repeat


class Tube:
    """Simulated events of an 8-colour NK tube, 12 channels, to draw files from."""

    def __init__(self, folder):
        made = lg.simulate.cohort(
            folder, tubes=["legacy"], patients=3, nk_events=250_000, progress=False
        )
        study = lg.read_study(made.sheet)
        samples = [study.read_file(int(row)) for row in study.samples.index]
        panel = samples[0].panel
        self.channels = [(c.detector, c.marker, c.range) for c in panel]
        self.compensation = samples[0].compensation
        columns = [s.to_numpy() for s in samples]
        self.events = np.concatenate([np.asarray(c, np.float32) for c in columns])

    def write(self, path, n_events, seed):
        """Write a file: events drawn with replacement, a million of them repeated."""
        rng = np.random.default_rng([SEED, seed])
        drawn = rng.integers(len(self.events), size=min(n_events, CHUNK))
        chunk = np.ascontiguousarray(self.events[drawn], "<f4")
        keywords = [("$SPILLOVER", self.compensation.to_keyword())]
        with Path(path).open("wb") as file:
            file.write(encode_metadata(self.channels, n_events, keywords))
            for start in range(0, n_events, CHUNK):
                file.write(chunk[: n_events - start].data)

    def write_wide(self, folder, n_channels, n_events=CHUNK):
        """Write a file whose fluorochromes are those of the tube, again and again.

        Fluorochrome number n is ``D<n>``; each spills into its two neighbours, and one
        matrix has all of them.
        """
        folder.mkdir()
        rng = np.random.default_rng([SEED, n_channels])
        fluorochromes = [f"D{number}" for number in range(n_channels - 1)]
        spillover = np.eye(len(fluorochromes))
        spillover += 0.02 * (
            np.eye(len(fluorochromes), k=1) + np.eye(len(fluorochromes), k=-1)
        )
        matrix = lg.Compensation(spillover, fluorochromes)
        events = np.empty((n_events, n_channels), "<f4")
        events[:, 0] = self.events[rng.integers(len(self.events), size=n_events), 0]
        for number in range(len(fluorochromes)):
            drawn = rng.integers(len(self.events), size=n_events)
            events[:, number + 1] = self.events[drawn, 3 + number % 8]
        channels = [(name, None, 262144.0) for name in ("FSC-A", *fluorochromes)]
        keywords = [("$SPILLOVER", matrix.to_keyword())]
        with (folder / "0000.fcs").open("wb") as file:
            file.write(encode_metadata(channels, n_events, keywords))
            file.write(events.data)
        return sheet(folder, 1)

    def study(self, folder, n_files, n_events):
        """Write a folder of files; return its sheet."""
        folder.mkdir()
        for number in range(n_files):
            self.write(folder / f"{number:04d}.fcs", n_events, number)
        return sheet(folder, n_files)


def sheet(folder, n_files):
    """The sheet of the first files of a folder."""
    rows = [
        {
            "file": f"{number:04d}.fcs",
            "patient": f"P{number // 3:03d}",
            "visit": f"V{number % 3}",
            "tube": "NK",
        }
        for number in range(n_files)
    ]
    path = folder / f"sheet_{n_files}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)
