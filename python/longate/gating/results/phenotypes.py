"""How many events have each combination of marker calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._core import count_phenotypes
from longate.exceptions import PopulationError
from longate.gating.results.joining import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.gating.results.gated_file import GatedFile

MOST_CALLS = 16


def phenotype_table(
    by_sample: Sequence[tuple[Mapping[str, Any], Sequence[GatedFile]]],
    parent: str,
    markers: Mapping[str, str],
) -> pd.DataFrame:
    """Return a row per sample and combination; see :meth:`Populations.phenotypes`.

    Parameters
    ----------
    by_sample : sequence of (dict, sequence of GatedFile)
        Keys of a sample, and its files.
    parent : str
        Path or unique name.
    markers : mapping of str to str
        Name of a call -> the population of positive events.

    Raises
    ------
    PopulationError
        If a population is unknown, or there are more than 16 calls.
    """
    import pandas as pd

    calls = list(markers)
    if len(calls) > MOST_CALLS:
        msg = f"phenotypes of {len(calls)} calls are too many; at most {MOST_CALLS}"
        raise PopulationError(msg)
    codes = np.arange(2 ** len(calls))
    bits = {call: (codes >> bit & 1).astype(bool) for bit, call in enumerate(calls)}
    frames = []
    for keys, files in by_sample:
        for file in files:
            masks = [file.gated.packed_mask(markers[call]) for call in calls]
            found = count_phenotypes(
                file.gated.packed_mask(parent), masks, file.gated.n_events
            )
            frames.append(pd.DataFrame({**keys, **bits, "n_events": found}))
    frame = pd.concat(frames, ignore_index=True)
    by = [*KEYS, *calls]
    frame = frame.groupby(by, sort=False, observed=True, as_index=False).sum()
    frame["n_events"] = frame["n_events"].astype("int64")
    return frame
