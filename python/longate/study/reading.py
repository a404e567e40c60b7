"""From a sample sheet to a study: files are looked at, problems collected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate.exceptions import LongateError, StudyError
from longate.io.fcs import FcsMetadata, read_metadata
from longate.io.sample_sheet import sheet_columns
from longate.io.spillover_table import read_compensation
from longate.study.problems import listing, problem, problem_table, warn_of
from longate.study.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.cytometry.compensation import Compensation


def read_study(
    sheet: str | Path | pd.DataFrame,
    *,
    aliases: Mapping[str, str] | None = None,
    runs: str | None = None,
    visits: Sequence[str] | None = None,
    bead_lots: str | Path | pd.DataFrame | None = None,
) -> Study:
    """Read a study from its sample sheet. Files are looked at, events are not read.

    Parameters
    ----------
    sheet : path-like or DataFrame
        CSV, xlsx, or a frame with the columns ``file, patient, visit, tube``; see
        :func:`longate.io.sample_sheet.read_sample_sheet` for the others. A column
        ``compensation`` may name a CSV matrix (relative to the sheet), ``none``, or be
        blank for the file's own.
    aliases : mapping of str to str, optional
        Further names for markers, such as ``{"NCAM": "CD56"}``.
    runs : {"replace", "pool", "keep"}, optional
        What to do with several files of one patient, visit and tube.
    visits : sequence of str, optional
        The order of the visits; natural order by default.
    bead_lots : path-like or DataFrame, optional
        Lot table with ``lot, beads_per_tube`` and perhaps ``expiry``; by default
        ``bead_lots.csv`` beside the sheet, where there is one.

    Returns
    -------
    Study
        Unusable files are in ``.problems``; the others are ready.

    Raises
    ------
    SampleSheetError
        If the sheet is malformed.
    StudyError
        If no sample at all has a usable file.

    Warns
    -----
    FileWarning
        If files are unusable.
    """
    import pandas as pd

    columns = sheet_columns(sheet, runs=runs, visits=visits)
    folder = Path() if isinstance(sheet, pd.DataFrame) else Path(sheet).parent
    metadata: dict[int, FcsMetadata] = {}
    compensations: dict[int, Compensation | None] = {}
    failed: list[dict[str, Any]] = []
    given = columns.get("compensation", [None] * len(columns["file"]))
    for row, role in enumerate(columns["role"]):
        if role == "exclude":
            continue
        try:
            of_file = read_metadata(columns["file"][row], aliases=aliases)
            compensations[row] = _acquisition_matrix(given[row], of_file, folder)
            metadata[row] = of_file
        except (LongateError, OSError) as error:
            failed.append(problem(columns, row, "read", error))
    columns["n_events"] = pd.array(
        [
            metadata[row].n_events if row in metadata else None
            for row in range(len(given))
        ],
        dtype="Int64",
    )
    samples = pd.DataFrame(columns)
    lots = _read_lots(bead_lots, folder, beside=not isinstance(sheet, pd.DataFrame))
    study = Study(samples, metadata, compensations, problem_table(failed), lots)
    if not any(columns["role"][row] == "sample" for row in metadata):
        found = listing(study.problems) or "  it lists no file with the role 'sample'"
        msg = f"no sample of the study has a usable file:\n{found}"
        raise StudyError(msg)
    warn_of(failed)
    return study


def _acquisition_matrix(
    given: object, metadata: FcsMetadata, folder: Path
) -> Compensation | None:
    import pandas as pd

    if given is None or pd.isna(given) or str(given).strip() in ("", "acquisition"):
        return metadata.compensation
    if str(given).strip().lower() == "none":
        return None
    return read_compensation(folder / str(given).strip())


def _read_lots(
    lots: str | Path | pd.DataFrame | None, folder: Path, *, beside: bool
) -> pd.DataFrame | None:
    import pandas as pd

    if isinstance(lots, pd.DataFrame):
        return lots
    default = folder / "bead_lots.csv"
    if lots is None and not (beside and default.is_file()):
        return None
    return pd.read_csv(default if lots is None else lots, dtype={"lot": str})
