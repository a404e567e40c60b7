"""A simulated tube as an FCS 3.1 file."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from longate.simulate.panels import DETECTORS, SCATTER
from longate.simulate.sheets import CONTROL_DONOR, CYTOMETER
from longate.simulate.tube import FLOW_UL_PER_S, TIMESTEP

if TYPE_CHECKING:
    from pathlib import Path

    from longate.simulate.panels import Panel
    from longate.simulate.tube import Tube

# FCS 3.1 writes $DATE as dd-mmm-yyyy; strftime would follow the locale.
_MONTHS = (
    *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
    *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
)
_BEGIN = dt.time(14, 0)


def write_tube(path: Path, tube: Tube, panel: Panel, row: dict[str, Any]) -> None:
    """Write a simulated tube.

    Parameters
    ----------
    path : pathlib.Path
        Of the file.
    tube : Tube
        Events and acquired volume.
    panel : Panel
        Channels, markers, spillover.
    row : dict
        The tube's row of the study sheet.
    """
    from longate.cytometry.compensation import Compensation
    from longate.io.fcs import write_fcs

    date = dt.date.fromisoformat(row["date"])
    seconds = tube.volume_nl / 1000.0 / FLOW_UL_PER_S
    begin = dt.datetime.combine(date, _BEGIN)
    end = begin + dt.timedelta(seconds=seconds)
    keywords = {
        "$CYT": CYTOMETER,
        "$DATE": f"{date.day:02d}-{_MONTHS[date.month - 1]}-{date.year}",
        "$BTIM": f"{begin:%H:%M:%S}",
        "$ETIM": f"{end:%H:%M:%S}",
        "$TIMESTEP": str(TIMESTEP),
        "$VOL": f"{tube.volume_nl:.0f}",
        "$SRC": row["patient"] or CONTROL_DONOR,
        "$COM": "SIMULATED by longate.simulate; no real patient",
        "TUBE NAME": panel.tube,
        "PANEL VERSION": panel.version,
    }
    for number, detector in enumerate(panel.detectors, start=len(SCATTER) + 1):
        keywords[f"$P{number}V"] = str(DETECTORS[detector].voltage)
    write_fcs(
        path,
        tube.events,
        list(panel.channels),
        markers={detector: marker for marker, detector in panel.stains},
        spillover=Compensation(panel.spillover, list(panel.detectors)),
        keywords=keywords,
        values="raw",
    )
