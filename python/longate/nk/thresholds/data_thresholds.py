"""Thresholds that the data themselves show: valleys, and the tail of the negatives."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed, one_of, suggest
from longate.exceptions import MaturationError
from longate.nk.thresholds.density import ChannelDensity
from longate.nk.thresholds.population_values import scaled_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.gates.dimension import Axis
    from longate.gating.results.populations import Populations

RULES = ("valley", "tail")
LEAST_EVENTS = 50
_REPLICATES = 100


@dataclass(frozen=True, repr=False, eq=False)
class DataThreshold:
    """A threshold found from the data alone, by group of samples.

    Parameters
    ----------
    table : DataFrame
        One row per group: ``group, channel, population, rule, threshold, se`` (by
        bootstrap of the group's samples, or of the events of a single one),
        ``bootstraps`` (replicates in which the rule found a threshold),
        ``negative_mean, negative_sd, positive_mean, positive_sd`` (missing without
        positives), ``n_samples, n_events, bandwidth, left_out`` (samples with too
        few events).
    densities : mapping of str to ChannelDensity
        By group, for pictures.
    """

    table: pd.DataFrame
    densities: Mapping[str, ChannelDensity]

    @property
    def value(self) -> float:
        """The threshold where one serves all samples.

        Raises
        ------
        MaturationError
            If there are several groups.
        """
        if len(self.table) != 1:
            msg = (
                f"there are thresholds for {len(self.table)} groups "
                f"({listed(self.table['group'])}); take .by_sample or .table"
            )
            raise MaturationError(msg)
        return float(self.table["threshold"].iloc[0])

    def __repr__(self) -> str:
        """Say the thresholds and where they come from."""
        lines = [
            f"  {row.group}: {row.channel} {row.threshold:.4g} ± {row.se:.2g} "
            f"({row.rule} of {row.population}, {row.n_samples} samples, "
            f"{row.n_events:,} events)"
            for row in self.table.itertuples()
        ]
        return "\n".join([f"DataThreshold · {len(self.table)} group(s)", *lines])


def data_threshold(
    populations: Populations,
    population: str,
    channel: Axis,
    *,
    rule: str = "valley",
    pool: str = "study",
    tail: float = 0.05,
    tube: str | None = None,
    bandwidth: float | None = None,
    least_events: int = LEAST_EVENTS,
    seed: int = 0,
) -> DataThreshold:
    """Find a threshold from the events of a population, without looking at outcomes.

    The events of each sample are binned on the strategy's scale, each sample with the
    same weight, and smoothed by a Gaussian. The rule then reads the density:

    ``"valley"``
        The lowest point between the two most prominent modes.
    ``"tail"``
        ``mode + z sd`` of the highest mode, with z the upper `tail` point of a normal
        distribution and the standard deviation from the mode's lower side, mirrored.
        For channels whose positives are a shoulder, not a mode.

    Parameters
    ----------
    populations : Populations
        A gated study.
    population : str
        Path or unique name of the population to look at, or ``"All events"``.
    channel : str or Dimension
        Marker or detector, or an axis of a gate such as a ratio of two.
    rule : {"valley", "tail"}
        See above.
    pool : str
        ``"study"`` gives one threshold for all samples, ``"sample"`` one each, and a
        column of the sample sheet (``"batch"``) one for each of its values.
    tail : float
        Share of the negatives above the threshold of the rule ``"tail"``, above 0 and
        below 0.5.
    tube : str, optional
        Needed where several tubes have the population.
    bandwidth : float, optional
        Of the kernel, on the channel's scale; by Silverman's rule by default.
    least_events : int
        Samples with fewer events in the population are left out, and named.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataThreshold

    Raises
    ------
    MaturationError
        If no sample has enough events, the channel is constant, or there is one mode
        where a valley was asked for.

    References
    ----------
    Silverman 1986, Density Estimation for Statistics and Data Analysis, section 3.4.
    Wand 1994, doi:10.1080/10618600.1994.10474656 (linear binning).

    Examples
    --------
    >>> import tempfile
    >>> import longate as lg
    >>> folder = tempfile.TemporaryDirectory()
    >>> made = lg.simulate.cohort(folder.name, patients=2, nk_events=4000,
    ...                           tubes=["NK"], progress=False)
    >>> study = lg.read_study(made.sheet)
    >>> found = study.gate(lg.simulate.nk_strategy(), progress=False)
    >>> lg.nk.data_threshold(found, "Lymphocytes", "CD3").value > 0.4
    True
    >>> folder.cleanup()
    """
    one_of("rule", rule, RULES, MaturationError)
    if not 0 < tail < 0.5:
        msg = f"tail must be above 0 and below 0.5, got {tail!r}"
        raise MaturationError(msg)
    groups = _values_by_group(populations, population, channel, pool, tube)
    rows, densities = [], {}
    for group, samples in groups.items():
        enough = {s: x for s, x in samples.items() if len(x) >= least_events}
        where = f"{str(channel)!r} in {population!r} ({group})"
        if not enough:
            most = max((len(x) for x in samples.values()), default=0)
            msg = (
                f"{where}: no sample has {least_events} events (at most {most}); pool "
                "more samples, or give a threshold"
            )
            raise MaturationError(msg)
        try:
            density = ChannelDensity.of(list(enough.values()), bandwidth=bandwidth)
            read = read_threshold(density, rule, tail)
        except MaturationError as error:
            msg = (
                f"{where}: {error}; take rule='tail', another population or pool, or "
                "give a threshold"
            )
            raise MaturationError(msg) from None
        densities[group] = density
        rows.append(
            {
                "group": group,
                "channel": str(channel),
                "population": population,
                "rule": rule,
                **read,
                **bootstrap_se(density, rule, tail, seed=seed),
                "n_samples": len(enough),
                "n_events": int(density.sizes.sum()),
                "bandwidth": density.bandwidth,
                "left_out": ", ".join(s for s in samples if s not in enough),
            }
        )
    import pandas as pd

    return DataThreshold(pd.DataFrame(rows), densities)


def read_threshold(density: ChannelDensity, rule: str, tail: float) -> dict[str, Any]:
    """Return threshold, negatives and positives of a density by a rule."""
    if rule == "valley":
        threshold, _, _ = density.valley()
        negative = density.negatives(below=threshold)
        positive = density.positives(above=threshold)
    else:
        negative, positive = density.negatives(), (np.nan, np.nan)
        threshold = negative[0] + NormalDist().inv_cdf(1 - tail) * negative[1]
    return {
        "threshold": threshold,
        "negative_mean": negative[0],
        "negative_sd": negative[1],
        "positive_mean": positive[0],
        "positive_sd": positive[1],
    }


def bootstrap_se(
    density: ChannelDensity, rule: str, tail: float, *, seed: int
) -> dict[str, Any]:
    """Return the threshold's standard error, and in how many replicates it exists."""
    found = []
    for again in density.resampled(seed, _REPLICATES):
        try:
            found.append(read_threshold(again, rule, tail)["threshold"])
        except MaturationError:
            continue
    se = float(np.std(found, ddof=1)) if len(found) > 1 else np.nan
    return {"se": se, "bootstraps": len(found)}


def _values_by_group(
    populations: Populations,
    population: str,
    channel: Axis,
    pool: str,
    tube: str | None,
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Return group -> sample -> scaled values of the channel."""
    groups: dict[str, dict[str, NDArray[np.float64]]] = {}
    for keys, columns in scaled_values(populations, population, [channel], tube=tube):
        sample = str(keys["sample"])
        if pool == "study":
            group = "study"
        elif pool == "sample":
            group = sample
        elif pool in keys:
            group = str(keys[pool])
        else:
            known = ["study", "sample", *(k for k in keys if k != "sample")]
            msg = f"pool={pool!r} is no column of the sample sheet"
            raise MaturationError(msg + (suggest(pool, known) or f"; {listed(known)}"))
        groups.setdefault(group, {})[sample] = columns[channel]
    return groups
