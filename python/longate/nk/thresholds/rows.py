"""The request for thresholds, and the rows found for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longate.gating.results.joining import KEYS
from longate.nk.thresholds.choices import pictured
from longate.nk.thresholds.spreading import spread_coefficients

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.nk.thresholds.controls import Controls
    from longate.nk.thresholds.fit import Fit
    from longate.nk.thresholds.sources import TubeCells
    from longate.nk.thresholds.tube_events import TubeEvents


@dataclass(frozen=True)
class Wanted:
    """Everything that the caller asked for."""

    parent: str
    channels: dict[str, str]
    gates: dict[str, float]
    order: tuple[str, ...]
    thresholds: Mapping[str, Any]
    internal: dict[str, str]
    cells: TubeCells
    spreading: pd.DataFrame | None
    least: int
    seed: int


class Found:
    """Thresholds found so far, as rows of the tables to be."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.problems: list[dict[str, str]] = []
        self.thresholds: dict[str, dict[str, float]] = defaultdict(dict)
        self.densities: dict[tuple[str, str], dict[str, Any]] = {}
        self.spread: dict[tuple[str, str], dict[str, float]] = {}

    def complain(
        self, call: str, source: str, events: TubeEvents, problem: str
    ) -> None:
        """Note why a source could not serve."""
        entry = {"sample": events.sample, "marker": call, "source": source}
        self.problems.append({**entry, "problem": problem})

    def add(
        self,
        call: str,
        source: str,
        chosen: tuple[Fit, str, str],
        events: TubeEvents,
        controls: Controls,
        wanted: Wanted,
    ) -> None:
        """Note what was chosen, and what a picture of it needs."""
        fit, where, kind = chosen
        channel, gate = wanted.channels[call], wanted.gates[call]
        key = (events.sample, call)
        row = {
            **{k: events.row[k] for k in KEYS},
            "marker": call,
            "channel": channel,
            "source": source,
            "population": where,
            "class": kind,
            "threshold": fit.threshold,
            "se": fit.se,
            "gate": gate,
            "moved": fit.threshold - gate,
            **fit.components,
            "n_events": fit.n_events,
        }
        self.rows.append(row)
        self.thresholds[events.sample][call] = fit.threshold
        self.densities[key] = pictured(
            call, channel, wanted.parent, events, controls, row, fit
        )
        if wanted.spreading is not None and fit.negative_mean is not None:
            self.spread[key] = spread_coefficients(
                channel, fit.negative_mean, events.scales[channel], wanted.spreading
            )
