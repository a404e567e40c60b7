"""GatingStrategy: a tree of gates with paths as keys, and the scale of each channel."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from longate.cytometry.acquired import RAW, acquired_of, in_values
from longate.cytometry.sample import Sample
from longate.gating.compile.cache import Plans, matrix_for
from longate.gating.compile.compiler import compile_strategy, validate_strategy
from longate.gating.compile.explanation import explain
from longate.gating.compile.requests import requests_of
from longate.gating.results.gated_sample import gate_file, gate_sample
from longate.gating.strategy import edits
from longate.gating.strategy.drawing import tree_html, tree_text
from longate.gating.strategy.serialize import strategy_from_text, strategy_to_text
from longate.gating.tree.gate_tree import GateTree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from longate.cytometry.acquired import Acquired
    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel
    from longate.gating.compile.explanation import Explanation
    from longate.gating.compile.requests import Statistic
    from longate.gating.gates.base import Gate
    from longate.gating.gates.dimension import Axis
    from longate.gating.results.gated_sample import GatedSample


class GatingStrategy(GateTree):
    """Gates in a tree. The key of a population is its path.

    It never changes: :meth:`add`, :meth:`remove`, :meth:`rename`, :meth:`move`,
    :meth:`copy`, :meth:`replace` and :meth:`override` return another strategy, in which
    parents and Boolean expressions follow what was renamed or moved.

    Parameters
    ----------
    gates : sequence of Gate
        In any order; `parent` names (paths, or names that are unique) make the tree.
        The quadrants of a :class:`QuadrantGate` are populations, the gate is none.
    scale : Transform, or mapping of str to Transform, optional
        One scale for all fluorescence channels (scatter and Time stay as they are), or
        one per marker or detector. Gate coordinates are on it. Channels without a scale
        are gated on plain values. A gate's :class:`Dimension` may say otherwise. A
        mapping may serve several panels: names that a panel lacks are left aside, with
        a :class:`PanelWarning` where it looks like a slip.
    compensation : {"acquisition"}, Compensation or None
        ``"acquisition"`` takes the matrix that comes with the file or the sample sheet;
        ``None`` does not compensate; a matrix is used for every file.
    name : str
        What the strategy is called in reports.
    overrides : mapping of str to sequence of Gate, optional
        Sample id -> gates that replace those of the same path for that
        sample alone, see :meth:`override`.
    custom_info : str, optional
        Text that other programs keep with the strategy; it decides nothing.
    values : {"scale", "raw"}
        Whether gates are drawn on values of the channels' scales (``$PnE``, ``$PnG``
        and ``$TIMESTEP`` applied) or on the stored numbers, as those of Gating-ML 1.5.
        Events are given to the gates in this way however their file was read.
    problems : sequence of GateProblem
        Gates of the file that the strategy was read from and could not take over.

    Raises
    ------
    StrategyError
        For a parent that does not exist, a cycle, two populations of one path, or an
        override of what is not there.
    GateError
        If something that is not a gate is given.

    Examples
    --------
    >>> import longate as lg
    >>> strategy = lg.GatingStrategy([
    ...     lg.RectangleGate("Lymphocytes", dimensions={"FSC-A": (2e4, 9e4)}),
    ...     lg.RectangleGate("CD56+", parent="Lymphocytes", CD56=(0.45, None)),
    ... ], scale=lg.Logicle())
    >>> strategy.paths
    ('Lymphocytes', 'Lymphocytes/CD56+')
    >>> strategy.rename("Lymphocytes", "Cells").paths
    ('Cells', 'Cells/CD56+')
    """

    @cached_property
    def _plans(self) -> Plans:
        return Plans()

    def apply(self, sample: Sample | Acquired | str | Path) -> GatedSample:
        """Gate one sample: its events in memory, or its file in one pass.

        Parameters
        ----------
        sample : Sample, FcsMetadata, or path-like
            From :func:`longate.read_fcs`; or a file, or what
            ``longate.io.fcs.read_metadata(path)`` gives, and then only what gates need
            is read of the file.

        Returns
        -------
        GatedSample
            With ``.counts`` and ``.mask(population)``.

        Raises
        ------
        PanelError
            If a channel of a gate is not in the sample's panel; the gate is named.
        FileNotFoundError
            If there is no such file.
        FcsError
            If the file cannot be read, see :func:`longate.read_fcs`.
        SpilloverError
            If the matrix of the sample is malformed, or names a channel it lacks.
        GateError
            If the sample was not read with the values that gates are drawn on, and its
            file cannot be read again.

        Examples
        --------
        >>> import longate as lg
        >>> import numpy as np
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> events = np.arange(6.0).reshape(3, 2)
        >>> file = lg.write_fcs(Path(mkdtemp()) / "a.fcs", events, ["FSC-A", "PE-A"])
        >>> gate = lg.RectangleGate("High", dimensions={"FSC-A": (2, None)})
        >>> lg.GatingStrategy([gate]).apply(file).counts["n_events"].tolist()
        [3, 2]
        """
        acquired = acquired_of(sample)
        compiled = self._plans.of(self, acquired)
        if isinstance(acquired, Sample):
            events = in_values(acquired, raw=self.values == RAW)
            return gate_sample(compiled, events)
        return gate_file(compiled, acquired)

    def explain(
        self,
        sample: Sample | Acquired | str | Path,
        *,
        statistics: Sequence[Statistic] = (),
        keep: Mapping[str, Sequence[Axis]] | None = None,
    ) -> Explanation:
        """Say what gating files like a sample takes, before it is done.

        Parameters
        ----------
        sample : Sample, FcsMetadata, or path-like
            Its panel and matrix are looked at, no events.
        statistics, keep
            As for ``study.gate``.

        Returns
        -------
        Explanation
            It prints itself: channels decoded, order of the gates, how each is decided,
            what is kept, and memory.
        """
        requests = requests_of({"": self}, statistics, keep or {})[""]
        acquired = acquired_of(sample)
        panel, matrix = acquired.panel, matrix_for(self, acquired)
        compiled = compile_strategy(self, panel, matrix, requests)
        return explain(compiled, panel, acquired.n_events)

    def validate(
        self, panel: Panel, *, compensation: Compensation | None = None
    ) -> None:
        """Refuse the strategy where files of a panel cannot be gated with it.

        Nothing is read: ``study.gate`` asks before it opens a file.

        Parameters
        ----------
        panel : Panel
            The channels of the files, such as ``sample.panel``.
        compensation : Compensation, optional
            The matrix that comes with the acquisition.

        Raises
        ------
        PanelError
            If a channel of a gate is not in the panel; every such gate is named.
        SpilloverError
            If the matrix names a channel that the panel lacks.
        StrategyError
            If a mapping of scales has forgotten a channel, or gates have different
            complaints.
        """
        for strategy in (self, *self._by_sample.values()):
            validate_strategy(strategy, panel, compensation)

    def override(self, sample_id: str, *gates: Gate) -> GatingStrategy:
        """Return the strategy with gates that differ for one sample.

        Parameters
        ----------
        sample_id : str
            Such as ``"P07_m06"``.
        *gates : Gate
            Each replaces the gate of the same path (its parent and name say
            which), for this sample only; none takes back all overrides of the sample.

        Raises
        ------
        StrategyError
            If no gate is at such a path.
        """
        return edits.override(self, sample_id, gates)

    def add(self, *gates: Gate) -> GatingStrategy:
        """Return the strategy with more gates.

        Raises
        ------
        StrategyError
            If the tree cannot be, such as for a path that is there already.
        """
        return edits.add(self, gates)

    def remove(self, population: str) -> GatingStrategy:
        """Return the strategy without a population and all below it.

        Parameters
        ----------
        population : str
            Path or unique name of a population or of a quadrant gate; a single
            quadrant is taken out of its gate.

        Raises
        ------
        PopulationError
            If nothing, or more than one, is meant.
        StrategyError
            If a Boolean gate that stays refers to what would go.
        """
        return edits.remove(self, population)

    def rename(self, population: str, name: str) -> GatingStrategy:
        """Return the strategy with another name for a population or quadrant gate.

        Raises
        ------
        PopulationError
            If nothing, or more than one, is meant.
        StrategyError, GateError
            If the name is taken there, or is none.
        """
        return edits.rename(self, population, name)

    def move(self, population: str, parent: str | None) -> GatingStrategy:
        """Return the strategy with a population and its sub-tree in another parent.

        Parameters
        ----------
        population : str
            Path or unique name of a population or of a quadrant gate.
        parent : str or None
            Path or unique name of the new parent; None or ``"All events"`` puts it at
            the root.

        Raises
        ------
        PopulationError
            If nothing, or more than one, is meant.
        StrategyError
            If it would lie in itself, or the path is taken; a single quadrant cannot
            be moved.
        """
        return edits.move(self, population, parent)

    def copy(
        self, population: str, *, parent: str | None = None, name: str | None = None
    ) -> GatingStrategy:
        """Return the strategy with a second copy of a population and all below it.

        Boolean gates of the copy refer to gates of the copy where these were copied.

        Parameters
        ----------
        population : str
            Path or unique name of a population or of a quadrant gate.
        parent : str, optional
            Where the copy lies, ``"All events"`` for the root; beside the original by
            default.
        name : str, optional
            What the copy is called; as the original by default.

        Raises
        ------
        PopulationError
            If nothing, or more than one, is meant.
        StrategyError
            If the path is taken; a single quadrant cannot be copied.
        """
        return edits.copy(self, population, parent, name)

    def replace(self, population: str, gate: Gate) -> GatingStrategy:
        """Return the strategy with another gate instead of one.

        What lies below stays. A gate of another name renames the population. A sample
        that has a gate of its own there keeps it: ``override(sample, gate)`` gives it
        another, ``override(sample)`` takes all of its own away.

        Parameters
        ----------
        population : str
            Path or unique name of a population or of a quadrant gate.
        gate : Gate
            Its parent is the old one's, and need not be given.

        Raises
        ------
        PopulationError
            If nothing, or more than one, is meant.
        StrategyError
            If the gate says another parent, or what lies below would lose its parent.
        """
        return edits.replace_gate(self, population, gate)

    def to_json(self) -> str:
        """Return the strategy as JSON text; :meth:`from_json` gives it back."""
        return strategy_to_text(self)

    @classmethod
    def from_json(cls, text: str) -> GatingStrategy:
        """Rebuild a strategy from :meth:`to_json`.

        Raises
        ------
        StrategyError
            If the text is not a strategy.
        """
        return cls(**strategy_from_text(text))

    def __repr__(self) -> str:
        """Draw the tree as text."""
        return tree_text(self)

    def _repr_html_(self) -> str:
        """Draw the tree with its gates for a notebook."""
        return tree_html(self)
