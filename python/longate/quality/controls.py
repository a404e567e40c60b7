"""Gating of control files: FMO, unstained and bridging tubes of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from longate.gating.results.events import SampleEvents
from longate.gating.results.gated_file import GatedFile

if TYPE_CHECKING:
    from longate.gating.results.populations import Populations
    from longate.gating.strategy.strategy import GatingStrategy


def control_events(populations: Populations, number: int, tube: str) -> SampleEvents:
    """Gate a file of the sheet that is no sample, such as an FMO control.

    Parameters
    ----------
    populations : Populations
        The gated study.
    number : int
        The file's row of the sheet.
    tube : str
        Whose strategy gates it.

    Raises
    ------
    LongateError
        If the file cannot be read or gated.
    """
    study = populations.study
    data = study.read_file(number)
    row = {str(name): value for name, value in study.samples.loc[number].items()}
    # A study is gated by strategies; populations know them as trees of gates.
    strategy = cast("GatingStrategy", populations.strategies[tube])
    gated = GatedFile(number, strategy.apply(data))
    return SampleEvents(study, row, [gated], read={number: data})
