"""Where the detectors and dyes of a spillover matrix are in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate._validation import listed, suggest
from longate.cytometry.detector_columns import matrix_channels
from longate.exceptions import PanelError, SpilloverError

if TYPE_CHECKING:
    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel


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
    detectors = matrix_channels(compensation.detectors, panel)
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
