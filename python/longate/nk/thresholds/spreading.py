"""Spillover spreading of other fluorochromes, on a marker's scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate._validation import suggest
from longate.exceptions import MaturationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from longate.cytometry.panel import Panel
    from longate.cytometry.transforms import Transform
    from longate.nk.thresholds.tube_events import TubeEvents

_STEP = 1e-4  # on the scale


def spreading_matrix(
    spreading: pd.DataFrame, panel: Panel, channels: Iterable[str]
) -> pd.DataFrame:
    """Return spreading as a matrix whose called channels bear the gates' names.

    Parameters
    ----------
    spreading : DataFrame
        As :func:`longate.spillover_spreading` gives it (``fluorochrome, channel,
        spreading``), or a matrix: rows are fluorochromes' channels, columns receiving
        channels.
    panel : Panel
        Tells which names mean one channel.
    channels : iterable of str
        As the gates call them.

    Raises
    ------
    MaturationError
        If a channel is no column.
    """
    long = {"fluorochrome", "channel", "spreading"} <= set(spreading.columns)
    matrix = (
        spreading.pivot_table(
            index="fluorochrome", columns="channel", values="spreading"
        )
        if long
        else spreading
    )
    named = {panel.index(channel): channel for channel in channels}

    def called(name: object) -> str:
        text = str(name)
        return named.get(panel.index(text), text) if text in panel else text

    matrix = matrix.rename(index=called, columns=called)
    for channel in named.values():
        _refuse_unknown(channel, matrix)
    return matrix


def spread_coefficients(
    channel: str, centre: float, scale: Transform | None, spreading: pd.DataFrame
) -> dict[str, float]:
    """Return spreading channel -> SD on the scale per unit of its intensity.

    The linear coefficients are multiplied by the scale's slope at the negatives.

    Parameters
    ----------
    channel : str
        Marker or detector that receives.
    centre : float
        Where the negatives lie, on the scale.
    scale : Transform or None
        Of the channel.
    spreading : DataFrame
        From :func:`spreading_matrix`.
    """
    slope = 1.0
    if scale is not None:
        ends = scale.inverse(np.array([centre - _STEP, centre + _STEP]))
        slope = 2 * _STEP / float(ends[1] - ends[0])
    column = spreading[channel]
    return {
        str(source): float(value) * slope
        for source, value in column.items()
        if str(source) != channel and value > 0
    }


def extra_variance(
    channel: str, events: TubeEvents, spreading: pd.DataFrame | None
) -> float:
    """Return the linear variance that other fluorochromes add on the median NK cell.

    Parameters
    ----------
    channel : str
        Marker or detector that receives.
    events : TubeEvents
        With the NK cells' linear intensities.
    spreading : DataFrame or None
        From :func:`spreading_matrix`.
    """
    if spreading is None:
        return 0.0
    added = [
        value**2 * np.maximum(events.intensities[str(source)], 0.0)
        for source, value in spreading[channel].items()
        if str(source) != channel and value > 0
    ]
    if not added or not len(added[0]):
        return 0.0
    return float(np.median(np.sum(added, axis=0)))


def _refuse_unknown(channel: str, spreading: pd.DataFrame) -> None:
    if channel not in spreading.columns:
        known = [str(name) for name in spreading.columns]
        msg = (
            f"the spillover spreading matrix has no column {channel!r}"
            f"{suggest(channel, known)}"
        )
        raise MaturationError(msg)
