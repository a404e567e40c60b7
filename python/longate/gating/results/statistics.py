"""What a pass answered beside counts: rows of statistics, and events that were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate._core import summarise
from longate.gating.results.joining import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.compile.requests import Request
    from longate.gating.results.gated_file import GatedFile
    from longate.gating.results.gated_sample import Answer

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


def statistic_table(
    by_sample: Sequence[tuple[Mapping[str, Any], Sequence[GatedFile]]],
) -> pd.DataFrame:
    """Return a row per sample and statistic that was asked for.

    Parameters
    ----------
    by_sample : sequence of (dict, sequence of GatedFile)
        Keys of a sample, and its files.
    """
    import pandas as pd

    rows = []
    for keys, files in by_sample:
        answers = [dict_of(file.gated.answers) for file in files]
        for request in answers[0]:
            if not request.statistics:
                continue
            found = [by_request.get(request) for by_request in answers]
            rows += [{**keys, **row} for row in statistic_rows(request, found)]
    return pd.DataFrame(rows, columns=[*KEYS, *STATISTIC_COLUMNS])
