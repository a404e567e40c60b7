"""Statistics of populations: what may be asked of the values of a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate._validation import one_of, suggest
from longate.exceptions import PopulationError
from longate.gating.gates.base import ALL_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longate.gating.gates.dimension import Axis
    from longate.gating.tree.gate_tree import GateTree

KINDS = ("median", "mean", "geometric_mean", "robust_cv", "percentile")
MOST_PERCENT = 100.0


@dataclass(frozen=True)
class Statistic:
    """A statistic of the compensated values of a channel within populations.

    Parameters
    ----------
    kind : {"median", "mean", "geometric_mean", "robust_cv", "percentile"}
        ``robust_cv`` is ``100 * (P84.13 - P15.87) / 2 / median``, in percent: that of a
        normal distribution is 100 times its standard deviation over its mean.
    channel : str or Dimension
        Marker, detector, or an axis with a compensation and a scale of its own.
    population : str or sequence of str, optional
        Paths or unique names, ``"All events"`` among them; every population of the
        strategy by default.
    scaled : bool
        On the strategy's scale instead of on linear values.
    percentile : float, optional
        From 0 to 100; for the kind ``"percentile"``.

    Raises
    ------
    PopulationError
        If the kind is unknown, or a percentile is missing or out of range.

    Notes
    -----
    Quantiles interpolate linearly between order statistics (type 7) and come with
    intervals of order statistics, which need no distribution; means with the normal
    approximation; a robust CV with the worst case of its three quantiles.

    References
    ----------
    Hyndman & Fan 1996, doi:10.2307/2684934; David & Nagaraja, Order Statistics (2003),
    section 7.1, doi:10.1002/0471722162.

    Examples
    --------
    >>> import longate as lg
    >>> lg.Statistic("median", "CD16", population="NK").label
    'median'
    >>> lg.Statistic("percentile", "CD57", percentile=95).label
    'percentile 95'
    """

    kind: str
    channel: Axis
    population: str | Sequence[str] | None = None
    scaled: bool = False
    percentile: float | None = None

    def __post_init__(self) -> None:
        one_of("the kind of a statistic", self.kind, KINDS, PopulationError)
        if (self.kind == "percentile") != (self.percentile is not None):
            msg = "a percentile= belongs to the kind 'percentile', and to it alone"
            raise PopulationError(msg)
        p = self.percentile
        if p is not None and not 0 <= p <= MOST_PERCENT:
            msg = f"a percentile lies between 0 and 100; got {p!r}"
            raise PopulationError(msg)
        if self.population is not None and not isinstance(self.population, str):
            object.__setattr__(self, "population", tuple(self.population))

    @property
    def label(self) -> str:
        """Its name in tables."""
        if self.percentile is None:
            return self.kind.replace("_", " ")
        return f"percentile {self.percentile:g}"


@dataclass(frozen=True)
class Request:
    """Values of one population on one axis, and what is wanted of them.

    Parameters
    ----------
    population : str
        Path, or ``"All events"``.
    channel : str or Dimension
        The axis.
    scaled : bool
        Whether on its scale.
    statistics : tuple of Statistic
        Estimated from the values.
    keeps : bool
        Whether the values themselves are kept.
    """

    population: str
    channel: Axis
    scaled: bool
    statistics: tuple[Statistic, ...]
    keeps: bool

    @property
    def named(self) -> list[tuple[str, float | None]]:
        """The statistics as the kernel names them."""
        return [(one.kind, one.percentile) for one in self.statistics]


def requests_of(
    strategies: Mapping[str, GateTree],
    statistics: Sequence[Statistic],
    events: Mapping[str, Sequence[Axis]],
    *,
    pooled: bool = False,
) -> dict[str, list[Request]]:
    """Return what is asked of each tube.

    Parameters
    ----------
    strategies : mapping of str to GateTree
        By tube.
    statistics : sequence of Statistic
        Asked of the tubes that have the population.
    events : mapping of str to sequence of str
        Population -> channels whose values are kept.
    pooled : bool
        Whether values must be kept since several files make one sample.

    Raises
    ------
    PopulationError
        If no tube has a population.
    """
    found: dict[str, list[Request]] = {tube: [] for tube in strategies}
    for tube, strategy in strategies.items():
        grouped: dict[Any, list[Statistic]] = {}
        for one in statistics:
            for path in _paths(strategy, one.population):
                grouped.setdefault((path, one.channel, one.scaled), []).append(one)
        found[tube] = [
            Request(path, channel, scaled, tuple(asked), pooled)
            for (path, channel, scaled), asked in grouped.items()
        ]
        for population, channels in events.items():
            for path in _paths(strategy, population):
                found[tube] += [
                    Request(path, channel, scaled=False, statistics=(), keeps=True)
                    for channel in channels
                ]
    for one in statistics:
        _refuse_unknown(strategies, one.population)
    for population in events:
        _refuse_unknown(strategies, population)
    return found


def _names(population: str | Sequence[str] | None) -> list[str]:
    if population is None:
        return []
    return [population] if isinstance(population, str) else list(population)


def _paths(strategy: GateTree, population: str | Sequence[str] | None) -> list[str]:
    if population is None:
        return list(strategy.paths)
    paths = []
    for name in _names(population):
        if name == ALL_EVENTS:
            paths.append(name)
        elif strategy.paths_of(name):
            paths.append(strategy.path(name))  # raises where several are meant
    return paths


def _refuse_unknown(
    strategies: Mapping[str, GateTree], population: str | Sequence[str] | None
) -> None:
    for name in _names(population):
        if name == ALL_EVENTS or any(s.paths_of(name) for s in strategies.values()):
            continue
        paths = [path for strategy in strategies.values() for path in strategy.paths]
        known = [*paths, *(path.rpartition("/")[2] for path in paths)]
        msg = f"no population {name!r} in the strategy{suggest(name, known)}"
        raise PopulationError(msg)
