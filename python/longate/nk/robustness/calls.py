"""Calls of one sample under other thresholds or another gain, in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.cytometry.transforms.asinh_unit import asinh_unit
from longate.exceptions import MaturationError
from longate.gating.gates.base import ALL_EVENTS
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.boolean_expression import parse
from longate.nk.maturation import rules_for
from longate.nk.stages.calls import calls_for
from longate.nk.stages.expression import evaluate
from longate.nk.stages.parent import NKParent
from longate.nk.thresholds.sources import one_threshold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from longate.cytometry.transforms import Transform
    from longate.gating.results.events import SampleEvents
    from longate.gating.results.populations import Populations
    from longate.gating.tree.gate_tree import GateTree
    from longate.nk.stages.scheme import StageScheme


@dataclass(frozen=True, eq=False)
class CallRules:
    """Rules by which thresholds make calls, the NK parent and an index.

    Parameters
    ----------
    base : str
        Population (path, or empty for all events) whose events are looked at.
    parent : str
        The NK population.
    terms : list
        Expression of the parent over calls, in postfix order; empty where the parent
        is `base` itself.
    movable : dict of str to (channel, threshold)
        Calls that one threshold makes.
    fixed : dict of str to str
        Other calls -> population.
    scheme : StageScheme
        Names stages.
    """

    base: str
    parent: str
    terms: list[Any]
    movable: dict[str, tuple[str, float]]
    fixed: dict[str, str]
    scheme: StageScheme

    @classmethod
    def of(
        cls,
        strategy: GateTree,
        parent: str,
        scheme: str | StageScheme,
        markers: Mapping[str, str] | None,
        *,
        cryopreserved: bool = False,
        clones: Mapping[str, str] | None = None,
    ) -> CallRules:
        """Read the rules from a strategy's gates."""
        whole = strategy.path(parent)
        calls = calls_for(strategy, parent, markers)
        nk = NKParent.of(strategy, parent, cryopreserved=cryopreserved)
        rules = rules_for(scheme, list(calls), nk, clones=clones)
        calls = {call: calls[call] for call in rules.markers}
        base, terms = _parent_of_calls(strategy, whole, calls)
        movable, fixed = {}, {}
        for call, path in calls.items():
            gate = one_threshold(strategy, path)
            around = strategy.parent(path)
            nested = around not in (None, whole) and not f"{base}/".startswith(
                f"{around}/"
            )
            if gate is None or nested:
                fixed[call] = path
            else:
                movable[call] = gate
        if terms and not set(_names(terms)) <= movable.keys():
            base, terms = whole, []
        if not movable:
            msg = (
                f"none of the calls of {whole!r} is made by one lower bound; there is "
                "no threshold to move"
            )
            raise MaturationError(msg)
        return cls(base, whole, terms, movable, fixed, rules)

    @property
    def channels(self) -> dict[str, list[str]]:
        """Channel -> the calls that it makes."""
        found: dict[str, list[str]] = {}
        for call, (channel, _) in self.movable.items():
            found.setdefault(channel, []).append(call)
        return found

    @cached_property
    def weight_of_code(self) -> NDArray[np.float64]:
        """Weight of each combination of calls; NaN off the axis."""
        return _weights(self.scheme, self.calls_of_code)

    @cached_property
    def weight_any_cd16(self) -> NDArray[np.float64] | None:
        """The same when CD56dim cells are staged whatever their CD16.

        None where the scheme is another than ``five_stage``.
        """
        if self.scheme.name != "five_stage":
            return None
        stages = [stage for stage in self.scheme.stages if stage.label != "dim16neg"]
        beside = replace(self.scheme, name="five_stage_any_cd16", stages=tuple(stages))
        return _weights(beside, self.calls_of_code)

    @cached_property
    def label_of_code(self) -> NDArray[np.str_]:
        """Stage of each combination of calls."""
        return self.scheme.label(self.calls_of_code)

    @cached_property
    def calls_of_code(self) -> dict[str, NDArray[np.bool_]]:
        """Call -> whether each combination has it, call k being bit k."""
        markers = self.scheme.markers
        codes = np.arange(2 ** len(markers))
        return {m: (codes >> k & 1).astype(bool) for k, m in enumerate(markers)}


