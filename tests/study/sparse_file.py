"""A file of 4.8 GB that takes no place on disk, and how much of it was read."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import longate as lg
from longate._core import encode_metadata

N_EVENTS = 100_000_000
CHANNELS = [("FSC-A", None, 1000.0), ("SSC-A", None, 1000.0)] + [
    (f"FL{n}-A", f"CD{n}", 1000.0) for n in range(1, 11)
]
N_BYTES = N_EVENTS * len(CHANNELS) * 4
MIDDLE = 64 << 20
"""Bytes after which a run is surely in the middle of the file."""
PROC_IO = Path("/proc/self/io")

STRATEGY = lg.GatingStrategy(
    [
        lg.PolygonGate("P", x="CD1", y="CD2", vertices=[(-1, -1), (2, -1), (0.5, 2)]),
        lg.RectangleGate("R", parent="P", CD3=(None, 0.9)),
        lg.BooleanGate("N", "not R", parent="P"),
    ],
    scale=lg.Logicle(t=1000.0),
)


def write_sparse(path, n_events=N_EVENTS):
    """Write head and a hole: every event is zero."""
    head = encode_metadata(CHANNELS, n_events, [])
    path.write_bytes(head)
    os.truncate(path, len(head) + n_events * len(CHANNELS) * 4)
    return path


def bytes_read():
    """Bytes that this process has asked of any file so far."""
    return int(PROC_IO.read_text().split()[1])


class InTheMiddle(threading.Thread):
    """Do something once so many bytes more have been read; remember when that was."""

    def __init__(self, action, n_bytes=MIDDLE):
        super().__init__(daemon=True)
        self.action = action
        self.at = None
        self._from = bytes_read() + n_bytes

    def run(self):
        while bytes_read() < self._from:
            time.sleep(0.002)
        self.at = bytes_read()
        self.action()
