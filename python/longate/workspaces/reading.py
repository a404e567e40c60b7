"""Workspaces of either program, by what the file says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longate.io.facsdiva.read import is_facsdiva, read_facsdiva
from longate.io.flowjo.read import read_flowjo

if TYPE_CHECKING:
    import os

    from longate.io.flowjo.workspace import Workspace


def read_workspace(path: str | os.PathLike[str]) -> Workspace:
    """Read a workspace of FlowJo or an experiment of FACSDiva, by its root element.

    Parameters
    ----------
    path : path-like
        The file.

    Raises
    ------
    FlowJoError
        If it is neither.
    """
    file = Path(path)
    return read_facsdiva(file) if is_facsdiva(file) else read_flowjo(file)
