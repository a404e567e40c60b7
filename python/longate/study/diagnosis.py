"""Violations of the standard in the files of a study, file by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate._columns import frame_of
from longate.io.fcs import NOTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from longate.io.fcs import FcsMetadata

COLUMNS = ["file", "sample", "tube", "dataset", "code", "found", "repair"]

CHANGES_RESULTS = {
    "tot-differs",
    "text-end-short",
    "text-unterminated",
    "keywords-between-segments",
    "repeated-keyword",
    "nextdata-zero",
    "several-data-sets",
    "data-begin-differs",
}
"""Codes of which a study warns: another repair would have given other events or values,
or there is more in the file than the study reads."""


def diagnosis_table(
    samples: pd.DataFrame, metadata: Mapping[int, FcsMetadata]
) -> pd.DataFrame:
    """Return every violation of every file, and its repair.

    Parameters
    ----------
    samples : DataFrame
        The files of the study.
    metadata : mapping of int to FcsMetadata
        What the readable ones say, by row.

    Returns
    -------
    DataFrame
        ``file, sample, tube, dataset, code, found, repair``, in the order of the sheet.
    """
    rows = [
        (
            metadata[row].path.name,
            samples["sample"][row],
            samples["tube"][row],
            metadata[row].dataset,
            violation.code,
            violation.found,
            violation.repair,
        )
        for row in metadata
        for violation in metadata[row].diagnosis
        if not _is_chosen(metadata[row], violation.code, samples, row)
    ]
    return frame_of(rows, COLUMNS)


def count_of_repaired(metadata: Mapping[int, FcsMetadata]) -> int:
    """Return how many files violate the standard."""
    return sum(
        any(violation.code not in NOTES for violation in one.diagnosis)
        for one in metadata.values()
    )


def _is_chosen(
    metadata: FcsMetadata, code: str, samples: pd.DataFrame, row: int
) -> bool:
    """Return whether the sheet says which of several data sets is meant."""
    if code != "several-data-sets" or "dataset" not in samples:
        return False
    return bool(str(samples["dataset"][row]).strip() not in ("", "nan", "<NA>", "None"))
