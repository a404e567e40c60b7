"""What a strategy will do with a file, before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from longate._validation import listed
from longate.gating.gates.boolean import BooleanGate

if TYPE_CHECKING:
    from longate.cytometry.panel import Panel
    from longate.gating.compile.compiler import CompiledStrategy

BYTES_OF_VALUE = 8


@dataclass(frozen=True, repr=False)
class Explanation:
    """The plan of a strategy for files of one panel; it prints itself.

    Parameters
    ----------
    decoded : tuple of str
        Channels that are decoded, by detector.
    n_compensated : int
        Compensated values that are computed: columns of the inverse matrix.
    steps : tuple of tuple
        For each population in the order in which it is decided: its path, how it is
        decided (``"on values"`` through exact cuts, ``"on scaled values"``, or
        ``"on masks"`` of other populations), and the axes whose scaled values it needs.
    bytes_per_thread : int
        Most bytes of values and masks that one thread holds, beside a block of rows.
    block_events : int
        Events that are decided at a time.
    kept : tuple of tuple
        For each request: population, channel, statistics, and whether the values stay.
    n_events : int
        Of the sample that was looked at.
    """

    decoded: tuple[str, ...]
    n_compensated: int
    steps: tuple[tuple[str, str, tuple[str, ...]], ...]
    bytes_per_thread: int
    block_events: int
    kept: tuple[tuple[str, str, tuple[str, ...], bool], ...]
    n_events: int

    @property
    def bytes_of_masks(self) -> int:
        """Bytes of the sample's masks, where they are kept."""
        return len(self.steps) * ((self.n_events + 7) // 8)

    @property
    def bytes_of_values(self) -> int:
        """Most bytes of values that the sample's file needs while it is gated.

        As much as if every event were in each population that was asked for: the
        values of each request, once more those that stay, and once more one request's
        while its statistics are estimated.
        """
        column = self.n_events * BYTES_OF_VALUE
        stay = sum(stays for *_, stays in self.kept)
        return column * (len(self.kept) + stay + bool(self.kept))

    def __repr__(self) -> str:
        """One line per population, in the order in which it is decided."""
        width = max((len(path) for path, _, _ in self.steps), default=0)
        lines = [
            f"decode       {len(self.decoded)} channels: {listed(self.decoded)}",
            f"compensate   {self.n_compensated} values of an event at most, and only "
            "inside the parent",
        ]
        for path, how, axes in self.steps:
            scaled = f": {listed(axes)}" if axes else ""
            lines.append(f"decide       {path:<{width}}  {how}{scaled}")
        for population, channel, statistics, stays in self.kept:
            what = ", ".join(statistics) or "events"
            until = "until saved" if stays else "until the file is done"
            lines.append(
                f"keep         {channel} of {population} for {what}: 8 bytes an event "
                f"{until}"
            )
        lines.append(
            f"memory       {self.bytes_per_thread / 2**20:.1f} MiB a thread for blocks "
            f"of {self.block_events:,} events; 1 bit per event and kept mask"
        )
        masks, values = map(_mebibytes, (self.bytes_of_masks, self.bytes_of_values))
        lines.append(
            f"{'':13}for {self.n_events:,} events: {masks} of masks, "
            f"at most {values} of values"
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show the same in a notebook."""
        return f"<pre>{escape(repr(self))}</pre>"


def _mebibytes(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:,.1f} MiB"


def explain(compiled: CompiledStrategy, panel: Panel, n_events: int) -> Explanation:
    """Put the plan of a compiled strategy into words, for a file of so many events."""
    plan = compiled.plan.explain()
    strategy, paths = compiled.strategy, compiled.strategy.paths

    def step(gate: int) -> tuple[str, str, tuple[str, ...]]:
        if isinstance(strategy[paths[gate]], BooleanGate):
            return paths[gate], "on masks", ()
        axes = tuple(str(compiled.axes[axis]) for axis in plan["scaled_axes"][gate])
        how = "on values" if plan["on_values"][gate] else "on scaled values"
        return paths[gate], how, axes

    detectors = [panel.channels[index].detector for index in compiled.channels]
    return Explanation(
        decoded=tuple(detectors[channel] for channel in plan["decoded"]),
        n_compensated=plan["matrix_columns"],
        steps=tuple(step(gate) for gate in plan["order"]),
        bytes_per_thread=plan["bytes_per_thread"],
        block_events=plan["block_events"],
        kept=tuple(
            (
                one.population,
                str(one.channel),
                tuple(statistic.label for statistic in one.statistics),
                one.keeps,
            )
            for one in compiled.requests
        ),
        n_events=n_events,
    )
