"""A study in a line, and its channels as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.study.diagnosis import count_of_repaired

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.io.fcs import FcsMetadata


_MOST_VISITS = 8


def overview(
    usable: pd.DataFrame, metadata: Mapping[int, FcsMetadata], n_problems: int
) -> str:
    """Return the shape of a study, and what one can type next.

    Parameters
    ----------
    usable : DataFrame
        The files of samples that could be read.
    metadata : mapping of int to FcsMetadata
        What all readable files say, by row.
    n_problems : int
        How many problems were found.
    """
    channels = {c.label for row in usable.index for c in metadata[row].panel}
    events = sum(metadata[row].n_events for row in usable.index)
    counted = {"problems": n_problems, "repaired files": count_of_repaired(metadata)}
    more = "".join(f" · {n} {what}" for what, n in counted.items() if n)
    tubes = ", ".join(dict.fromkeys(usable["tube"]))
    n_visits = f"{usable['visit'].nunique()} visits{_order(usable['visit'])}"
    return (
        f"Study · {usable['sample'].nunique()} samples · "
        f"{usable['patient'].nunique()} patients · "
        f"{n_visits} · tubes {tubes} · "
        f"{len(channels)} channels · {events / 1e6:.1f} M events{more}\n"
        "  .samples  .panel  .problems  .diagnosis  .gate(strategy)  "
        ".read(sample, tube=...)"
    )


def _order(visits: pd.Series) -> str:
    """Return the visits in their order, as far as they fit on a line."""
    import pandas as pd

    if not isinstance(visits.dtype, pd.CategoricalDtype):
        return ""
    seen = set(visits.dropna())
    names = [str(name) for name in visits.cat.categories if name in seen]
    if not 1 < len(names) <= _MOST_VISITS:
        return ""
    return f" ({' < '.join(names)})"


def panel_table(
    samples: pd.DataFrame, metadata: Mapping[int, FcsMetadata]
) -> pd.DataFrame:
    """Return channels by tube: ``tube, detector, marker, kind, range, n_files``."""
    import pandas as pd

    tables = [
        one.panel.table.assign(tube=samples["tube"][row])
        for row, one in metadata.items()
        if samples["role"][row] == "sample"
    ]
    by = ["tube", "detector", "marker", "kind", "range"]
    frame = pd.concat(tables)
    counted = frame.groupby(by, sort=False, dropna=False, observed=True).size()
    return counted.reset_index(name="n_files")
