"""Where the detectors and fluorochromes of a spillover matrix are in a file."""

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
        The index in the panel of each detector.
    fluorochromes : tuple of int or None
        The index of each fluorochrome, None where its name is not in the panel.
    """

    compensation: Compensation
    panel: Panel
    detectors: tuple[int, ...]
    fluorochromes: tuple[int | None, ...]

    def column(self, name: str) -> int | None:
        """Return the number of the fluorochrome that `name` means.

        Parameters
        ----------
        name : str
            A marker, detector, alias or fluorochrome.

        Returns
        -------
        int or None
            A column of ``compensation.weights``; None for a channel of the panel that
            is no fluorochrome and stays as acquired.

        Raises
        ------
        PanelError
            If it is neither in the panel nor a fluorochrome (near names of both are
            suggested), or means several channels.
        """
        try:
            index = self.panel.index(name)
        except PanelError:
            own = [
                (number, fluorochrome)
                for number, fluorochrome in enumerate(self.compensation.fluorochromes)
                if self.fluorochromes[number] is None
            ]
            for fold in (str, str.casefold):
                found = [
                    number
                    for number, fluorochrome in own
                    if fold(fluorochrome) == fold(name)
                ]
                if len(found) == 1:
                    return found[0]
            known = self.panel.names
            if not own or name.casefold() in {one.casefold() for one in known}:
                raise  # no fluorochrome is meant; or the name means several channels
            fluorochromes = [fluorochrome for _, fluorochrome in own]
            has = f"; there are {listed([*fluorochromes, *known], most=30)}"
            msg = (
                f"marker or detector {name!r} is not in the panel, nor is it a "
                f"fluorochrome of "
                f"the spillover matrix{suggest(name, [*fluorochromes, *known]) or has}"
            )
            raise PanelError(msg) from None
        return self.fluorochromes.index(index) if index in self.fluorochromes else None


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
    if compensation.fluorochromes == compensation.detectors:
        return ResolvedMatrix(compensation, panel, tuple(detectors), tuple(detectors))
    fluorochromes: list[int | None] = []
    for fluorochrome in compensation.fluorochromes:
        index = panel.index(fluorochrome) if fluorochrome in panel else None
        if index is not None and index in fluorochromes:
            other = compensation.fluorochromes[fluorochromes.index(index)]
            msg = (
                f"fluorochromes {other!r} and {fluorochrome!r} of the spillover matrix "
                f"are one channel "
                f"of the file, {panel.channels[index].detector!r}"
            )
            raise SpilloverError(msg)
        fluorochromes.append(index)
    return ResolvedMatrix(compensation, panel, tuple(detectors), tuple(fluorochromes))
