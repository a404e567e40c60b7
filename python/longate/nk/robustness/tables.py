"""The tables of a robustness report: samples, moved thresholds, gains, conclusion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.nk.robustness.gain_search import smallest_gain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from longate.nk.robustness.calls import CallRules, SampleCalls

WANTED, BETTER = 300, 1000
"""NK cells that are wanted, and that are better."""

GATES = "strategy's gates"
ANY_CD16 = "five_stage_any_cd16"
"""Variant in which CD56dim cells are staged whatever their CD16."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """One sample as the report sees it.

    Parameters
    ----------
    row : mapping
        Of the sheet.
    calls : SampleCalls
        Its events.
    gates, anchored : dict of str to float
        Call -> the gate's threshold, and the anchored one.
    errors : dict of str to float
        Call -> standard error of the anchored threshold; NaN where unknown.
    """

    row: Mapping[str, Any]
    calls: SampleCalls
    gates: dict[str, float]
    anchored: dict[str, float]
    errors: dict[str, float]

    @property
    def keys(self) -> dict[str, Any]:
        """Sample, patient, visit and tube."""
        return {k: self.row[k] for k in ("sample", "patient", "visit", "tube")}


@dataclass(frozen=True)
class Move:
    """One way to move thresholds away from the anchored ones."""

    marker: str
    words: str
    units: float | None
    errors: float | None

    def of(self, sampled: Sampled) -> dict[str, float] | None:
        """Return the sample's moved thresholds; None where there is no such move."""
        at = sampled.anchored
        if self.units is not None:
            return sampled.calls.moved(at, self.marker, self.units)
        se = sampled.errors[self.marker]
        if math.isnan(se):
            return None
        return {**at, self.marker: at[self.marker] + (self.errors or 0.0) * se}


def moves_of(rules: CallRules, units: Sequence[float]) -> list[Move]:
    """Return the moves of each call: units of asinh up and down, one standard error."""
    moves = []
    for call in rules.movable:
        for size in sorted({s * abs(u) for u in units for s in (-1, 1)}):
            moves.append(Move(call, f"{size:+g} units", size, None))
        moves += [Move(call, f"{s:+d} SE", None, float(s)) for s in (-1, 1)]
    return moves


def sample_row(sampled: Sampled, moved: Sequence[float]) -> dict[str, Any]:
    """Return a sample's line: indices side by side, range under moves, enough cells."""
    rules, calls = sampled.calls.rules, sampled.calls
    counts = calls.counts(sampled.anchored)
    labels = rules.label_of_code
    n = int(counts[labels != ""].sum())
    on_axis = int(counts[~np.isnan(rules.weight_of_code)].sum())
    gates, anchored = calls.index(sampled.gates), calls.index(sampled.anchored)
    known = [value for value in moved if not math.isnan(value)]
    share = {
        label: int(counts[labels == label].sum()) / n if n else math.nan
        for label in ("dim16neg", "adaptive")
        if label in labels
    }
    return {
        **sampled.keys,
        "index_gates": gates,
        "index_anchored": anchored,
        "difference": anchored - gates,
        "lowest_moved": min(known, default=math.nan),
        "highest_moved": max(known, default=math.nan),
        "n_parent": n,
        "n": on_axis,
        "cells": "too few" if n < WANTED else "enough" if n < BETTER else "good",
        **{f"fraction_{label}": value for label, value in share.items()},
        **_any_cd16(sampled),
    }


def _any_cd16(sampled: Sampled) -> dict[str, float]:
    weights = sampled.calls.rules.weight_any_cd16
    if weights is None:
        return {}
    return {"index_any_cd16": sampled.calls.index(sampled.anchored, weights)}


def pairs_of(
    samples: Mapping[str, Sampled], order: Sequence[str]
) -> Iterator[tuple[Sampled, Sampled]]:
    """Yield (first, later) samples of each patient, for every later visit."""
    by_patient: dict[str, list[Sampled]] = {}
    for sampled in samples.values():
        by_patient.setdefault(str(sampled.row["patient"]), []).append(sampled)
    for own in by_patient.values():
        own.sort(key=lambda s: order.index(str(s.row["visit"])))
        if str(own[0].row["visit"]) == order[0]:
            yield from ((own[0], later) for later in own[1:])


