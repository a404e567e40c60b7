"""Contents of an FCS file to be written: of arrays, of tables, and of samples."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._names import name_of
from longate._validation import listed
from longate.cytometry.sample import Sample
from longate.exceptions import FcsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.compensation import Compensation

# What the writer settles itself, and what was said of bytes that are gone.
_OWN = re.compile(
    r"\$(BEGIN|END)(TEXT|STEXT|DATA|ANALYSIS)|\$(BYTEORD|DATATYPE|MODE|NEXTDATA|PAR|TOT)"
    r"|\$UNICODE|\$P\d+(N|B|R|E|S|G|DATATYPE)|\$?SPILL(OVER)?|\$COMP|\$DFC\d+TO\d+",
    re.IGNORECASE,
)
_OF_CHANNEL = re.compile(r"(\$?P)(\d+)([A-Z_]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Contents:
    """Channels, values and keywords of a file to be written.

    Parameters
    ----------
    detectors : list of str
        ``$PnN``.
    values : (n_events, n_channels) numpy.ndarray of float64
        The events.
    markers : dict of str to str
        Detector to ``$PnS``.
    ranges : dict of str to float
        Detector to ``$PnR``, where known.
    keywords : dict of str to str
        Further keywords that came with the events.
    spillover : Compensation or None
        The matrix that came with the events.
    """

    detectors: list[str]
    values: NDArray[np.float64]
    markers: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, float] = field(default_factory=dict)
    keywords: dict[str, str] = field(default_factory=dict)
    spillover: Compensation | None = None


def contents_of(
    events: Sample | pd.DataFrame | ArrayLike, channels: Sequence[str] | None
) -> Contents:
    """Return what is to be written.

    Raises
    ------
    FcsError
        If shapes do not fit, or `events` holds no numbers.
    """
    if isinstance(events, Sample):
        return _of_sample(events, channels)
    origin: Mapping[str, Any] = {}
    if channels is None:
        columns = getattr(events, "columns", None)
        if columns is None:
            msg = "channels must be given where events is not a DataFrame"
            raise FcsError(msg)
        # Texts stay as they are: blanks around them are refused and not taken off.
        labels = [_named(name) for name in columns]
        origin = getattr(events, "attrs", {}).get("channels", {})
        known = [origin.get(label, {}) for label in labels]
        names = [
            str(one.get("detector", label))
            for one, label in zip(known, labels, strict=True)
        ]
    else:
        names = [_named(name) for name in channels]
        known = [{} for _ in names]
    try:
        wide = np.asarray(events, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"events must be a table of numbers: {error}"
        raise FcsError(msg) from None
    if wide.ndim != 2 or wide.shape[1] != len(names):
        msg = (
            f"events of shape {wide.shape} do not fit {len(names)} channels "
            f"({listed(names)}); expected (n_events, {len(names)})"
        )
        raise FcsError(msg)
    pairs = list(zip(names, known, strict=True))
    markers = {name: one["marker"] for name, one in pairs if one.get("marker")}
    ranges = {name: one["range"] for name, one in pairs if one.get("range", 0) > 0}
    return Contents(names, wide, markers, ranges)


def _named(name: object) -> str:
    return name if isinstance(name, str) else name_of(name)


def _of_sample(sample: Sample, channels: Sequence[str] | None) -> Contents:
    if channels is None:
        indices = list(sample.columns)
    else:
        indices = [sample.panel.index(name) for name in channels]
    described = [sample.panel.channels[index] for index in indices]
    names = [channel.detector for channel in described]
    values = np.column_stack(
        [np.asarray(sample.column_at(index), dtype=np.float64) for index in indices]
        or [np.empty((sample.n_events, 0))]
    )
    matrix = sample.compensation
    if matrix is not None and not set(matrix.detectors) <= set(names):
        matrix = None
    return Contents(
        names,
        values,
        {c.detector: c.marker for c in described if c.marker},
        {c.detector: c.range for c in described if c.range > 0},
        _kept_keywords(sample, indices),
        matrix,
    )


def _kept_keywords(sample: Sample, indices: Sequence[int]) -> dict[str, str]:
    """Return the keywords that stay true; those of channels get their new numbers."""
    renumbered = {old + 1: new for new, old in enumerate(indices, start=1)}
    kept = {}
    for key, value in sample.keywords.items():
        text = value.strip(" \t\r\n\0")
        if not text or _OWN.fullmatch(key):
            continue
        if key.upper() == "$TIMESTEP" and not sample.raw:
            continue  # it is applied
        match = _OF_CHANNEL.fullmatch(key)
        if match is not None and (match[1].startswith("$") or match[3].isalpha()):
            number = renumbered.get(int(match[2]))
            if number is None:
                continue
            key = f"{match[1]}{number}{match[3]}"
        kept[key.strip()] = text.replace("\x0c", " ")
    if sample.raw:
        for old, new in renumbered.items():
            gain = sample.keywords.get(f"$P{old}G", "").strip()
            if gain:
                kept[f"$P{new}G"] = gain
            if _is_log(sample.keywords.get(f"$P{old}E", "")):
                msg = (
                    f"{sample.path.name} holds stored numbers of a logarithmic "
                    f"amplifier ($P{old}E), which floats cannot carry; read it with "
                    "values='scale' to write it"
                )
                raise FcsError(msg)
    return kept


def _is_log(value: str) -> bool:
    try:
        return float(value.partition(",")[0]) != 0
    except ValueError:
        return False
