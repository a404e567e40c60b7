"""Where the detectors and dyes of a spillover matrix are in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from longate._validation import listed, suggest, unmasked
from longate.exceptions import PanelError, SpilloverError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.cytometry.sample import Sample


@dataclass(frozen=True)
class ResolvedMatrix:
    """A spillover matrix whose names were found in a panel.

    Parameters
    ----------
    compensation : Compensation
        The matrix.
    panel : Panel
        The channels of a file.
    detectors : tuple of int
        The place in the panel of each detector.
    dyes : tuple of int or None
        The place of each dye, None where its name is not in the panel.
    """

    compensation: Compensation
    panel: Panel
    detectors: tuple[int, ...]
    dyes: tuple[int | None, ...]

    def column(self, name: str) -> int | None:
        """Return the number of the dye that `name` means.

        Parameters
        ----------
        name : str
            A marker, detector, alias or dye.

        Returns
        -------
        int or None
            A column of ``compensation.weights``; None for a channel of the panel that
            is no dye and stays as acquired.

        Raises
        ------
        PanelError
            If it is neither in the panel nor a dye (near names of both are suggested),
            or means several channels.
        """
        try:
            place = self.panel.index(name)
        except PanelError:
            own = [
                (number, dye)
                for number, dye in enumerate(self.compensation.dyes)
                if self.dyes[number] is None
            ]
            for fold in (str, str.casefold):
                found = [number for number, dye in own if fold(dye) == fold(name)]
                if len(found) == 1:
                    return found[0]
            known = self.panel.names
            if not own or name.casefold() in {one.casefold() for one in known}:
                raise  # no dye is meant; or the name means several channels
            dyes = [dye for _, dye in own]
            has = f"; there are {listed([*dyes, *known], most=30)}"
            msg = (
                f"marker or detector {name!r} is not in the panel, nor is it a dye of "
                f"the spillover matrix{suggest(name, [*dyes, *known]) or has}"
            )
            raise PanelError(msg) from None
        return self.dyes.index(place) if place in self.dyes else None


def resolve_matrix(compensation: Compensation, panel: Panel) -> ResolvedMatrix:
    """Find the names of a spillover matrix in a panel.

    Parameters
    ----------
    compensation : Compensation
        The matrix; its order does not matter, and the panel may have more channels.
    panel : Panel
        The channels of a file. Its aliases count.

    Raises
    ------
    SpilloverError
        If the matrix names a detector that the panel lacks, or one twice.
    """
    detectors = matrix_channels(compensation, panel)
    if compensation.dyes == compensation.detectors:
        return ResolvedMatrix(compensation, panel, tuple(detectors), tuple(detectors))
    dyes: list[int | None] = []
    for dye in compensation.dyes:
        place = panel.index(dye) if dye in panel else None
        if place is not None and place in dyes:
            other = compensation.dyes[dyes.index(place)]
            msg = (
                f"dyes {other!r} and {dye!r} of the spillover matrix are one channel "
                f"of the file, {panel.channels[place].detector!r}"
            )
            raise SpilloverError(msg)
        dyes.append(place)
    return ResolvedMatrix(compensation, panel, tuple(detectors), tuple(dyes))


def matrix_channels(compensation: Compensation, panel: Panel) -> list[int]:
    """Return the places in `panel` of the detectors of a spillover matrix.

    Raises
    ------
    SpilloverError
        If the matrix names a channel that the panel lacks, or one twice.
    """
    missing = [name for name in compensation.detectors if name not in panel]
    if missing:
        known = [name for c in panel for name in (c.detector, c.marker) if name]
        raise _missing(missing, known, "file")
    places = [panel.index(name) for name in compensation.detectors]
    if len(set(places)) != len(places):
        place = next(p for k, p in enumerate(places) if p in places[:k])
        same = [
            name
            for name, at in zip(compensation.detectors, places, strict=True)
            if at == place
        ]
        msg = (
            f"the spillover matrix names one channel of the file twice: {listed(same)} "
            f"are channel {place + 1}"
        )
        raise SpilloverError(msg)
    return places


def _missing(missing: Sequence[str], known: Sequence[str], what: str) -> SpilloverError:
    """Name the detectors of a matrix that a file or table lacks, with near names."""
    near = suggest(missing[0], known)
    for name in missing[1:4]:
        near += suggest(name, known).replace("did", f"for {name!r} did", 1)
    return SpilloverError(
        f"the spillover matrix names {listed(missing)}, which the {what} does not "
        f"have{near}"
    )


def _is_named(events: Any) -> TypeGuard[pd.DataFrame]:
    """Whether these are columns with names, as of a data frame."""
    columns = getattr(events, "columns", None)
    return columns is not None and all(isinstance(name, str) for name in columns)


def detector_columns(
    compensation: Compensation,
    events: Sample | ArrayLike,
    *,
    out: NDArray[Any] | None = None,
) -> tuple[list[NDArray[Any]], int]:
    """Return the detectors of a matrix as columns of float32 or float64.

    Parameters
    ----------
    compensation : Compensation
        The matrix.
    events : Sample, DataFrame, or (n_events, n_detectors) array-like
        Where they are; columns of a frame that have names are found by them.
    out : numpy.ndarray, optional
        What will be written: events that lie there are copied.

    Returns
    -------
    list of (n_events,) arrays
        One per detector.
    int
        Number of events.

    Raises
    ------
    SpilloverError
        If they do not fit.
    """
    from longate.cytometry.sample import Sample

    if isinstance(events, Sample):
        places = matrix_channels(compensation, events.panel)
        return [events.column_at(place) for place in places], events.n_events
    if _is_named(events):
        known = list(events.columns)
        missing = [name for name in compensation.detectors if name not in known]
        if missing:
            raise _missing(missing, known, "table")
        events = events[list(compensation.detectors)]
    try:
        table = np.asarray(unmasked(events))
        if table.dtype not in (np.float32, np.float64):
            table = table.astype(np.float64)
    except (TypeError, ValueError) as error:
        msg = f"events must be a table of numbers: {error}"
        raise SpilloverError(msg) from None
    width = len(compensation.detectors)
    if table.ndim != 2 or table.shape[1] != width:
        msg = (
            f"events of shape {table.shape} do not fit the {width} detectors "
            f"{listed(compensation.detectors)}; one column for each is needed"
        )
        raise SpilloverError(msg)
    written = isinstance(out, np.ndarray) and np.may_share_memory(table, out)
    if written or not table.dtype.isnative or not table.flags.aligned:
        table = np.array(table, dtype=table.dtype.newbyteorder("="), order="F")
    return list(table.T), len(table)
