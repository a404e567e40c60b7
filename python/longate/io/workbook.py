"""Tables as sheets of a workbook, with text kept as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from longate._whole_files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_LONGEST_TITLE = 31


def save_xlsx(
    path: Path,
    sheets: Mapping[str, pd.DataFrame],
    *,
    number_format: str | None = None,
) -> None:
    """Write tables as sheets of a workbook.

    Parameters
    ----------
    path : Path
        An existing file is replaced.
    sheets : mapping of str to DataFrame
        By title; titles are shortened where Excel takes no more.
    number_format : str, optional
        Excel's format of numbers that are no whole numbers, such as ``"0.00"``.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.active)
    for title, frame in zip(sheet_titles(sheets), sheets.values(), strict=True):
        page = book.create_sheet(title)
        page.append([str(name) for name in frame.columns])
        for row in frame.itertuples(index=False):
            page.append([_cell(value) for value in row])
        for cells in page.iter_cols():
            cells[0].font = Font(bold=True)
            for cell in cells[1:]:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # a name that begins with "=" is no formula
                    cell.number_format = "@"
                elif cell.is_date:
                    cell.number_format = "yyyy-mm-dd"
                elif number_format and isinstance(cell.value, float):
                    cell.number_format = number_format
            widest = max(len(str(cell.value or "")) for cell in cells)
            page.column_dimensions[cells[0].column_letter].width = min(widest + 2, 60)
        page.freeze_panes = "A2"
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        book.save(file)


def sheet_titles(names: Mapping[str, Any]) -> list[str]:
    """Return titles that Excel takes: short, without its signs, each once."""
    titles: list[str] = []
    for name in names:
        bare = _NOT_IN_TITLES.sub(" ", str(name)).strip() or "table"
        title, number = bare[:_LONGEST_TITLE], 2
        while title.casefold() in {one.casefold() for one in titles}:
            end = f" {number}"
            title = bare[: _LONGEST_TITLE - len(end)] + end
            number += 1
        titles.append(title)
    return titles


def _cell(value: Any) -> Any:
    """Return a value as a spreadsheet takes it: no missing ones, no control bytes."""
    import pandas as pd

    if pd.isna(value) or value == "":
        return None
    if hasattr(value, "item"):
        return value.item()
    return _CONTROL.sub(" ", value) if isinstance(value, str) else value
