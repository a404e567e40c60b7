"""Files that could not be used: collected, listed, and warned of together."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._columns import frame_of
from longate.exceptions import FileWarning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

COLUMNS = ["file", "sample", "tube", "step", "problem"]


def problem(
    samples: pd.DataFrame | Mapping[str, Any],
    row: int,
    step: str,
    error: BaseException,
) -> dict[str, Any]:
    """Return one entry of a table of problems; `samples` are columns by name."""
    return {
        "file": Path(samples["file"][row]).name,
        "sample": samples["sample"][row],
        "tube": samples["tube"][row],
        "step": step,
        "problem": str(error),
    }


def sheet_problem(sheet: str, text: str) -> dict[str, Any]:
    """Return an entry about the sample sheet itself, of no single file."""
    return {"file": sheet, "sample": "", "tube": "", "step": "sheet", "problem": text}


def problem_table(problems: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return problems as ``file, sample, tube, step, problem``."""
    import pandas as pd

    if not problems:  # mostly so, and this is the cheapest of empty tables
        return pd.DataFrame(np.empty((0, len(COLUMNS)), dtype=object), columns=COLUMNS)
    return frame_of(list(problems), COLUMNS)


def listing(problems: pd.DataFrame, most: int = 10) -> str:
    """Return problems as lines of text, a bounded number of them."""
    lines = [f"  {row.file}: {row.problem}" for row in problems.head(most).itertuples()]
    if len(problems) > most:
        lines.append(f"  and {len(problems) - most} more")
    return "\n".join(lines)


def warn_of(failed: Sequence[Mapping[str, Any]]) -> None:
    """Warn once of all files that were left out."""
    if failed:
        table = problem_table(failed)
        msg = f"{len(failed)} files are left out:\n{listing(table)}\nsee .problems"
        warnings.warn(msg, FileWarning, stacklevel=3)
