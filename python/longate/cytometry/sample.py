"""Sample: the events of one file, with its panel, keywords and diagnosis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import compensate
from longate._validation import listed, suggest
from longate.exceptions import FcsError, SpilloverError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.transforms import Transform


class Keywords(Mapping[str, str]):
    """The keywords of a file, found without regard to case.

    Iteration gives them as written and in file order.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = {key.casefold(): (key, value) for key, value in reversed(pairs)}
        self._order = [key for key, _ in pairs]

    def __getitem__(self, key: str) -> str:
        """Return the value of a keyword, however its case."""
        try:
            return self._pairs[key.casefold()][1]
        except KeyError:
            msg = f"no keyword {key!r}{suggest(key, self._order)}"
            raise KeyError(msg) from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over keywords as written."""
        return iter(
            dict.fromkeys(self._pairs[key.casefold()][0] for key in self._order)
        )

    def __len__(self) -> int:
        """Return the number of different keywords."""
        return len(self._pairs)

    def __repr__(self) -> str:
        """Say how many; values may identify a person and are not shown."""
        return f"Keywords · {len(self)} · use ['$CYT'] or dict(...) to see values"


@dataclass(frozen=True)
class Departure:
    """A departure from the standard that a file has, and what was done about it.

    Parameters
    ----------
    code : str
        Stable short name, such as ``"data-begin-differs"``.
    found : str
        What was found, and where.
    done : str
        How it was resolved.
    """

    code: str
    found: str
    done: str


@dataclass(frozen=True, repr=False)
class Sample:
    """The events of one file. They never change: arrays are read-only.

    Made by :func:`longate.read_fcs`.

    Parameters
    ----------
    path : Path
        The file.
    version : str
        ``"FCS3.1"`` and the like.
    panel : Panel
        Its channels.
    keywords : Keywords
        Its keywords, case-insensitive.
    compensation : Compensation or None
        The spillover matrix of the file, where it has one.
    diagnosis : tuple of Departure
        Departures from the standard that were met and repaired.
    n_events : int
        Number of events.
    columns : mapping of int to array
        The channels that were read, by their place in the panel.
    """

    path: Path
    version: str
    panel: Panel
    keywords: Keywords
    compensation: Compensation | None
    diagnosis: tuple[Departure, ...]
    n_events: int
    columns: Mapping[int, NDArray[Any]]

    def __repr__(self) -> str:
        """Shape first, then the names one can type next."""
        names = ", ".join(self.panel.channels[place].label for place in self.columns)
        spill = "with" if self.compensation else "without"
        return (
            f"Sample · {self.path.name} · {self.version} · {self.n_events:,} events x "
            f"{len(self.columns)} channels · {spill} spillover matrix · "
            f"{len(self.diagnosis)} departures from the standard\n  {names}"
        )

    def column(self, name: str) -> NDArray[Any]:
        """Return one channel as read, float32 or float64 by the file's keywords.

        Raises
        ------
        PanelError
            If the panel has no such channel.
        FcsError
            If it has, but the channel was not read.
        """
        return self._column_at(self.panel.index(name))

    def _column_at(self, place: int) -> NDArray[Any]:
        if place not in self.columns:
            msg = (
                f"channel {self.panel.channels[place].label!r} of {self.path} was not "
                f"read; it was read with channels="
                f"[{listed(self.panel.channels[p].label for p in self.columns)}]"
            )
            raise FcsError(msg)
        return self.columns[place]

    def values(
        self,
        name: str,
        *,
        compensated: bool = True,
        compensation: Compensation | None = None,
        scale: Transform | None = None,
    ) -> NDArray[np.float64]:
        """Return one channel for analysis.

        Parameters
        ----------
        name : str
            Marker or detector.
        compensated : bool
            Whether to compensate, where a matrix has this channel.
        compensation : Compensation, optional
            A matrix instead of the file's own.
        scale : Transform, optional
            A scale to put the values on.

        Returns
        -------
        (n_events,) numpy.ndarray of float64
        """
        place = self.panel.index(name)
        matrix = compensation or self.compensation
        values = np.asarray(self._column_at(place), dtype=np.float64)
        if compensated and matrix is not None:
            rows = matrix_places(matrix, self.panel)
            if place in rows:
                observed = [
                    np.ascontiguousarray(self._column_at(row), dtype=np.float64)
                    for row in rows
                ]
                weights = matrix.inverse[:, rows.index(place)].tolist()
                values = compensate(observed, weights)
        return values if scale is None else scale(values)

    def to_numpy(self, channels: Sequence[str] | None = None) -> NDArray[Any]:
        """Return events as read, ``(n_events, n_channels)``, not compensated.

        The dtype is float32 where it holds every value of these channels, else float64.
        """
        if channels is None:
            chosen = list(self.columns.values())
        else:
            chosen = [self.column(name) for name in channels]
        return np.column_stack(chosen) if chosen else np.empty((self.n_events, 0))

    def to_pandas(self, channels: Sequence[str] | None = None) -> pd.DataFrame:
        """Return events as read, one column per channel, not compensated.

        Columns are called by marker where there is one, else by detector, and by
        both where a marker occurs twice.
        """
        import pandas as pd

        places = (
            list(self.columns)
            if channels is None
            else [self.panel.index(name) for name in channels]
        )
        labels = [channel.label for channel in self.panel]
        frame = {}
        for place in places:
            channel = self.panel.channels[place]
            label = channel.label
            if labels.count(label) > 1:
                label = f"{label} ({channel.detector})"
            if label in frame:
                label = f"{label} [{place + 1}]"
            frame[label] = self._column_at(place)
        return pd.DataFrame(frame)


def matrix_places(compensation: Compensation, panel: Panel) -> list[int]:
    """Return the places in `panel` of the channels of a spillover matrix.

    Raises
    ------
    SpilloverError
        If the matrix names a channel that the panel lacks, or one twice.
    """
    places, missing = [], []
    for name in compensation.channels:
        if name in panel:
            places.append(panel.index(name))
        else:
            missing.append(name)
    if missing:
        known = [channel.detector for channel in panel]
        msg = (
            f"the spillover matrix names {listed(missing)}, which the file does not "
            f"have{suggest(missing[0], known)}"
        )
        raise SpilloverError(msg)
    if len(set(places)) != len(places):
        msg = "the spillover matrix names one channel of the file twice"
        raise SpilloverError(msg)
    return places
