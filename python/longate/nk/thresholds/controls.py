"""FMO controls of a study: which serves a sample, and its events in the NK gate."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from longate.exceptions import LongateError, MaturationError
from longate.quality.controls import control_events

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longate.gating.results.populations import Populations

_NEAREST = ("batch", "run", "date")


class Controls:
    """FMO controls of one tube, each gated once.

    Parameters
    ----------
    populations : Populations
        A gated study; its sheet says which files are controls (``fmo:<marker>``).
    tube, parent : str
        Which tube, and its NK population.
    channels : mapping of str to str
        Call -> channel.
    """

    def __init__(
        self,
        populations: Populations,
        tube: str,
        parent: str,
        channels: Mapping[str, str],
    ) -> None:
        self._populations = populations
        self._parent = parent
        self._names = list(dict.fromkeys(channels.values()))
        sheet = populations.study.samples
        roles = sheet["role"].astype(str).str.casefold()
        usable = roles.str.startswith("fmo:") & (sheet["tube"] == tube)
        rows = sheet[usable]
        self._controls = [
            (int(number), {str(k): v for k, v in row.items()})
            for number, row in zip(rows.index, rows.to_dict("records"), strict=True)
        ]
        self._files = rows["file"]
        self._channels = channels
        self._tube = tube
        self._values = lru_cache(maxsize=None)(self._read)

    def count(self, call: str) -> int:
        """Return how many controls of a call the sheet has."""
        return len(self._of(call, self._channels[call]))

    def negatives(
        self, call: str, channel: str, row: Mapping[str, Any]
    ) -> tuple[Any, str]:
        """Return the control's scaled values in the NK gate, and its file.

        Raises
        ------
        MaturationError
            If the sample's batch has no such control, or several that differ in
            nothing that decides, or it cannot be read.
        """
        number = self._nearest(call, channel, row)
        name = self._files[number]
        try:
            values = self._values(number)[channel]
        except LongateError as error:
            msg = f"the control {name} cannot be used: {error}"
            raise MaturationError(msg) from None
        if not len(values):
            msg = f"the control {name} has no event in the NK gate {self._parent!r}"
            raise MaturationError(msg)
        return values, f"{self._parent} of {_short(str(name))}"

    def values_or_none(self, call: str, channel: str, row: Mapping[str, Any]) -> Any:
        """Return the control's scaled values, or None where there is none."""
        try:
            return self.negatives(call, channel, row)[0]
        except MaturationError:
            return None

    def _of(self, call: str, channel: str) -> list[tuple[int, dict[str, Any]]]:
        wanted = {call.casefold(), channel.casefold()}
        return [
            (number, row)
            for number, row in self._controls
            if str(row["role"])[len("fmo:") :].strip().casefold() in wanted
        ]

    def _nearest(self, call: str, channel: str, row: Mapping[str, Any]) -> int:
        found = self._of(call, channel)
        if not found:
            msg = f"the sheet has no control fmo:{call} for this tube"
            raise MaturationError(msg)
        if "batch" in found[0][1] and _known(row.get("batch")):
            found = [one for one in found if one[1]["batch"] == row["batch"]]
            if not found:
                msg = f"batch {row['batch']!r} has no control fmo:{call}"
                raise MaturationError(msg)
        for column in ("patient", "visit", *_NEAREST):
            if _known(row.get(column)) and len(found) > 1:
                closer = [one for one in found if one[1].get(column) == row[column]]
                found = closer or found
        if len(found) > 1:
            msg = (
                f"{len(found)} controls fmo:{call} could serve; tell them apart by "
                "batch, patient or visit in the sheet"
            )
            raise MaturationError(msg)
        return found[0][0]

    def _read(self, number: int) -> Any:
        events = control_events(self._populations, number, self._tube)
        return events.values(self._names, population=self._parent)


def _known(value: Any) -> bool:
    return value is not None and value == value


def _short(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2]
