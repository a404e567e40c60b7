"""Write a strategy as a Gating-ML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate._whole_files import write_whole
from longate.cytometry.compensation import Compensation
from longate.exceptions import GatingMLError
from longate.io.gatingml.markup import Ids, document_text
from longate.io.gatingml.shapes import SHAPES
from longate.io.gatingml.write_axes import AxisWriter
from longate.io.gatingml.write_context import WriteContext, info_tag

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from longate.cytometry.panel import Panel
    from longate.gating.strategy.strategy import GatingStrategy


def write_gatingml(
    strategy: GatingStrategy,
    path: str | os.PathLike[str],
    *,
    sample: str | None = None,
    panel: Panel | None = None,
) -> Path:
    """Write the gates of a strategy as Gating-ML 2.0.

    The file has the structure of the standard, and any reader of it finds the same
    events in each population. What the standard has no words for (names with blanks,
    what axes leave to the strategy, closed intervals) is also noted in ``custom_info``;
    :func:`read_gatingml` gives back an equal strategy. The same strategy always
    gives the same bytes. An existing file is replaced once the new one is whole.

    Parameters
    ----------
    strategy : GatingStrategy
        What to write.
    path : path-like
        The file, usually ``.xml``.
    sample : str, optional
        Write what holds for this sample, which has gates of its own. The standard knows
        no such gates, so this is needed where the strategy has them.
    panel : Panel, optional
        Of a file for which the strategy is. Channels are then written by their
        detectors' names, which is what the standard refers to; without it, they are
        written as the strategy names them.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    GatingMLError
        If a gate cannot be written: a scale that the standard lacks (FlowJoBiex), an
        axis of a marker whose detector is not known, a ratio of which a matrix
        compensates one side, gates of single samples without `sample`, or a `sample`
        that has none of its own.

    Notes
    -----
    A closed interval ``[min, max]`` is written as ``[min, next number above max)``,
    which holds the same numbers. An expression with parentheses becomes several
    Boolean gates.

    References
    ----------
    Gating-ML 2.0 (Spidlen 2015, doi:10.1002/cyto.a.22637).

    Examples
    --------
    >>> import longate as lg, tempfile, pathlib
    >>> strategy = lg.GatingStrategy([
    ...     lg.RectangleGate("CD3- CD56+", CD3=(None, 0.35), CD56=(0.4, None)),
    ... ], scale=lg.Logicle())
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "nk.xml"
    >>> lg.read_gatingml(lg.write_gatingml(strategy, file)) == strategy
    True
    """
    if sample is not None:
        if sample not in strategy.overrides:
            own = listed(strategy.overrides) if strategy.overrides else "no sample"
            msg = (
                f"sample {sample!r} has no gates of its own, {own} has; to write those "
                f"that it shares, write strategy.for_sample({sample!r})"
                f"{suggest(sample, strategy.overrides)}"
            )
            raise GatingMLError(msg)
        strategy = strategy.for_sample(sample)
    elif getattr(strategy, "overrides", None):
        msg = (
            "Gating-ML has no gates of single samples; give sample= and write a file "
            f"for each of {sorted(strategy.overrides)}"
        )
        raise GatingMLError(msg)
    ids = Ids()
    axes = AxisWriter(strategy, panel, ids)
    gates = WriteContext(strategy, axes, ids, SHAPES)
    tags = [tag for gate in strategy.gates for tag in gates.tags(gate)]
    note = _note(strategy, axes)
    kept = getattr(strategy, "custom_info", None)
    head = info_tag("strategy", note, kept, "the strategy")
    text = document_text([*head, *axes.declarations, *tags])
    return write_whole(path, text)


def _note(strategy: GatingStrategy, axes: AxisWriter) -> dict[str, Any]:
    scale: Any = strategy.scale
    if isinstance(scale, Mapping):
        entries = {name: s.to_json() if s else None for name, s in scale.items()}
        scale = {"by_channel": entries}
    elif scale is not None:
        scale = scale.to_json()
    matrix: Any = strategy.compensation
    if isinstance(matrix, Compensation):
        matrix = {"id": axes.matrix(matrix)}
    return {
        "name": strategy.name,
        "inherited": {"scale": scale, "compensation": matrix},
    }
