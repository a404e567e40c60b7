"""Files that are written whole or not at all, and CSV that no spreadsheet executes.

Everything that Longate writes goes to a temporary file beside its target, is flushed to
the disk, and then takes the target's name in one step: a full disk, an error or a kill
leaves the old file as it was. What a killed run left behind is removed by the next run
that writes to the folder.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_PREFIX = ".longate-"
_SUFFIX = ".part"
# Names of temporary files say who writes, and are short whatever the target is called.
_LEFT_OVER = re.compile(r"\.longate-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.part")
_DAY = 86_400.0
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.ASCII)
_looked_at: set[tuple[int, str]] = set()


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary file that takes the name of `path` when all went well.

    Parameters
    ----------
    path : path-like
        The target. An existing file is replaced and keeps its permissions; a symbolic
        link keeps pointing where it does, and the file there is replaced.

    Yields
    ------
    Path
        An empty file beside the target, to be written. It is gone after an error.

    Raises
    ------
    OSError
        If the folder cannot be written, or the name is too long for it.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with _elsewhere(target) as unfinished:
            yield unfinished
        return
    folder = target.parent
    _remove_left_overs(folder)
    unfinished = folder / f"{_own_prefix()}{secrets.token_hex(6)}{_SUFFIX}"
    try:
        unfinished.open("xb").close()
        yield unfinished
        _flush(unfinished)
        with contextlib.suppress(FileNotFoundError):
            unfinished.chmod(stat.S_IMODE(target.stat().st_mode))
        unfinished.replace(target)
        _flush(folder)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write a text (in UTF-8) or bytes to a file, wholly or not at all.

    Returns
    -------
    Path
        The file.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with whole_file(path) as unfinished:
        unfinished.write_bytes(data)
    return Path(path)


@contextlib.contextmanager
def whole_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary folder that takes the name of `path` when all went well.

    Parameters
    ----------
    path : path-like
        The target, which is not there or an empty folder; its parents are made.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_overs(target.parent)
    draft = target.parent / f"{_own_prefix()}{secrets.token_hex(6)}{_SUFFIX}"
    draft.mkdir()
    try:
        yield draft
        for one in draft.rglob("*"):
            _flush(one)
        if target.exists():
            target.rmdir()
        draft.replace(target)
        _flush(target.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def write_csv(frame: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a table as CSV without its index, whole and safe for spreadsheets.

    A text that a spreadsheet would take for a formula (it begins with ``=``, ``+``,
    ``-``, ``@``, a tab or a carriage return, and is no number) gets an apostrophe in
    front; :func:`plain_text` takes it off again.
    """
    import pandas as pd

    safe = frame.copy()
    safe.columns = [_safe(column) for column in frame.columns]
    for position, kind in enumerate(frame.dtypes):
        if kind.kind not in "biufcmM":
            # Objects, since text columns of pandas 3 hold UTF-8 alone.
            cells = [_safe(cell) for cell in frame.iloc[:, position]]
            safe.isetitem(position, pd.Series(cells, frame.index, dtype=object))
    text = io.StringIO()
    safe.to_csv(text, index=False)
    if "\r" in text.getvalue():  # pandas quotes a line feed, not a carriage return
        text = io.StringIO()
        safe.to_csv(text, index=False, quoting=csv.QUOTE_NONNUMERIC)
    return write_whole(path, text.getvalue().encode("utf-8", "surrogateescape"))


def plain_text(cell: str) -> str:
    """Return a cell of CSV without the apostrophe that :func:`write_csv` has added."""
    added = cell.startswith("'") and _FORMULA.match(cell.lstrip("'"))
    return cell[1:] if added else cell


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.lstrip("'")  # so that one apostrophe can be taken off for sure
    risky = len(text) > 1 and _FORMULA.match(text) and not _NUMBER.fullmatch(value)
    return f"'{value}" if risky else value


@contextlib.contextmanager
def _elsewhere(target: Path) -> Iterator[Path]:
    """Give a file whose content is sent to a device or a pipe at the end."""
    with tempfile.TemporaryDirectory() as folder:
        unfinished = Path(folder) / "unfinished"
        unfinished.touch()
        yield unfinished
        with unfinished.open("rb") as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink)


def _own_prefix() -> str:
    return f"{_PREFIX}{_machine()}-{os.getpid()}-"


def _machine() -> str:
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("HOST", "")
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _flush(path: Path) -> None:
    """Wait until a file, or the names of a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":
        return  # folders cannot be opened there
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError:
        if path.is_file():
            raise  # some file systems do not flush folders
    finally:
        os.close(handle)


def _remove_left_overs(folder: Path) -> None:
    """Remove what runs have left that did not end; once per folder and process."""
    key = (os.getpid(), str(folder))
    if key in _looked_at:
        return
    _looked_at.add(key)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _LEFT_OVER.fullmatch(entry.name)
            if found is None or not _is_abandoned(found, entry):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()


def _is_abandoned(found: re.Match[str], entry: os.DirEntry[str]) -> bool:
    """Say whether the process that wrote a file is gone, or the file is days old."""
    try:
        if time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY:
            return True
        if found[1] != _machine() or os.name != "posix":
            return False  # asking for a process by signal 0 is POSIX
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
