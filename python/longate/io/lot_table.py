"""The table of bead lots: beads per tube and expiry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._dates import DateRule, read_cells, with_advice
from longate._names import likeness, name_of
from longate.exceptions import SampleSheetError
from longate.io.sheet_complaints import Complaints
from longate.io.sheet_file import read_rows
from longate.io.sheet_numbers import find_decimal, number_of

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("lot", "beads_per_tube", "expiry")


def read_lots(
    source: str | Path | pd.DataFrame,
    *,
    dates: DateRule,
    decimal: str | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    """Read the table of bead lots.

    Parameters
    ----------
    source : path-like or DataFrame
        CSV, xlsx or a frame with ``lot, beads_per_tube`` and perhaps ``expiry``.
    dates : DateRule
        How an expiry is read that is not written as 2022-09-05.
    decimal, encoding : str, optional
        As in :func:`longate.io.sample_sheet.read_sample_sheet`.

    Returns
    -------
    DataFrame
        As given; ``lot`` as normalised names, ``expiry`` as dates.

    Raises
    ------
    SampleSheetError
        If it cannot be read as a table, or has dates that cannot be read.
    FileNotFoundError
        If there is no such file.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        frame = source.copy()
        complaints = Complaints("the bead lot table", range(2, len(frame) + 2))
    else:
        frame, complaints = _from_file(Path(source).expanduser(), decimal, encoding)
    if "lot" in frame:
        frame["lot"] = [name_of(cell) for cell in frame["lot"]]
    if "expiry" in frame:
        rule = DateRule(dates.dayfirst, dates.date_format, future=True)
        days, wrong = read_cells(frame["expiry"].tolist(), rule)
        for at, (value, why) in wrong.items():
            complaints.cell(at, "expiry", value, with_advice(why))
        complaints.raise_any()
        ends = pd.to_datetime([day and day.last for day in days])
        frame["expiry"] = pd.Series(ends.astype("datetime64[ns]"), index=frame.index)
    return frame


def _from_file(
    path: Path, decimal: str | None, encoding: str | None
) -> tuple[pd.DataFrame, Complaints]:
    import pandas as pd

    if not path.is_file():
        msg = f"no bead lot table at {path}"
        raise FileNotFoundError(msg)
    rows = read_rows(
        path,
        columns={name: name for name in _COLUMNS},
        sheet=None,
        header_row=None,
        encoding=encoding,
    )
    known = {likeness(name): name for name in _COLUMNS}
    names = [known.get(likeness(heading), heading) for heading in rows.headings]
    name = rows.name.replace("sample sheet", "bead lot table")
    complaints = Complaints(
        name, rows.numbers, dict(zip(names, rows.headings, strict=True))
    )
    cells: dict[str, list[Any]] = {
        name: list(column)
        for name, column in zip(names, zip(*rows.cells, strict=True), strict=False)
    }
    if not rows.cells:
        msg = f"{name} has a heading, and no rows"
        raise SampleSheetError(msg)
    sign = decimal or find_decimal(cells.values())
    for at, cell in enumerate(cells.get("beads_per_tube", [])):
        if isinstance(cell, str):
            value = number_of(cell, sign)
            if isinstance(value, str):
                complaints.cell(at, "beads_per_tube", cell, value)
            else:
                cells["beads_per_tube"][at] = value
    complaints.raise_any()
    return pd.DataFrame(cells), complaints
