"""Checks of a folder of saved populations: manifest, tables, counts and masks.

What is saved vouches for itself. Every field of the manifest is checked before it is
used, the manifest has a hash of all others, tables are read from the bytes that were
hashed, and counts, masks and strategies must fit each other.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import cut
from longate.exceptions import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

FORMAT = "longate populations"
FORMAT_VERSION = 3
MANIFEST = "manifest.json"
MOST_BYTES = 512 * 2**20
"""A larger manifest is refused unread."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{16}")
_TABLES = ("samples", "counts", "undefined", "problems", "gated")
_MORE_TABLES = ("bead_lots", "statistics", "answers", "values")
_OPTIONAL_TEXT = (str, type(None))
_FILE = {
    "row": int,
    "compensation": _OPTIONAL_TEXT,
    "file": str,
    "length": int,
    "text_hash": str,
    "sha256": str,
    "aliases": dict,
}
_FIELDS: dict[str, Any] = {
    "run_id": str,
    "created": str,
    "versions": dict,
    "strategies": dict,
    "options": dict,
    "requests": list,
    "compensations": dict,
    "files": list,
    "other_files": list,
    "tables": dict,
    "sha256": str,
}


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Return a manifest as JSON, with the hash of all its other fields."""
    whole = {**manifest, "sha256": _digest(manifest)}
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def checked_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a folder, every field of it checked.

    Raises
    ------
    FileNotFoundError
        If there is none.
    StudyError
        If it is a link, of another format or version, or not what was written.
    """
    path = folder / MANIFEST
    if not path.is_file():
        msg = f"{folder} holds no saved populations: {path} is missing"
        raise FileNotFoundError(msg)
    content = _read(path, MOST_BYTES)
    try:
        manifest = json.loads(content.decode("utf-8"))
        found = manifest["format"], manifest["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = f"{path} is no manifest of saved populations: {cut(repr(error))}"
        raise StudyError(msg) from None
    if found != (FORMAT, FORMAT_VERSION):
        msg = (
            f"{path} is of format {cut(str(found[0]))}, version {str(found[1])[:20]}; "
            f"this Longate reads {FORMAT!r}, version {FORMAT_VERSION}"
        )
        raise StudyError(msg)
    _refuse_fields(path, "the manifest", manifest, _FIELDS)
    if manifest["sha256"] != _digest(manifest):
        msg = f"{path} is not what was written: its own SHA-256 does not fit it"
        raise StudyError(msg)
    _refuse_entries(path, manifest)
    return dict(manifest)


def checked_table(folder: Path, name: str, entry: Mapping[str, Any]) -> pd.DataFrame:
    """Read a table of a folder, which must be what the manifest says.

    Raises
    ------
    StudyError
        If it is missing, a link, or another table than the one that was written.
    """
    import pandas as pd

    path = folder / entry["file"]
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        msg = f"{path} is not what was written: its SHA-256 differs from the manifest's"
        raise StudyError(msg)
    try:
        table: pd.DataFrame = pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # Arrow raises several kinds for what is no Parquet
        msg = f"{path} is no table: {cut(str(error))}"
        raise StudyError(msg) from None
    if len(table) != entry["n_rows"]:
        msg = f"{path} has {len(table)} rows; the manifest says {entry['n_rows']}"
        raise StudyError(msg)
    return table


def checked_populations(
    row: int, n_events: int, paths: Sequence[str], gated: pd.DataFrame
) -> tuple[tuple[int, ...], tuple[int, ...], NDArray[np.uint8] | None]:
    """Return counts, undefined events and masks of one file, which must fit each other.

    Parameters
    ----------
    row : int
        Of the study's samples.
    n_events : int
        Of the file.
    paths : sequence of str
        The populations of its strategy.
    gated : DataFrame
        Its rows ``population, n_inside, n_undefined, mask``.

    Raises
    ------
    StudyError
        If populations are missing or foreign, a population has more events than its
        parent, or a mask is of another length, holds another number of events than
        were counted or events that its parent lacks.
    """
    where = f"the saved populations of row {row}"
    if sorted(gated["population"]) != sorted(paths):
        msg = f"{where} are not those of the strategy"
        raise StudyError(msg)
    table = gated.set_index("population").loc[list(paths)]
    inside = dict(zip(paths, map(int, table["n_inside"]), strict=True))
    undefined = dict(zip(paths, map(int, table["n_undefined"]), strict=True))
    for path in paths:
        parent = path.rpartition("/")[0]
        most = inside[parent] if parent else n_events
        counted = inside[path] + undefined[path]
        if min(inside[path], undefined[path]) < 0 or counted > most:
            msg = f"{where}: {cut(path)} has {counted} of {most} events of its parent"
            raise StudyError(msg)
    masks = None
    if table["mask"].notna().any():
        masks = _masks(where, n_events, inside, list(table["mask"]))
    return tuple(inside.values()), tuple(undefined.values()), masks


def _masks(
    where: str, n_events: int, inside: Mapping[str, int], given: Sequence[Any]
) -> NDArray[np.uint8]:
    n_bytes = -(-n_events // 8)
    packed: dict[str, NDArray[np.uint8]] = {}
    for (path, n_inside), mask in zip(inside.items(), given, strict=True):
        if not isinstance(mask, bytes) or len(mask) != n_bytes:
            msg = f"{where}: the mask of {cut(path)} is not of {n_events} events"
            raise StudyError(msg)
        own = np.frombuffer(mask, dtype=np.uint8)
        spare = own[-1] >> (n_events % 8) if n_events % 8 else 0
        if int(np.bitwise_count(own).sum()) != n_inside or spare:
            msg = f"{where}: the mask of {cut(path)} does not hold {n_inside} events"
            raise StudyError(msg)
        parent = path.rpartition("/")[0]
        if parent and (own & ~packed[parent]).any():
            msg = f"{where}: the mask of {cut(path)} holds events that its parent lacks"
            raise StudyError(msg)
        packed[path] = own
    masks = np.frombuffer(b"".join(given), dtype=np.uint8)
    return masks.reshape(len(given), -1)


def _digest(manifest: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    text = json.dumps(rest, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path, most: int | None = None) -> bytes:
    """Return the content of a file that is in the folder itself."""
    if path.is_symlink():
        msg = f"{path} is a symbolic link; what is saved is in the folder itself"
        raise StudyError(msg)
    try:
        if most is not None and path.stat().st_size > most:
            msg = f"{path} is larger than {most // 2**20} MB; it is not read"
            raise StudyError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = f"a table of the saved populations cannot be read: {error}"
        raise StudyError(msg) from None


def _refuse_fields(path: Path, what: str, found: Any, kinds: Mapping[str, Any]) -> None:
    if not isinstance(found, dict):
        msg = f"{path}: {what} is no object of named fields"
        raise StudyError(msg)
    for field, kind in kinds.items():
        value = found.get(field, ...)
        if value is ... or not isinstance(value, kind) or isinstance(value, bool):
            shown = "missing" if value is ... else cut(repr(value))
            msg = f"{path}: the field {field!r} of {what} is {shown}"
            raise StudyError(msg)


def _refuse_entries(path: Path, manifest: Mapping[str, Any]) -> None:
    rows: set[int] = set()
    parts: dict[str, dict[str, Any]] = {"files": {"n_events": int}, "other_files": {}}
    for part, more in parts.items():
        for entry in manifest[part]:
            what = f"an entry of {part!r}"
            _refuse_fields(path, what, entry, {**_FILE, **more})
            row = entry["row"]
            fits = (
                _SHA256.fullmatch(entry["sha256"])
                and _HASH.fullmatch(entry["text_hash"])
                and min(entry["length"], entry.get("n_events", 0), row) >= 0
                and entry["compensation"] in {None, *manifest["compensations"]}
                and all(isinstance(one, str) for one in entry["aliases"].values())
                and isinstance(entry.get("dataset", 0), int)
                and row not in rows
            )
            if not fits:
                msg = f"{path}: the entry of row {str(row)[:20]} in {part!r} is wrong"
                raise StudyError(msg)
            rows.add(row)
    for tube, entry in manifest["strategies"].items():
        kinds: dict[str, Any] = {"id": str, "strategy": dict}
        _refuse_fields(path, f"the strategy of tube {cut(tube)}", entry, kinds)
    tables = manifest["tables"]
    for name in (*_TABLES, *tables):
        what = f"the table {cut(name)}"
        fields: dict[str, Any] = {"file": str, "n_rows": int, "sha256": str}
        _refuse_fields(path, what, tables.get(name), fields)
        known = name in _TABLES or name in _MORE_TABLES
        if not known or tables[name]["file"] != f"{name}.parquet":
            msg = f"{path}: {what} is in the file {cut(tables[name]['file'])}"
            raise StudyError(msg)
