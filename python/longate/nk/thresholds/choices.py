"""Sources of thresholds that a panel offers, and densities for their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate.nk.stages.scheme import CD56_BRIGHT
from longate.nk.thresholds.density import ChannelDensity
from longate.nk.thresholds.sources import (
    INDEPENDENT,
    REFERENCE_POPULATIONS,
    TREATMENT_SENSITIVE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.nk.thresholds.controls import Controls
    from longate.nk.thresholds.fit import Fit
    from longate.nk.thresholds.sources import TubeCells
    from longate.nk.thresholds.tube_events import TubeEvents

_DRAWN_POINTS = 256


def availability(
    channels: Mapping[str, str],
    gates: Mapping[str, float],
    cells: TubeCells,
    controls: Controls,
) -> pd.DataFrame:
    """Return what the panel offers: ``marker, source, available, class, words``."""
    import pandas as pd

    rows: list[tuple[str, str, bool, str, str]] = []
    for call in channels:
        n = controls.count(call)
        words = f"{n} controls fmo:{call} in the sheet"
        if call == CD56_BRIGHT:
            n, words = 0, "negatives do not part CD56bright from CD56dim"
        rows.append((call, "fmo", n > 0, INDEPENDENT, words))
        for reference in REFERENCE_POPULATIONS:
            if call in reference.markers:
                why = cells.reasons.get(reference.name)
                words = (
                    f"{reference.name} as {reference.role}: {why or reference.reason}"
                )
                rows.append((call, "internal", why is None, reference.kind, words))
        words = "where the NK cells' own density has two modes"
        rows.append((call, "valley", True, TREATMENT_SENSITIVE, words))
        words = f"the strategy's gate at {gates[call]:.4g}"
        rows.append((call, "gate", True, f"{INDEPENDENT}, does not follow", words))
    return pd.DataFrame(
        rows, columns=["marker", "source", "available", "class", "words"]
    )


def pictured(
    call: str,
    channel: str,
    parent: str,
    events: TubeEvents,
    controls: Controls,
    row: Mapping[str, Any],
    fit: Fit,
) -> dict[str, Any]:
    """Return scale, and the densities of NK cells, negatives and FMO control."""
    drawn: dict[str, Any] = {
        "scale": events.scales[channel],
        "nk": _drawn(events.populations[parent][channel]),
    }
    if row["source"] in ("fmo", "internal"):
        drawn["negatives"] = fit.density
    control = controls.values_or_none(call, channel, events.row)
    if control is not None:
        drawn["fmo"] = _drawn(control)
    return drawn


def _drawn(values: Any) -> ChannelDensity | None:
    finite = values[np.isfinite(values)]
    if len(finite) < 2 or finite.min() == finite.max():
        return None
    density = ChannelDensity.of([finite], points=_DRAWN_POINTS)
    # Silverman's rule is for one mode; two of them are drawn too wide by it.
    return ChannelDensity.of(
        [finite], points=_DRAWN_POINTS, bandwidth=density.bandwidth / 2
    )
