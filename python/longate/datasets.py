"""Example studies: simulated on first use, kept in a cache folder.

Nothing is downloaded. The data are simulated; no patient stands behind any number.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from longate._core import __version__
from longate._validation import one_of
from longate.exceptions import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from longate.gating.strategy.strategy import GatingStrategy
    from longate.simulate import SimulatedCohort
    from longate.study.study import Study

SIZES = {
    "small": {"nk_events": 8_000, "lineage_events": 5_000, "fmo_events": 4_000},
    "full": {"nk_events": 112_000, "lineage_events": 70_000, "fmo_events": 20_000},
}


@dataclass(frozen=True, eq=False)
class Example:
    """A simulated study with its tables and gating strategies.

    Attributes
    ----------
    study : Study
        The FCS files of 15 patients at months 0, 6 and 12: an NK tube and a lineage
        tube with counting beads per visit, and FMO controls per batch.
    visits : pandas.DataFrame
        patient, visit, date, edss: clinical visits at months 0, 3, 6, 9, 12.
    relapses : pandas.DataFrame
        patient, date, interval.
    bead_lots : pandas.DataFrame
        lot, beads_per_tube, expiry.
    strategies : dict of str to GatingStrategy
        One for each tube: ``"NK"`` and ``"lineage"``.
    cohort : SimulatedCohort
        The folder and the simulated truth.
    """

    study: Study
    visits: pd.DataFrame
    relapses: pd.DataFrame
    bead_lots: pd.DataFrame
    strategies: dict[str, GatingStrategy]
    cohort: SimulatedCohort

    @property
    def folder(self) -> Path:
        """The folder that holds the files and tables."""
        return self.cohort.folder

    def __repr__(self) -> str:
        """Name the tables that can be asked for next."""
        return (
            f"Example · SIMULATED, no real patient · {self.folder}\n"
            f"  .study       {self.study}\n"
            f"  .visits      {len(self.visits)} clinical visits\n"
            f"  .relapses    {len(self.relapses)} relapses\n"
            f"  .bead_lots   {len(self.bead_lots)} lots of counting beads\n"
            f"  .strategies  {', '.join(self.strategies)}"
        )


def cache_folder() -> Path:
    """Return the folder that keeps example studies.

    Returns
    -------
    pathlib.Path
        ``LONGATE_CACHE`` where that variable is set, else the user's cache folder of
        the operating system. It may be removed at any time.

    Examples
    --------
    >>> from longate import datasets
    >>> datasets.cache_folder().is_absolute()
    True
    """
    chosen = os.environ.get("LONGATE_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("longate", appauthor=False)


def load_example(size: str = "small", *, progress: bool = False) -> Example:
    """Return the example study, simulated when it is asked for the first time.

    Parameters
    ----------
    size : {"small", "full"}, default "small"
        ``"small"`` has 8,000 events in an NK tube and 5,000 in a lineage tube: a few
        seconds to make, 36 MB. ``"full"`` is the study of the README's figure with
        112,000 and 70,000: half a minute, 420 MB.
    progress : bool, default False
        Whether to show a progress bar while files are made.

    Returns
    -------
    Example
        The study, its clinical tables and its gating strategies by name.

    Raises
    ------
    StudyError
        If `size` is another word.
    OSError
        If the cache folder cannot be written; set ``LONGATE_CACHE`` to another one.

    See Also
    --------
    longate.simulate.cohort : Other sizes, seeds and scenarios, with their truth.

    Examples
    --------
    >>> import longate as lg
    >>> example = lg.datasets.load_example()
    >>> populations = example.study.gate(example.strategies, progress=False)
    >>> maturation = lg.nk.maturation(populations, parent="NK", tube="NK")
    >>> len(maturation.table)
    40
    """
    from longate.simulate import cohort, lineage_strategy, nk_strategy
    from longate.study.reading import read_study

    size = one_of("size", size, tuple(SIZES), StudyError)
    folder = cache_folder() / f"example-{size}-{__version__}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    events = SIZES[size]
    made = cohort(
        folder,
        progress=progress,
        nk_events=events["nk_events"],
        lineage_events=events["lineage_events"],
        fmo_events=events["fmo_events"],
    )
    return Example(
        study=read_study(made.sheet),
        visits=made.visits,
        relapses=made.relapses,
        bead_lots=made.bead_lots,
        strategies={"NK": nk_strategy(), "lineage": lineage_strategy()},
        cohort=made,
    )
