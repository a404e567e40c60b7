"""What was asked beyond counts, and the answers, as tables and plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate.gating.compile.requests import Request, Statistic
from longate.gating.gates.dimension import axis_from_plain, axis_to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.gating.results.gated_file import GatedFile
    from longate.gating.results.gated_sample import Answer

ESTIMATE = ("value", "low", "high", "reason")


def options_to_plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``study.gate`` was asked for as plain data."""
    keep = options["keep"]
    if keep is not None and keep != "masks":
        keep = {
            population: [axis_to_plain(axis) for axis in channels]
            for population, channels in keep.items()
        }
    statistics = [_statistic_to_plain(one) for one in options["statistics"]]
    return {"statistics": statistics, "keep": keep}


def options_from_plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Rebuild what :func:`options_to_plain` gave."""
    keep = data["keep"]
    if isinstance(keep, dict):
        keep = {
            population: tuple(axis_from_plain(axis) for axis in channels)
            for population, channels in keep.items()
        }
    statistics = tuple(_statistic_from_plain(one) for one in data["statistics"])
    return {"statistics": statistics, "keep": keep}


def requests_of_files(files: Sequence[GatedFile]) -> list[Request]:
    """Return every request that some file has answered, once."""
    asked = (answer[0] for file in files for answer in file.gated.answers)
    return list(dict.fromkeys(asked))


def request_to_plain(request: Request) -> dict[str, Any]:
    """Return a request as plain data."""
    return {
        "population": request.population,
        "channel": axis_to_plain(request.channel),
        "scaled": request.scaled,
        "keeps": request.keeps,
        "statistics": [_statistic_to_plain(one) for one in request.statistics],
    }


def request_from_plain(data: Mapping[str, Any]) -> Request:
    """Rebuild what :func:`request_to_plain` gave."""
    return Request(
        data["population"],
        axis_from_plain(data["channel"]),
        data["scaled"],
        tuple(_statistic_from_plain(one) for one in data["statistics"]),
        data["keeps"],
    )


def answers_to_table(files: Sequence[GatedFile]) -> pd.DataFrame:
    """Return one row per file, request and statistic; one where values alone are kept.

    Columns ``row`` (of the study), ``request`` (its number), ``n_events, statistic``
    (its number in the request, -1 where there is none), ``value, low, high, reason``.
    """
    import pandas as pd

    numbers = {one: number for number, one in enumerate(requests_of_files(files))}
    rows: list[tuple[Any, ...]] = []
    for file in files:
        for request, n_events, estimates, _ in file.gated.answers:
            known = (file.row, numbers[request], n_events)
            rows += [
                (*known, number_of_statistic, *one)
                for number_of_statistic, one in enumerate(estimates)
            ]
            if not estimates:
                rows.append((*known, -1, np.nan, np.nan, np.nan, ""))
    columns = ["row", "request", "n_events", "statistic", *ESTIMATE]
    return pd.DataFrame(rows, columns=columns)


def values_to_table(files: Sequence[GatedFile]) -> pd.DataFrame:
    """Return one row per file and request whose values are kept: a list of them.

    Columns ``row, request, values`` (float64, in the order of the file's events).
    """
    import pandas as pd

    numbers = {one: number for number, one in enumerate(requests_of_files(files))}
    rows = [
        (file.row, numbers[request], values)
        for file in files
        for request, _, _, values in file.gated.answers
        if values is not None
    ]
    return pd.DataFrame(rows, columns=["row", "request", "values"])


def answers_from_tables(
    requests: Sequence[Request],
    answers: pd.DataFrame,
    values: pd.DataFrame | None,
) -> dict[int, tuple[Answer, ...]]:
    """Return the answers by row of the study.

    Parameters
    ----------
    requests : sequence of Request
        By their numbers.
    answers, values : DataFrame
        As :func:`answers_to_table` and :func:`values_to_table` made them.
    """
    kept: dict[tuple[int, int], Any] = {}
    if values is not None:
        for row, number, column in values.itertuples(index=False, name=None):
            array = np.array(column, dtype=np.float64)
            kept[int(row), int(number)] = array
    found: dict[int, dict[int, Answer]] = {}
    for entry in answers.itertuples(index=False, name=None):
        row, number, n_events, number_of_statistic = map(int, entry[:4])
        own = found.setdefault(row, {})
        request = requests[number]
        answer = own.setdefault(
            number, (request, n_events, [], kept.get((row, number)))
        )
        if number_of_statistic >= 0:
            answer[2].append(tuple(entry[4:]))
    return {row: tuple(own.values()) for row, own in found.items()}


def _statistic_to_plain(one: Statistic) -> dict[str, Any]:
    population = one.population
    return {
        "kind": one.kind,
        "channel": axis_to_plain(one.channel),
        "population": (
            population
            if population is None or isinstance(population, str)
            else list(population)
        ),
        "scaled": one.scaled,
        "percentile": one.percentile,
    }


def _statistic_from_plain(data: Mapping[str, Any]) -> Statistic:
    return Statistic(
        data["kind"],
        axis_from_plain(data["channel"]),
        population=data["population"],
        scaled=data["scaled"],
        percentile=data["percentile"],
    )