@dataclass(frozen=True, eq=False)
class SampleCalls:
    """One sample's events, whose calls are made again for any thresholds.

    Parameters
    ----------
    rules : CallRules
        How calls are made.
    values : dict of str to (n,) arrays
        By channel, scaled values.
    scales : dict of str to Transform or None
        By channel.
    fixed : dict of str to (n,) arrays of bool
        Calls that do not move.
    """

    rules: CallRules
    values: dict[str, NDArray[np.float64]]
    scales: dict[str, Transform | None]
    fixed: dict[str, NDArray[np.bool_]]

    @property
    def gates(self) -> dict[str, float]:
        """Call -> the strategy's own threshold."""
        return {call: at for call, (_, at) in self.rules.movable.items()}

    def counts(self, thresholds: Mapping[str, float]) -> NDArray[np.int64]:
        """Return NK events by combination of calls."""
        rules = self.rules
        called = {
            call: self.values[channel] >= thresholds[call]
            for call, (channel, _) in rules.movable.items()
        } | self.fixed
        size = len(next(iter(called.values())))
        code = np.zeros(size, dtype=np.int64)
        for bit, marker in enumerate(rules.scheme.markers):
            code |= called[marker].astype(np.int64) << bit
        if rules.terms:
            code = code[evaluate(rules.terms, called)]
        return np.bincount(code, minlength=len(rules.weight_of_code))

    def index(
        self,
        thresholds: Mapping[str, float],
        weights: NDArray[np.float64] | None = None,
    ) -> float:
        """Return the maturation index; NaN without events on the axis.

        `weights` by combination of calls are the scheme's where they are not given.
        """
        counts = self.counts(thresholds)
        weights = self.rules.weight_of_code if weights is None else weights
        on_axis = ~np.isnan(weights)
        total = int(counts[on_axis].sum())
        return float(counts[on_axis] @ weights[on_axis]) / total if total else math.nan

    def under_gain(
        self, thresholds: Mapping[str, float], channel: str, gain: float
    ) -> dict[str, float]:
        """Return thresholds that do to these events what a gain would do.

        An event is positive after a gain if ``scale(gain x) >= t``, which is
        ``x >= inverse(t) / gain``.
        """
        scale = self.scales[channel]
        moved = dict(thresholds)
        for call in self.rules.channels[channel]:
            moved[call] = _under_gain(scale, thresholds[call], gain)
        return moved

    def moved(
        self, thresholds: Mapping[str, float], call: str, units: float
    ) -> dict[str, float] | None:
        """Return thresholds with one moved by units of asinh (1 is a factor of e).

        None where the channel's scale has no such unit (linear).
        """
        channel, _ = self.rules.movable[call]
        unit = asinh_unit(self.scales[channel])
        if unit is None:
            return None
        return {**thresholds, call: thresholds[call] + units * unit}


# A search tries the same gains of the same gates in sample after sample.
@lru_cache(maxsize=8192)
def _under_gain(scale: Transform | None, threshold: float, gain: float) -> float:
    at = np.array([threshold])
    linear = at if scale is None else scale.inverse(at)
    moved = linear / gain if scale is None else scale(linear / gain)
    return float(moved[0])


def sample_calls(
    populations: Populations, tube: str, rules: CallRules
) -> dict[str, tuple[dict[str, Any], SampleCalls]]:
    """Return sample -> (row of the sheet, its events); pooled runs are one sample."""
    return {
        events.sample: (events.row, calls_of(events, rules))
        for events in populations.each_sample(tube)
    }


def calls_of(events: SampleEvents, rules: CallRules) -> SampleCalls:
    """Return the events of one sample, whose calls can be made again."""
    names = list(rules.channels)
    mask = events.mask(rules.base or ALL_EVENTS)
    columns = events.values(names, where=mask)
    return SampleCalls(
        rules,
        {name: columns[name] for name in names},
        {name: events.scale(name) for name in names},
        {call: events.mask(path)[mask] for call, path in rules.fixed.items()},
    )


def _parent_of_calls(
    strategy: GateTree, whole: str, calls: Mapping[str, str]
) -> tuple[str, list[Any]]:
    """Return the base population, and the parent's expression over calls."""
    gate = strategy[whole]
    if not isinstance(gate, BooleanGate):
        return whole, []
    by_path = {path: call for call, path in calls.items()}
    terms = []
    for term in parse(gate.expression):
        if term.kind != "name":
            terms.append(term)
            continue
        call = by_path.get(strategy.path(term.text))
        if call is None:
            return whole, []
        terms.append(term._replace(text=call))
    return strategy.parent(whole) or "", terms


def _weights(
    scheme: StageScheme, calls: Mapping[str, NDArray[np.bool_]]
) -> NDArray[np.float64]:
    by_label = scheme.weights
    labels = scheme.label(calls)
    return np.array([by_label.get(str(label), math.nan) for label in labels])


def _names(terms: list[Any]) -> list[str]:
    return [term.text for term in terms if term.kind == "name"]
