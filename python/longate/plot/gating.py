"""The gates of one sample, step by step: parent events, outline, share of parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate._validation import one_of
from longate.exceptions import StudyError
from longate.plot.gating_steps import Events, Step, steps_of
from longate.plot.palette import INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


MOST = 33  # characters above a panel


def gates(
    populations: Any,
    *,
    sample: str,
    tube: str | None = None,
    only: Sequence[str] | None = None,
    columns: int = 5,
) -> Figure:
    """Draw every gate of a tube's strategy on one sample, one small panel a step.

    Parameters
    ----------
    populations : Populations
        What ``study.gate(...)`` returned.
    sample : str
        Such as ``"P07_m06"``.
    tube : str, optional
        Needed where the study has several tubes.
    only : sequence of str, optional
        Paths or unique names of the populations to draw; all gates by default.
    columns : int
        Panels in a row.

    Returns
    -------
    matplotlib.figure.Figure
        A panel shows the events of the parent: their density and the gate's outline
        for two channels, a histogram and the borders for one. The quadrants of a
        quadrant gate share a panel, each with its share. A Boolean gate over
        two channels shows its own events in colour over the parent's in grey;
        over more channels it is a line of text. Scaled axes have ticks at decades
        of the compensated signal.

    Raises
    ------
    StudyError
        If the sample or the tube is not in the populations.
    PopulationError
        If `only` names what is no population.
    """
    from longate.plot.canvas import Pads, grid_of
    from longate.plot.gate_panel import draw_step

    known = [str(name) for name in populations.strategies]
    if tube is None and len(known) > 1:
        msg = f"the study has the tubes {', '.join(known)}; name one with tube="
        raise StudyError(msg)
    tube = one_of("tube", known[0] if tube is None else tube, known, StudyError)
    strategy = populations.strategies[tube]
    steps = steps_of(populations, sample, tube)
    if only is not None:
        wanted = {strategy.path(name) for name in only}
        steps = [step for step in steps if wanted & {*step.populations}]
    pads = Pads(left=0.5, bottom=0.4, right=0.08, top=0.4)
    figure, panels = grid_of(
        len(steps), columns=columns, width=2.15, height=2.12, pads=pads
    )
    events = Events(populations, sample, tube, steps)
    for ax, step in zip(panels, steps, strict=True):
        draw_step(ax, step, events)
        _title(ax, step)
    return figure


def _title(ax: Axes, step: Step) -> None:
    from longate.plot.canvas import SMALL, TEXT, PanelText, frame_panel
    from longate.plot.gate_panel import percent

    parent = step.parent.rsplit("/", 1)[-1]
    share = f"{percent(step.fraction)} of {parent}"
    if step.quadrants:
        share = f"in {parent}"
    n = f", n = {step.n_events:,}"
    share += n if len(share + n) <= MOST else ""
    lines = [
        PanelText(step.gate.name, 13, TEXT - 0.5, INK, "bold", 30),
        PanelText(share, 3, SMALL - 0.5, "#555555", "normal", MOST),
    ]
    frame_panel(ax, lines)
