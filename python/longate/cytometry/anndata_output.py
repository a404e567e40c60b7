"""A sample as an AnnData object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData
    from numpy.typing import NDArray

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Panel


class Described(Protocol):
    """What is said of a sample beside its events."""

    @property
    def version(self) -> str:
        """``"FCS3.1"`` and the like."""

    @property
    def dataset(self) -> int:
        """Which data set of the file, from 0."""

    @property
    def n_events(self) -> int:
        """Number of events."""

    @property
    def cytometer(self) -> str | None:
        """``$CYT``."""

    @property
    def panel(self) -> Panel:
        """Its channels."""

    @property
    def compensation(self) -> Compensation | None:
        """Its spillover matrix."""


def as_anndata(
    sample: Described, labels: Mapping[str, int], values: NDArray[Any]
) -> AnnData:
    """Return events as an AnnData object that can be written as it is.

    Parameters
    ----------
    sample : Sample
        The sample.
    labels : mapping of str to int
        Name of each variable -> index of its channel.
    values : (n_events, n_channels) numpy.ndarray
        The events.

    Raises
    ------
    ImportError
        If anndata is not installed.
    """
    try:
        from anndata import AnnData
    except ImportError:
        msg = "to_anndata needs anndata: pip install 'longate[anndata]'"
        raise ImportError(msg) from None
    import pandas as pd

    table = sample.panel.table.iloc[list(labels.values())]
    table = table.set_axis(list(labels), axis=0)
    table["channel"] = table["detector"]
    for column in ("channel", "detector", "marker", "kind", "voltage"):
        # h5ad holds text, and no column of nothing but None.
        table[column] = table[column].astype(object).fillna("").astype(str)
    uns: dict[str, Any] = {
        "fcs": {
            "version": sample.version,
            "dataset": sample.dataset,
            "cytometer": sample.cytometer or "",
        }
    }
    matrix = sample.compensation
    if matrix is not None:
        uns["meta"] = {"spill": matrix.table}
    return AnnData(
        values,
        obs=pd.DataFrame(index=pd.RangeIndex(sample.n_events).astype(str)),
        var=table,
        uns=uns,
    )
