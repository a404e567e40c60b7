"""What a pass answered beside counts: rows of statistics, and events that were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.compile.requests import Request
    from longate.gating.gates.dimension import Axis
    from longate.gating.results.gated_sample import Answer, GatedSample

STATISTIC_COLUMNS = (
    "population",
    "channel",
    "statistic",
    "scale",
    "value",
    "low",
    "high",
    "n_events",
    "reason",
)

Found = tuple[int, list[Any], "NDArray[np.float64] | None"]


def dict_of(answers: Sequence[Answer]) -> dict[Request, Found]:
    """Return answers by request."""
    return {request: (n, found, values) for request, n, found, values in answers}


def statistic_rows(
    request: Request, found: Sequence[Found | None]
) -> list[dict[str, Any]]:
    """Return one row per statistic of a request; several files are one sample.

    Parameters
    ----------
    request : Request
        What was asked.
    found : sequence of tuple or None
        What each file of the sample answered; None where its panel lacks the channel,
        and then there is no row.
    """
    answers = [one for one in found if one is not None]
    if len(answers) < len(found):
        return []
    estimates = answers[0][1]
    if len(answers) > 1:
        values = [one[2] for one in answers if one[2] is not None]
        estimates = summarise(values, request.named)
    n_events = sum(one[0] for one in answers)
    return [
        dict(
            zip(
                STATISTIC_COLUMNS,
                (
                    request.population,
                    str(request.channel),
                    statistic.label,
                    "scaled" if request.scaled else "linear",
                    value,
                    low,
                    high,
                    n_events,
                    reason,
                ),
                strict=True,
            )
        )
        for statistic, (value, low, high, reason) in zip(
            request.statistics, estimates, strict=True
        )
    ]


def kept_events(
    gated: GatedSample, population: str, channels: Sequence[Axis] | None
) -> pd.DataFrame | None:
    """Return the events of a population, if the channels asked for were kept.

    Parameters
    ----------
    gated : GatedSample
        With masks.
    population : str
        Path or unique name.
    channels : sequence of str, optional
        Without them every channel of the file is meant, and none is kept in that way.
    """
    import pandas as pd

    if channels is None:
        return None
    path = gated.path(population)
    kept = {
        request.channel: values
        for request, _, _, values in gated.answers
        if request.population == path
        and values is not None
        and not request.scaled
        and not request.statistics
    }
    if any(name not in kept for name in channels):
        return None
    columns = {str(name): kept[name] for name in channels}
    return pd.DataFrame(columns, index=np.flatnonzero(gated.mask(path)))
