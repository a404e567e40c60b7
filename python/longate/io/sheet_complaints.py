"""What is wrong with a sample sheet: every complaint about a cell, in one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longate.exceptions import SampleSheetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_SHOWN = 40


class Complaints:
    """Collects complaints; each names sheet, row, column, value and what is right.

    Parameters
    ----------
    sheet : str
        The sheet, for messages, such as ``"the sample sheet s.xlsx (sheet 'Data')"``.
    rows : sequence of int
        The number of each row as a spreadsheet shows it.
    headings : mapping of str to str
        How the user's sheet calls each column.
    """

    def __init__(
        self,
        sheet: str = "the sample sheet",
        rows: Sequence[int] = (),
        headings: Mapping[str, str] | None = None,
    ) -> None:
        self.sheet = sheet
        self.rows = rows
        self.headings = headings or {}
        self.found: list[str] = []

    def add(self, text: str) -> None:
        """Complain of the sheet as a whole."""
        self.found.append(text)

    def cell(self, at: int, column: str, value: Any, right: str) -> None:
        """Complain of one cell.

        Parameters
        ----------
        at : int
            Which row, from 0.
        column : str
            Its name in Longate's words.
        value : object
            What it holds; None where it is blank.
        right : str
            What is wrong and what would be right.
        """
        own = self.headings.get(column, column)
        known = f" ({column})" if own != column else ""
        shown = "it is blank;" if value is None else repr(value)
        if value is not None and not isinstance(value, str):
            shown = str(value)
        self.found.append(
            f"row {self.rows[at]}, column {own!r}{known}: {shown} {right}"
        )

    def raise_any(self) -> None:
        """Raise one error with everything that was found.

        Raises
        ------
        SampleSheetError
        """
        found = list(dict.fromkeys(self.found))
        if not found:
            return
        if len(found) == 1:
            msg = f"{self.sheet}: {found[0]}"
            raise SampleSheetError(msg)
        lines = [f"- {text}" for text in found[:MOST_SHOWN]]
        if len(found) > MOST_SHOWN:
            lines.append(f"- and {len(found) - MOST_SHOWN} more")
        msg = f"{self.sheet} has {len(found)} faults:\n" + "\n".join(lines)
        raise SampleSheetError(msg)