def gain_rows(first: Sampled, later: Sampled) -> Iterator[dict[str, Any]]:
    """Yield, by channel, the smallest gain that would make the change of a patient.

    The gain acts on the first visit's events under the strategy's gates.
    """
    start = first.calls.index(first.gates)
    wanted = later.calls.index(later.gates) - start
    for channel in first.calls.rules.channels:
        gain = smallest_gain(
            lambda g, c=channel: index_under_gain(first, c, g) - start,  # type: ignore[misc]
            wanted,
        )
        yield {
            "patient": first.row["patient"],
            "contrast": f"{later.row['visit']} - {first.row['visit']}",
            "channel": channel,
            "change_gates": wanted,
            "change_anchored": later.calls.index(later.anchored)
            - first.calls.index(first.anchored),
            "gain": gain,
            "percent": 100 * (gain - 1),
        }


def index_under_gain(sampled: Sampled, channel: str, gain: float) -> float:
    """Return the index of a sample under the strategy's gates if a gain had acted."""
    thresholds = sampled.calls.under_gain(sampled.gates, channel, gain)
    return sampled.calls.index(thresholds)


def conclusion_rows(
    pairs: Sequence[tuple[Sampled, Sampled]],
    sides: Mapping[str, float],
    moved: Mapping[tuple[str, str], Mapping[Move, float]],
) -> list[dict[str, Any]]:
    """Return the conclusion under the gates, anchored thresholds, and each move.

    Parameters
    ----------
    pairs : sequence of (first, later)
        Of one contrast.
    sides : mapping of str to float
        Patient -> weight in the estimand: 1/n for a mean of changes; 1/n of its group,
        negative for the second, for a difference of changes.
    moved : mapping
        (sample, ...) -> move -> index.
    """

    def estimate(index: Any) -> float:
        terms = [
            sides[str(first.row["patient"])] * (index(later) - index(first))
            for first, later in pairs
        ]
        return math.fsum(terms) if not any(map(math.isnan, terms)) else math.nan

    rows = [
        {"variant": "anchored", "marker": "", "estimate": estimate(_anchored)},
        {
            "variant": GATES,
            "marker": "",
            "estimate": estimate(_with_gates),
        },
    ]
    weights = pairs[0][0].calls.rules.weight_any_cd16 if pairs else None
    if weights is not None:
        beside = estimate(lambda s: s.calls.index(s.anchored, weights))
        rows.append({"variant": ANY_CD16, "marker": "", "estimate": beside})
    every = dict.fromkeys(chain.from_iterable(moved.values()))
    for move in every:
        value = estimate(lambda s, m=move: moved[_key(s)].get(m, math.nan))
        rows.append({"variant": move.words, "marker": move.marker, "estimate": value})
    return rows


def conclusion_gain(
    pairs: Sequence[tuple[Sampled, Sampled]],
    sides: Mapping[str, float],
    channel: str,
    wanted: float,
) -> float:
    """Return the smallest gain of one channel that would make the whole conclusion.

    It acts on the first visits of the patients on the positive side alone: common to
    both groups it would cancel in a difference of changes.
    """
    affected = [
        (first, sides[str(first.row["patient"])])
        for first, _ in pairs
        if sides[str(first.row["patient"])] > 0
    ]
    start = [first.calls.index(first.gates) for first, _ in affected]

    def produced(gain: float) -> float:
        return sum(
            weight * (index_under_gain(first, channel, gain) - before)
            for (first, weight), before in zip(affected, start, strict=True)
        )

    return smallest_gain(produced, wanted)


def _anchored(sampled: Sampled) -> float:
    return sampled.calls.index(sampled.anchored)


def _with_gates(sampled: Sampled) -> float:
    return sampled.calls.index(sampled.gates)


def _key(sampled: Sampled) -> tuple[str, str]:
    return (str(sampled.row["sample"]), str(sampled.row["tube"]))
