"""The page that ``longate concordance`` writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longate._whole_files import write_whole
from longate.exceptions import StudyError
from longate.reporting import document as doc
from longate.reporting.sections.concordance import concordance_section
from longate.reporting.write import RESEARCH

if TYPE_CHECKING:
    from os import PathLike

    from longate.workspaces.concordance import Concordance


def write_concordance(path: str | PathLike[str], compared: Concordance) -> Path:
    """Write a concordance as one self-contained page.

    Parameters
    ----------
    path : path-like
        The file to write; its folder must exist.
    compared : Concordance
        From :func:`longate.concordance`.

    Raises
    ------
    StudyError
        If the folder is missing.
    """
    target = Path(path)
    if not target.parent.is_dir():
        msg = f"the folder {str(target.parent)!r} of the page does not exist"
        raise StudyError(msg)
    page = doc.page(
        f"Counts of {compared.workspace}",
        banner=[RESEARCH],
        sections=[concordance_section(compared)],
        foot=f"Longate · {compared.workspace}",
    )
    return write_whole(target, page)
