"""Settings of the cytometer at each visit, and changes since the visit before."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Protocol

from longate.cytometry.fluorochrome import fluorochrome

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Channel, Panel
    from longate.io.fcs import FcsMetadata

NOT_RECORDED = "not recorded"
FIRST, UNCHANGED, CHANGED = "first visit", "unchanged", "changed"
ASPECTS = ("cytometer", "serial", "voltage", "fluorochrome", "spillover")
"""Settings that are compared with the patient's previous visit."""

COLUMNS = [
    "date",
    "cytometer",
    "serial",
    "tube",
    "patient",
    "visit",
    "sample",
    "channel",
    "marker",
    "fluorochrome",
    "voltage",
    "spillover",
    "previous",
    *(f"{aspect}_change" for aspect in ASPECTS),
    "changes",
]


class Acquisitions(Protocol):
    """The files of a study and how they were acquired."""

    @property
    def samples(self) -> pd.DataFrame:
        """One row per file."""

    @property
    def metadata(self) -> Mapping[int, FcsMetadata]:
        """What HEADER and TEXT of each file say, by row."""

    @property
    def compensations(self) -> Mapping[int, Compensation | None]:
        """The matrix of each acquisition, by row."""


def instrument_log(study: Acquisitions) -> pd.DataFrame:
    """Return how every channel of every sample was acquired.

    Parameters
    ----------
    study : Study
        Its samples' files are looked at; events are not read.

    Returns
    -------
    DataFrame
        One row per file and channel (Time left out), by date. ``date`` (of the file, or
        else of the sheet), ``cytometer, serial, tube, patient, visit, sample, channel``
        (detector), ``marker, fluorochrome``, ``voltage`` (float64, ``$PnV`` in volts or
        the vendor's unit; missing where not recorded), ``spillover`` (id of the matrix
        that the study uses; missing where there is none), ``previous`` (the patient's
        last visit before with this tube). For each of `ASPECTS` a column
        ``<aspect>_change``: ``first visit, unchanged, changed``, ``not recorded`` (now
        or then) or, for the fluorochrome of scatter, ``not applicable``; and
        ``changes`` with old and new in words, blank where nothing changed.

    Notes
    -----
    Spectral cytometers write ``$PnV`` 0 for all unmixed channels: where no fluorescence
    channel of a file has another voltage, 0 is "not recorded", not a voltage. Channels
    are matched by detector, fluorochromes by marker where there is one.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    last: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any] | None]] = {}
    used = study.samples[study.samples["role"] == "sample"]
    used = used[used.index.isin(study.metadata)]
    for row in used.sort_values(["patient", "visit"], kind="stable").index:
        entry = _acquisition(study, int(row))
        key = (entry["patient"], entry["tube"])
        newest, older = last.get(key, (None, None))
        if newest is None or newest["visit"] != entry["visit"]:  # else a further run
            older = newest
        rows += _compared(entry, older)
        last[key] = (entry, older)
    log = pd.DataFrame(rows, columns=COLUMNS)
    log["date"] = pd.to_datetime(log["date"])
    log["voltage"] = log["voltage"].astype("float64")
    visits = study.samples["visit"].dtype
    log["visit"] = log["visit"].astype(visits)
    order = ["date", "patient", "visit", "tube"]
    return log.sort_values(order, kind="stable", ignore_index=True)


def _acquisition(study: Acquisitions, row: int) -> dict[str, Any]:
    """Return what is known of one file, its channels under ``channels``."""
    metadata, sheet = study.metadata[row], study.samples.loc[row]
    matrix = study.compensations[row]
    own = metadata.acquisition_date
    return {
        "date": own or sheet.get("acquired", sheet.get("date")),
        "cytometer": metadata.cytometer,
        "serial": metadata.cytometer_serial,
        "tube": sheet["tube"],
        "patient": sheet["patient"],
        "visit": sheet["visit"],
        "sample": sheet["sample"],
        "spillover": matrix.id if matrix is not None else None,
        "channels": _channels(metadata.panel),
    }


def _channels(panel: Panel) -> dict[str, dict[str, Any]]:
    dyed = [_number(c.voltage) for c in panel if c.kind == "fluorescence"]
    zero_is_blank = not any(dyed)
    return {
        channel.detector: {
            "channel": channel.detector,
            "kind": channel.kind,
            "marker": channel.marker,
            "fluorochrome": fluorochrome(channel),
            "voltage": _voltage(channel, zero_is_blank=zero_is_blank),
        }
        for channel in panel
        if channel.kind != "time"
    }


def _voltage(channel: Channel, *, zero_is_blank: bool) -> float | None:
    number = _number(channel.voltage)
    return None if number == 0 and zero_is_blank else number


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").strip(" \t\r\n\0"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _compared(
    entry: Mapping[str, Any], before: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return the rows of one file, each channel beside that of the previous visit."""
    rows = []
    for name, channel in entry["channels"].items():
        row = {
            key: value for key, value in entry.items() if key != "channels"
        } | channel
        old = None
        if before is not None:
            then = before["channels"]
            by_marker = {_bare(c["marker"]): c for c in then.values() if c["marker"]}
            same = then.get(name, {})
            dyed = by_marker.get(_bare(channel["marker"]), same)
            old = {
                **before,
                "voltage": same.get("voltage"),
                "fluorochrome": dyed.get("fluorochrome"),
            }
            row["previous"] = before["visit"]
        said = []
        for aspect in ASPECTS:
            change = _change(row, old, aspect)
            row[f"{aspect}_change"] = change
            if change == CHANGED and old is not None:
                said.append(f"{aspect} {_shown(old[aspect])} to {_shown(row[aspect])}")
        if before is not None and name not in before["channels"]:
            said.append("channel not there before")
        row["changes"] = "; ".join(said)
        rows.append(row)
    return rows


def _change(row: Mapping[str, Any], old: Mapping[str, Any] | None, aspect: str) -> str:
    if aspect == "fluorochrome" and row["kind"] != "fluorescence":
        return "not applicable"
    now = row[aspect]
    then = None if old is None else old[aspect]
    if aspect == "spillover" and old is not None:  # no matrix is a fact, not a blank
        return UNCHANGED if now == then else CHANGED
    if now is None and aspect != "spillover":
        return NOT_RECORDED
    if old is None:
        return FIRST
    if then is None:
        return NOT_RECORDED
    return UNCHANGED if now == then else CHANGED


def _bare(marker: str | None) -> str:
    """Return ``ki67`` for ``Ki-67``: batches of one panel spell markers differently."""
    return re.sub(r"[\W_]", "", marker or "").casefold()


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
