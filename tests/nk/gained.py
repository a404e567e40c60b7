"""The same files as if one detector's gain had been another: events and spillover."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import longate as lg


def with_gain(study, folder, marker, gain):
    """Write the study's sample files with one channel multiplied; return their study.

    The spillover matrix is that of the new gain too, as compensation controls of the
    day would give it, so that the compensated channel is `gain` times what it was.
    """
    sheet = study.samples[study.samples["role"] == "sample"].copy()
    files = []
    for row in sheet.index:
        data = study.read_file(row)
        place = data.panel.index(marker)
        columns = {c.detector: np.array(data.column(c.detector)) for c in data.panel}
        detector = data.panel.channels[place].detector
        columns[detector] = columns[detector] * np.float32(gain)
        files.append(_write(data, columns, detector, gain, folder, sheet["file"][row]))
    return lg.read_study(sheet.assign(file=files).drop(columns="n_events"))


def _write(data, columns, detector, gain, folder, name):
    import pandas as pd

    own = data.compensation
    gains = np.array([gain if c == detector else 1.0 for c in own.channels])
    matrix = own.matrix * gains[None, :] / gains[:, None]
    return lg.write_fcs(
        Path(folder) / Path(str(name)).name,
        pd.DataFrame(columns),
        markers={c.detector: c.marker for c in data.panel if c.marker},
        ranges={c.detector: c.range for c in data.panel},
        spillover=lg.Compensation(matrix, own.channels),
    )
