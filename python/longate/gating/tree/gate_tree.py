"""GateTree: gates by path, with the scales and the compensation they are decided on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from longate._validation import listed, one_of
from longate.cytometry.acquired import RAW, SCALE
from longate.exceptions import LongateError, StrategyError
from longate.gating.gates.base import Gate, gates_of
from longate.gating.gates.dimension import ACQUISITION
from longate.gating.tree.checks import (
    Scale,
    checked_compensation,
    checked_overrides,
    checked_scale,
    inherited_scale,
    refuse_unfit_words,
)
from longate.gating.tree.identity import hash_of
from longate.gating.tree.overrides import gate_paths_of
from longate.gating.tree.population_paths import PopulationPaths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.transforms import Transform
    from longate.gating.gates.dimension import Axis
    from longate.gating.tree.problems import GateProblem


@dataclass(frozen=True, init=False, eq=False, repr=False)
class GateTree(PopulationPaths):
    """Gates by path, scales and the rule of compensation, checked and unchanging.

    Compiler, edits, checks, JSON and drawings build on it. Its public face is
    :class:`~longate.gating.strategy.strategy.GatingStrategy`, where the parameters are
    explained.

    Parameters
    ----------
    gates : sequence of Gate
        In any order.
    scale : Transform, or mapping of str to Transform, optional
        One for all fluorescence channels, or one per channel.
    compensation : {"acquisition"}, Compensation or None
        The matrix of each file, one matrix, or none.
    name : str
        In reports.
    overrides : mapping of str to sequence of Gate, optional
        Sample id -> gates that differ for the sample.
    custom_info : str, optional
        Text that other programs keep.
    values : {"scale", "raw"}
        Whether gates are drawn on values of the channels' scales or on stored numbers.
    problems : sequence of GateProblem
        Gates that could not be taken over from a file.

    Raises
    ------
    StrategyError
        For a parent that does not exist, a cycle, two populations of one path, or an
        override of what is not there.
    GateError
        If something that is not a gate is given.
    """

    gates: tuple[Gate, ...]
    scale: Scale
    compensation: Compensation | str | None
    name: str
    overrides: Mapping[str, tuple[Gate, ...]]
    custom_info: str | None
    values: str
    problems: tuple[GateProblem, ...]

    def __init__(
        self,
        gates: Sequence[Gate],
        *,
        scale: Scale = None,
        compensation: Compensation | str | None = ACQUISITION,
        name: str = "strategy",
        overrides: Mapping[str, Sequence[Gate]] | None = None,
        custom_info: str | None = None,
        values: str = SCALE,
        problems: Sequence[GateProblem] = (),
    ) -> None:
        own_matrix = checked_compensation(compensation)
        refuse_unfit_words(name, custom_info)
        one_of("values", values, (SCALE, RAW), StrategyError)
        own = checked_overrides(overrides or {})
        known = checked_scale(scale)

        def scale_of(axis: Axis) -> Transform | None:
            return inherited_scale(known, axis)

        own = {
            sample: tuple(gate.scaled(scale_of) for gate in of_sample)
            for sample, of_sample in own.items()
        }
        for attribute, value in {
            "gates": tuple(gate.scaled(scale_of) for gate in gates_of(gates)),
            "scale": known,
            "compensation": own_matrix,
            "name": name,
            "overrides": own,
            "custom_info": custom_info,
            "values": values,
            "problems": tuple(problems),
        }.items():
            object.__setattr__(self, attribute, value)
        # The tree is checked here and not later.
        self.check_references()
        _ = self._by_sample

    @cached_property
    def _by_sample(self) -> dict[str, Self]:
        """The strategy as it holds for each sample that has gates of its own."""
        made: dict[str, Self] = {}
        for sample, gates in self.overrides.items():
            own = dict(zip(gate_paths_of(self, sample, gates), gates, strict=True))
            every = [
                own.get(path, gate)
                for path, gate in zip(self.tree.gate_paths, self.gates, strict=True)
            ]
            try:
                made[sample] = self.changed(gates=every, overrides={})
            except LongateError as error:
                msg = f"with the gates of sample {sample!r}: {error}"
                raise StrategyError(msg) from None
            if made[sample].paths != self.paths:
                different = set(made[sample].paths) ^ set(self.paths)
                msg = (
                    f"the gates of sample {sample!r} make other populations than the "
                    f"strategy: {listed(sorted(different))}"
                )
                raise StrategyError(msg)
        return made

    def for_sample(self, sample_id: str) -> Self:
        """Return the strategy as it holds for one sample, without other overrides.

        Parameters
        ----------
        sample_id : str
            Such as ``"P07_m06"``; a sample without overrides has the common gates.
        """
        if not self.overrides:
            return self
        return self._by_sample.get(sample_id) or self._without_overrides

    @cached_property
    def _without_overrides(self) -> Self:
        return self.changed(overrides={})

    def changed(self, **fields: Any) -> Self:
        """Return the strategy with other values of some of its parameters.

        Parameters
        ----------
        **fields
            Parameters of the class, such as ``scale=lg.Logicle()``.
        """
        return replace(self, **fields)

    @cached_property
    def id(self) -> str:
        """A hash of everything that decides events, 12 hexadecimal digits.

        The strategy's name does not count, nor do the order of gates, custom
        information, and the way in which parents, expressions and numbers are written.
        """
        return hash_of(
            self, self._by_sample, self.scale, self.compensation, self.values
        )

    def __eq__(self, other: object) -> bool:
        """Return whether both decide every event alike, gate by gate."""
        return isinstance(other, GateTree) and self.id == other.id

    def __hash__(self) -> int:
        """Hash by what decides events."""
        return hash(self.id)
