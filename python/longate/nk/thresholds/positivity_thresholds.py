"""Positivity thresholds of every sample and marker, each with its source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from longate._validation import suggest
from longate.exceptions import MaturationError
from longate.gating.gates.rectangle import RectangleGate
from longate.nk.thresholds.positivity import Positivity

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.gating.results.populations import Populations
    from longate.gating.strategy.strategy import GatingStrategy


@dataclass(frozen=True, repr=False, eq=False)
class PositivityThresholds:
    """Positivity threshold of each marker in each sample, and its source.

    Made by :func:`thresholds`.

    Parameters
    ----------
    table : DataFrame
        One row per sample and call: ``sample, patient, visit, tube, marker`` (the
        call), ``channel, source, population`` (which cells or control), ``class``,
        ``threshold, se, gate`` (the strategy's threshold), ``moved`` (threshold -
        gate), ``negative_mean, negative_sd, positive_mean, positive_sd, n_events``
        (of the source), ``run_id`` and the sheet's columns. Values are on the
        channel's scale.
    problems : DataFrame
        Sources that were tried and could not serve: ``sample, marker, source,
        problem``.
    available : DataFrame
        What this panel offers: ``marker, source, available, class, words``.
    populations : Populations
        The gated study.
    tube, parent : str
        Which tube, and its NK population.
    calls : mapping of str to str
        Call -> population.
    densities : mapping of (sample, call) to dict
        For pictures: ``scale``, and the densities ``nk``, ``negatives``, ``fmo``.
    spread : mapping of (sample, call) to dict
        Fluorochrome -> standard deviation on the scale per unit of its intensity.
    """

    table: pd.DataFrame
    problems: pd.DataFrame
    available: pd.DataFrame
    populations: Populations
    tube: str
    parent: str
    calls: Mapping[str, str]
    densities: Mapping[tuple[str, str], dict[str, Any]]
    spread: Mapping[tuple[str, str], dict[str, float]]

    def __repr__(self) -> str:
        """Say how many thresholds come from where."""
        counted = self.table.groupby(["marker", "source"], sort=False).size()
        lines = [
            f"  {marker}: "
            + ", ".join(f"{n} {source}" for source, n in by_source.items())
            for marker, by_source in counted.unstack(fill_value=0)
            .apply(lambda row: row[row > 0].to_dict(), axis=1)
            .items()
        ]
        head = (
            f"PositivityThresholds · "
            f"{self.table['sample'].nunique()} samples · NK parent "
            f"{self.parent!r} · {len(self.problems)} sources could not serve"
        )
        return "\n".join(
            [head, *lines, "  .table  .available  .problems  .gate()  .positivity(...)"]
        )

    def _repr_html_(self) -> str:
        """Show the same and the first rows in a notebook."""
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self.table.head(6).to_html()}"

    def thresholds(self, sample: str) -> dict[str, float]:
        """Return call -> threshold of one sample.

        Raises
        ------
        MaturationError
            If the sample was not anchored.
        """
        rows = self._of(sample)
        return dict(zip(rows["marker"], rows["threshold"].astype(float), strict=True))

    def positivity(self, sample: str) -> dict[str, Positivity]:
        """Return call -> how surely an event is positive, for one sample.

        Negatives (and positives where known) give a probability; a threshold that was
        set by hand or by the gate decides alone.

        Raises
        ------
        MaturationError
            If the sample was not anchored.
        """
        return {
            row["marker"]: self._positivity(row)
            for row in self._of(sample).to_dict("records")
        }

    @property
    def positivities(self) -> dict[str | tuple[str, str], Positivity | None]:
        """(sample, call) -> positivity, for ``maturation(positivity=...)``."""
        return {
            (row["sample"], row["marker"]): self._positivity(row)
            for row in self.table.to_dict("records")
        }

    def gates(self, sample: str) -> tuple[RectangleGate, ...]:
        """Return the strategy's gates with the sample's thresholds.

        They can be given to ``strategy.override(sample, *gates)``.
        """
        strategy = self.populations.strategies[self.tube]
        made = []
        for call, threshold in self.thresholds(sample).items():
            path = self.calls[call]
            gate = strategy[path]
            (dimension,) = gate.dimensions  # type: ignore[attr-defined]
            made.append(
                RectangleGate(
                    gate.name,
                    parent=strategy.parent(path),
                    dimensions={dimension: (threshold, None)},
                    interval=gate.interval,  # type: ignore[attr-defined]
                )
            )
        return tuple(made)

    @property
    def strategy(self) -> GatingStrategy:
        """The tube's strategy with each sample's own thresholds as overrides."""
        # A study is gated by strategies; populations know them as trees of gates.
        strategy = cast("GatingStrategy", self.populations.strategies[self.tube])
        for sample in self.table["sample"].unique():
            strategy = strategy.override(str(sample), *self.gates(str(sample)))
        return strategy

    def gate(self, *, progress: bool = False) -> Populations:
        """Gate the study again with each sample's own thresholds.

        Parameters
        ----------
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        Populations
            With the strategy's populations; the NK parent moves along where it is made
            of calls (``CD56+ or CD16+``).
        """
        study: Any = self.populations.study
        strategies = {**self.populations.strategies, self.tube: self.strategy}
        found: Populations = study.gate(strategies, progress=progress)
        return found

    def _of(self, sample: str) -> pd.DataFrame:
        rows = self.table[self.table["sample"] == sample]
        if rows.empty:
            known = self.table["sample"].unique()
            msg = f"sample {sample!r} was not anchored{suggest(sample, known)}"
            raise MaturationError(msg)
        return rows

    def _positivity(self, row: Mapping[Any, Any]) -> Positivity:
        source = f"{row['source']}: {row['population']} ({row['class']})"
        if math.isnan(row["negative_mean"]):
            return Positivity(threshold=float(row["threshold"]), source=source)
        both = not math.isnan(row["positive_mean"])
        return Positivity(
            negative_mean=float(row["negative_mean"]),
            negative_sd=float(row["negative_sd"]),
            positive_mean=float(row["positive_mean"]) if both else None,
            positive_sd=float(row["positive_sd"]) if both else None,
            spread=self.spread.get((row["sample"], row["marker"])) or None,
            source=source,
        )
