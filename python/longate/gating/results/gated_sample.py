"""What a strategy leaves of one sample, in memory or from its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import gate_arrays, gate_files
from longate.exceptions import PopulationError
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.results.counting import count_rows, fraction_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from longate._core import FileCounts
    from longate.cytometry.sample import Sample
    from longate.gating.compile.compiler import CompiledStrategy
    from longate.gating.compile.requests import Request
    from longate.gating.tree.gate_tree import GateTree

    Answer = tuple[Request, int, list[Any], NDArray[np.float64] | None]


@dataclass(frozen=True, repr=False, eq=False)
class GatedSample:
    """What a strategy leaves of one sample.

    Parameters
    ----------
    strategy : GateTree
        What was applied.
    n_events : int
        Number of events of the sample.
    n_inside : tuple of int
        Events in each population, in the order of ``strategy.paths``.
    n_undefined : tuple of int
        Events of each population's parent that are neither in it nor out of it, since
        a value is NaN.
    masks : (n_populations, n_bytes) array of uint8, or None
        One packed mask per population, lowest bit first; None where masks were not
        kept.
    answers : tuple
        For each request: the request, number of events, estimates, and the values or
        None.
    """

    strategy: GateTree
    n_events: int
    n_inside: tuple[int, ...]
    n_undefined: tuple[int, ...]
    masks: NDArray[np.uint8] | None
    answers: tuple[Answer, ...] = ()

    @classmethod
    def of(cls, compiled: CompiledStrategy, outcome: FileCounts) -> GatedSample:
        """Take what a kernel gives."""
        answers = tuple(
            (request, one.n_events, one.estimates, one.values)
            for request, one in zip(compiled.requests, outcome.answers, strict=True)
        )
        return cls(
            compiled.strategy,
            outcome.n_events,
            tuple(outcome.counts),
            tuple(outcome.undefined),
            outcome.masks,
            answers,
        )

    def __repr__(self) -> str:
        """Say how many events and populations."""
        return (
            f"GatedSample · {self.n_events:,} events · {len(self.n_inside)} populations"
        )

    @property
    def counts(self) -> pd.DataFrame:
        """Events per population with exact intervals of the fraction of the parent.

        Columns ``population, parent, n_events, n_parent, fraction, low, high,
        detection, quantifiable``; the first row holds all events.
        """
        import pandas as pd

        rows = count_rows(self.strategy)
        n_events = np.array([self.n_events, *self.n_inside], dtype=np.int64)
        n_parent = n_events[rows.parents]
        return pd.DataFrame(
            {
                "population": rows.populations,
                "parent": rows.parent_paths,
                "n_events": n_events,
                "n_parent": n_parent,
                **fraction_columns(n_events, n_parent),
            }
        )

    def path(self, population: str) -> str:
        """Return the path that a name means, ``"All events"`` among them."""
        if population == ALL_EVENTS:
            return population
        return self.strategy.path(population)

    def packed_mask(self, population: str) -> NDArray[np.uint8]:
        """Return the mask of a population, one bit per event, lowest bit first."""
        if population == ALL_EVENTS:
            return np.packbits(np.ones(self.n_events, dtype=bool), bitorder="little")
        index = self.strategy.paths.index(self.strategy.path(population))
        if self.masks is None:
            msg = (
                f"the mask of {population!r} was not kept; gate with keep='masks' to "
                "have it"
            )
            raise PopulationError(msg)
        mask: NDArray[np.uint8] = self.masks[index]
        return mask

    def mask(self, population: str) -> NDArray[np.bool_]:
        """Return which events belong to a population, ``(n_events,)`` of bool.

        Raises
        ------
        PopulationError
            If the strategy has no such population.
        """
        bits = np.unpackbits(
            self.packed_mask(population), count=self.n_events, bitorder="little"
        )
        return bits.view(np.bool_)


def gate_sample(compiled: CompiledStrategy, sample: Sample) -> GatedSample:
    """Gate the events of a sample that was read."""
    channels = sample.panel.channels
    for index in compiled.channels:
        if index not in sample.columns:
            sample.column(channels[index].detector)  # raises, naming the channel
    values = [_floats(sample.columns[index]) for index in compiled.channels]
    outcome = gate_arrays(compiled.plan, values, sample.n_events)
    return GatedSample.of(compiled, outcome)


def _floats(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column as the kernels take it: native floats as they are."""
    if column.dtype in {np.dtype(np.float32), np.dtype(np.float64)}:
        return column
    return column.astype(np.float64)


def gate_file(compiled: CompiledStrategy, metadata: Any) -> GatedSample:
    """Gate a file in one pass, as it was when its metadata was read."""
    jobs = [(metadata.path, compiled.plan, metadata.identity)]
    outcome = gate_files(jobs, 0, True, None)[0]  # noqa: FBT003
    if isinstance(outcome, BaseException):
        raise outcome
    return GatedSample.of(compiled, outcome)
