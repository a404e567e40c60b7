"""Events of NK samples: stage, probability of being positive by marker, and score."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from longate._validation import listed, suggest
from longate.exceptions import MaturationError, MissingChannelError
from longate.gating.gates.dimension import dimension_of
from longate.gating.gates.rectangle import RectangleGate
from longate.nk.events.directions import (
    DIRECTIONS,
    HANDLING_ROBUST,
    SMALLEST_COVERAGE,
)
from longate.nk.stages.scheme import CD56_BRIGHT, CD56_POSITIVE
from longate.nk.thresholds.positivity import Positivity, scored

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.results.events import SampleEvents
    from longate.gating.results.populations import Populations
    from longate.nk.stages.scheme import StageScheme

Positivities = "Mapping[str | tuple[str, str], Positivity | None]"

# A population's mask as values 0 and 1.
_GATE = Positivity(threshold=0.5, source="gate")


class Scored(NamedTuple):
    """Events of one sample with their votes."""

    events: NDArray[np.intp]
    """Number of each event in the file."""
    markers: tuple[str, ...]
    probabilities: NDArray[np.float64]
    """(n_markers, n_events)."""
    scores: NDArray[np.float64]
    robust: NDArray[np.float64] | None
    """Scores of the handling-robust markers; None where too few are measured."""


@dataclass(frozen=True, eq=False)
class EventSource:
    """Events of NK samples, and the rule that decides about each marker.

    Parameters
    ----------
    populations : Populations
        A gated study.
    tube, parent : str
        The NK population and its tube.
    calls : mapping of str to str
        Call -> population of positive events.
    scheme : StageScheme
        Gives each event its stage.
    positivity : mapping
        Call, or (sample, call) -> :class:`Positivity`; None where a marker was not
        measured. The population decides (probability 0 or 1) where nothing is given.
    channels : mapping of str to str
        Call -> channel, where that is not the channel of its range gate or its name.
    weights : mapping of str to float
        Marker -> weight above 0 in the score; 1 for every marker by default.
    """

    populations: Populations
    tube: str
    parent: str
    calls: Mapping[str, str]
    scheme: StageScheme
    positivity: Mapping[str | tuple[str, str], Positivity | None]
    channels: Mapping[str, str]
    weights: Mapping[str, float]
    _measured: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Refuse weights and positivities of markers that have no direction."""
        given = [key if isinstance(key, str) else key[1] for key in self.positivity]
        for what, names in (("weights", self.weights), ("positivity", given)):
            allowed = (*DIRECTIONS, CD56_POSITIVE, *self.calls)
            unknown = [name for name in names if name not in allowed]
            if unknown:
                msg = (
                    f"{what}: no direction is known for {listed(unknown)}; markers of "
                    f"the score are {listed(DIRECTIONS, most=12)}"
                    f"{suggest(unknown[0], DIRECTIONS)}"
                )
                raise MaturationError(msg)
        wrong = {
            k: v for k, v in self.weights.items() if not (v > 0 and np.isfinite(v))
        }
        if wrong:
            msg = f"weights must be above 0; the direction is known. Got {wrong}"
            raise MaturationError(msg)

    @property
    def declared(self) -> tuple[str, ...]:
        """Markers of the score that are measured in any sample."""
        given = {
            key if isinstance(key, str) else key[1]
            for key, value in self.positivity.items()
            if value is not None
        }
        wanted = self.weights or DIRECTIONS
        return tuple(
            marker
            for marker in DIRECTIONS
            if marker in wanted and (marker in self.calls or marker in given)
        )

    def weight(self, marker: str) -> float:
        """Return the weight of a marker's vote, without direction."""
        return float(self.weights.get(marker, 1.0))

    def decided_by(self, sample: str, marker: str) -> Positivity | None:
        """Return what decides about a marker in a sample, or None: not measured."""
        for key in ((sample, marker), marker):
            if key in self.positivity:
                return self.positivity[key]
        return _GATE if marker in self.calls else None

    def channel(self, marker: str) -> str:
        """Return a marker's channel: given, that of its range gate, or its name."""
        if marker in self.channels:
            return self.channels[marker]
        if marker in self.calls:
            gate = self.populations.strategies[self.tube][self.calls[marker]]
            if isinstance(gate, RectangleGate) and len(gate.dimensions) == 1:
                measured = dimension_of(next(iter(gate.dimensions))).channel
                if isinstance(measured, str):
                    return measured
        return CD56_POSITIVE if marker == CD56_BRIGHT else marker

    def coverage(self, markers: Collection[str], of: Collection[str]) -> float:
        """Return the share of the weights of `of` that `markers` carry."""
        total = sum(self.weight(marker) for marker in of)
        return sum(self.weight(marker) for marker in of if marker in markers) / total

    def require_coverage(self, sample: str, markers: Collection[str]) -> float:
        """Return the coverage of a sample, or refuse one below 0.6.

        Raises
        ------
        MaturationError
            If too few of the declared markers are measured.
        """
        declared = self.declared
        if not declared:
            msg = (
                "no marker of the event score is measured; they are "
                f"{listed(DIRECTIONS, most=12)}"
            )
            raise MaturationError(msg)
        coverage = self.coverage(markers, declared)
        if coverage < SMALLEST_COVERAGE:
            missing = [marker for marker in declared if marker not in markers]
            msg = (
                f"{sample}: only {coverage:.2f} of the score's weights are measured "
                f"({listed(markers)}; {listed(missing)} are missing), at least "
                f"{SMALLEST_COVERAGE} is needed; leave the sample out, or restrict the "
                "score to markers that all samples have with weights={...}"
            )
            raise MaturationError(msg)
        return coverage

    def refuse_unmeasured(self, measured: Collection[str]) -> None:
        """Refuse markers that a positivity is given for and no file has.

        Raises
        ------
        MaturationError
            If there is one: its channel has another name.
        """
        lost = [marker for marker in self.declared if marker not in measured]
        if lost:
            msg = (
                f"no file has the channel {self.channel(lost[0])!r} of {lost[0]!r}; "
                f"say which one it is with channels={{{lost[0]!r}: ...}}"
            )
            raise MaturationError(msg)

    def id_of(self, markers: Sequence[str]) -> str:
        """Return the scheme id of scores of these markers; only equal ids compare."""
        named = [f"{marker}={self.weight(marker)!r}" for marker in sorted(markers)]
        words = self.scheme.parent_words
        digest = hashlib.sha256("\n".join([words, *named]).encode())
        return f"ems[{','.join(sorted(markers))}|{words}]{digest.hexdigest()[:8]}"

    def measured(self, sample: str) -> tuple[str, ...]:
        """Return the markers of the score that a sample's file has."""
        if sample not in self._measured:
            self._measured[sample] = tuple(self._values(sample)[0])
        return self._measured[sample]

    def score(self, sample: str, *, only: Collection[str] | None = None) -> Scored:
        """Score the events of a sample.

        Parameters
        ----------
        sample : str
            Sample id.
        only : collection of str, optional
            Use these markers alone.

        Raises
        ------
        MaturationError
            If coverage is below 0.6, or a value is NaN.
        """
        columns, light, events = self._values(sample, only=only)
        markers = tuple(columns)
        if only is None:
            self._measured[sample] = markers
            self.require_coverage(sample, markers)
        votes = {m: DIRECTIONS[m].sign * self.weight(m) for m in markers}
        rows = [(columns[m][0], columns[m][1], votes[m]) for m in markers]
        probabilities, scores = scored(rows, light)
        unknown = int(np.isnan(scores).sum())
        if unknown:
            msg = (
                f"{sample}: {unknown} NK events have NaN where a marker is scored; "
                "gate them out first, e.g. by an open range on that channel"
            )
            raise MaturationError(msg)
        robust = self._robust(markers, probabilities, votes)
        return Scored(events, markers, probabilities, scores, robust)

    def _robust(
        self,
        markers: Sequence[str],
        probabilities: NDArray[np.float64],
        votes: Mapping[str, float],
    ) -> NDArray[np.float64] | None:
        kept = [m for m in markers if m in HANDLING_ROBUST]
        if self.coverage(kept, HANDLING_ROBUST) < SMALLEST_COVERAGE:
            return None
        score = np.zeros(probabilities.shape[1])
        for row, marker in zip(probabilities, markers, strict=True):
            if marker in kept:
                score += votes[marker] * (2 * row - 1)
        return 0.5 + 0.5 * score / sum(abs(votes[marker]) for marker in kept)

    def _values(
        self, sample: str, *, only: Collection[str] | None = None
    ) -> tuple[
        dict[str, tuple[NDArray[np.float64], Positivity]],
        dict[str, NDArray[np.float64]],
        NDArray[np.intp],
    ]:
        """Return values and positivity by marker, spreading channels, event numbers."""
        decided = {
            marker: positivity
            for marker in self.declared
            if (only is None or marker in only)
            and (positivity := self.decided_by(sample, marker)) is not None
        }
        found = self._events(sample)
        inside, looked_at = self._chosen(sample)
        read = {m: self.channel(m) for m, by in decided.items() if by is not _GATE}
        here = [name for name in dict.fromkeys(read.values()) if _has(found, name)]
        scaled = found.values(here, population=self.parent)
        spreading = dict.fromkeys(
            c for by in decided.values() for c in by.fluorochromes
        )
        known = [name for name in spreading if _has(found, name)]
        light = found.values(known, population=self.parent, scaled=False)
        columns: dict[str, tuple[NDArray[np.float64], Positivity]] = {}
        for marker, positivity in decided.items():
            if positivity is _GATE:
                mask = self._events(sample).mask(self.calls[marker])
                votes = mask[inside][looked_at].astype(float)
                columns[marker] = (votes, positivity)
            elif read[marker] in scaled:
                columns[marker] = (scaled[read[marker]][looked_at], positivity)
        intensities = {str(name): column[looked_at] for name, column in light.items()}
        return columns, intensities, np.flatnonzero(inside)[looked_at]

    def _chosen(self, sample: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return events of the file in the parent, and which of these are looked at."""
        inside = self._events(sample).mask(self.parent)
        return inside, self.scheme.looks_at(self._calls(sample, inside))

    def _calls(
        self, sample: str, inside: NDArray[np.bool_]
    ) -> dict[str, NDArray[np.bool_]]:
        """Return the scheme's calls of the parent's events."""
        return {
            call: self._events(sample).mask(self.calls[call])[inside]
            for call in self.scheme.markers
        }

    def _events(self, sample: str) -> SampleEvents:
        return self.populations.sample_events(sample, tube=self.tube)

    def anchored(self, sample: str, *, on_axis: bool = False) -> pd.DataFrame:
        """Return anchored values of a sample's events, one column per marker.

        ``(x - μ0) / (μ1 - μ0)``: 0 is the negatives' mean and 1 the positives' (the
        99 % point of the negatives where positives are not known).

        Parameters
        ----------
        sample : str
            Sample id.
        on_axis : bool
            Leave out events whose stage is off the axis.

        Raises
        ------
        MaturationError
            If a marker is decided by a gate or a threshold alone: it has no unit.
        """
        import pandas as pd

        columns, _, events = self._values(sample)
        made: dict[str, Any] = {}
        for marker, (values, positivity) in columns.items():
            if positivity is _GATE:
                msg = (
                    f"{marker!r} is called by the gate {self.calls[marker]!r}, which "
                    "has no unit; an anchored value needs positivity="
                    f"{{{marker!r}: lg.nk.Positivity(negative_mean=..., ...)}}"
                )
                raise MaturationError(msg)
            zero, unit = positivity.anchored_unit
            made[marker] = (values - zero) / unit
        frame = pd.DataFrame(made, index=events)
        if on_axis:
            return frame[np.isin(self.stages(sample), self.scheme.axis)]
        return frame

    def stages(self, sample: str) -> NDArray[np.str_]:
        """Return the stage of each event."""
        inside = self._events(sample).mask(self.parent)
        labels = self.scheme.label(self._calls(sample, inside))
        return np.asarray(labels[labels != ""])


def _has(events: SampleEvents, channel: str) -> bool:
    """Return whether all runs have a channel; an ambiguous name is an error."""
    try:
        events.scale(channel)
    except MissingChannelError:
        return False
    return events.has(channel)
