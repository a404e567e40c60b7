"""A folder of FCS files at a glance: metadata and diagnoses, no events."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._columns import frame_of
from longate.exceptions import FcsError, LongateError
from longate.io.fcs import FcsMetadata, read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

_SUFFIXES = (".fcs", ".lmd")
_NUMBERED = re.compile(r"\.\d{3}$")
"""Older instruments number their files: ``.001``, ``.002`` and so on."""

COLUMNS = (
    "file",
    "bytes",
    "version",
    "n_events",
    "n_channels",
    "datatype",
    "byte_order",
    "n_data_sets",
    "date",
    "started",
    "cytometer",
    "serial",
    "has_spillover",
    "n_violations",
    "violations",
    "error",
)


def scan_fcs(
    folder: str | Path, *, keywords: Sequence[str] = (), sha256: bool = False
) -> pd.DataFrame:
    """List the FCS files of a folder and its subfolders; no events are read.

    Files are told by their first bytes, or by the suffix ``.fcs``, ``.lmd`` or three
    digits; what has such a suffix and is no FCS is listed with its error. A bad file
    never stops the scan.

    Parameters
    ----------
    folder : path-like
        Where to look; a single file is a folder of one.
    keywords : sequence of str
        Further keywords to show, such as ``["$SRC", "TUBE NAME"]``, one column each.
        They may name a person; none is shown unless asked for.
    sha256 : bool
        Whether to add the SHA-256 of each file, for which all of it is read.

    Returns
    -------
    pandas.DataFrame
        One row per file, in order of their names: ``file`` (relative to the folder),
        ``bytes, version, n_events, n_channels, datatype, byte_order, n_data_sets,
        date, started, cytometer, serial, has_spillover, n_violations, violations``
        (codes, separated by blanks), ``error`` (None where the file can be read), the
        keywords, and ``sha256`` where asked. It speaks of the first data set.

    Raises
    ------
    FcsError
        If there is no such folder.

    Examples
    --------
    >>> import longate as lg
    >>> from longate.io.scan import scan_fcs
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> path = lg.write_fcs(f"{folder}/a.fcs", [[1.0, 2.0]], ["FSC-A", "SSC-A"])
    >>> scan_fcs(folder)[["file", "n_events", "n_channels"]].values.tolist()
    [['a.fcs', 1, 2]]
    """
    root = Path(folder)
    if not root.exists():
        msg = f"there is no folder {folder!s}"
        raise FcsError(msg)
    rows = [_row(path, root, keywords, sha256=sha256) for path in _candidates(root)]
    columns = [*COLUMNS, *keywords, *(["sha256"] if sha256 else [])]
    table = frame_of(rows, columns)
    counts = ["bytes", "n_events", "n_channels", "n_data_sets", "n_violations"]
    return table.astype(dict.fromkeys(counts, "Int64"))


def _candidates(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, files in os.walk(root, onerror=None):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            known = name.lower().endswith(_SUFFIXES) or _NUMBERED.search(name)
            if known or _starts_as_fcs(path):
                yield path


def _starts_as_fcs(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(3) == b"FCS"
    except OSError:
        return False


def _row(
    path: Path, root: Path, keywords: Sequence[str], *, sha256: bool
) -> dict[str, Any]:
    name = path.name if path == root else path.relative_to(root).as_posix()
    row: dict[str, Any] = {"file": name, "error": None}
    try:
        row["bytes"] = path.stat().st_size
        row |= _facts(read_metadata(path), keywords)
    except (LongateError, OSError) as error:
        row["error"] = str(error)
    if sha256:
        row["sha256"] = _digest(path)
    return row


def _facts(metadata: FcsMetadata, keywords: Sequence[str]) -> dict[str, Any]:
    chosen = {key: metadata.keywords.get(key) for key in keywords}
    started = metadata.started
    return chosen | {
        "version": metadata.version,
        "n_events": metadata.n_events,
        "n_channels": len(metadata.panel),
        "datatype": metadata.keywords.get("$DATATYPE", "").strip(),
        "byte_order": metadata.keywords.get("$BYTEORD", "").strip(),
        "n_data_sets": metadata.n_data_sets,
        "date": metadata.acquisition_date,
        "started": started.isoformat() if started else None,
        "cytometer": metadata.cytometer,
        "serial": metadata.cytometer_serial,
        "has_spillover": metadata.has_spillover,
        "n_violations": len(metadata.diagnosis),
        "violations": " ".join(dict.fromkeys(one.code for one in metadata.diagnosis)),
    }


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
