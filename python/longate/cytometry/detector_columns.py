"""The detectors of a spillover matrix as columns of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from longate._validation import listed, suggest, unmasked
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from longate.cytometry.panel import Panel


@runtime_checkable
class Columns(Protocol):
    """Events by channel, such as a :class:`longate.Sample`."""

    @property
    def panel(self) -> Panel:
        """The channels."""

    @property
    def n_events(self) -> int:
        """Number of events."""

    def column_at(self, index: int) -> NDArray[Any]:
        """Return the channel of an index in the panel."""


def matrix_channels(names: Sequence[str], panel: Panel) -> list[int]:
    """Return the indices in `panel` of the detectors of a spillover matrix.

    Raises
    ------
    SpilloverError
        If the matrix names a channel that the panel lacks, or one twice.
    """
    missing = [name for name in names if name not in panel]
    if missing:
        known = [name for c in panel for name in (c.detector, c.marker) if name]
        raise _missing(missing, known, "file")
    indices = [panel.index(name) for name in names]
    if len(set(indices)) != len(indices):
        index = next(p for k, p in enumerate(indices) if p in indices[:k])
        same = [name for name, at in zip(names, indices, strict=True) if at == index]
        msg = (
            f"the spillover matrix names one channel of the file twice: {listed(same)} "
            f"are channel {index + 1}"
        )
        raise SpilloverError(msg)
    return indices


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
    """Return whether these are columns with names, as of a data frame."""
    columns = getattr(events, "columns", None)
    return columns is not None and all(isinstance(name, str) for name in columns)


def detector_columns(
    detectors: Sequence[str],
    events: Columns | ArrayLike,
    *,
    out: NDArray[Any] | None = None,
) -> tuple[list[NDArray[Any]], int]:
    """Return the detectors of a matrix as columns of float32 or float64.

    Parameters
    ----------
    detectors : sequence of str
        Of the matrix.
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
    if isinstance(events, Columns):
        indices = matrix_channels(detectors, events.panel)
        return [events.column_at(index) for index in indices], events.n_events
    if _is_named(events):
        known = list(events.columns)
        missing = [name for name in detectors if name not in known]
        if missing:
            raise _missing(missing, known, "table")
        events = events[list(detectors)]
    try:
        table = np.asarray(unmasked(events))
        if table.dtype not in (np.float32, np.float64):
            table = table.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"events must be a table of numbers: {error}"
        raise SpilloverError(msg) from None
    width = len(detectors)
    if table.ndim != 2 or table.shape[1] != width:
        msg = (
            f"events of shape {table.shape} do not fit the {width} detectors "
            f"{listed(detectors)}; one column for each is needed"
        )
        raise SpilloverError(msg)
    written = isinstance(out, np.ndarray) and np.may_share_memory(table, out)
    if written or not table.dtype.isnative or not table.flags.aligned:
        table = np.array(table, dtype=table.dtype.newbyteorder("="), order="F")
    return list(table.T), len(table)
