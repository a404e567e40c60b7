"""Where the files of a sample sheet are, on this machine."""

from __future__ import annotations

import os
import unicodedata
from os.path import exists, isabs, normpath
from pathlib import Path

from longate._names import counterpart
from longate.io.remote import is_remote

_MOST_LOOKED_AT = 20_000


def located(name: str, base: Path) -> tuple[str, str | None]:
    """Return the path of a file, and what was repaired to find it.

    ``~`` is expanded, backslashes are taken for slashes where no such file exists, and
    another case is taken where one file alone has the name.

    Parameters
    ----------
    name : str
        As the sheet writes it.
    base : Path
        The folder to which it is relative.
    """
    if is_remote(name):
        return name, None
    if name.startswith("~"):
        name = os.path.expanduser(name)  # noqa: PTH111
    # A Path for each of a thousand names costs more than all the checks.
    is_whole = isabs(name) and normpath(name) == name  # noqa: PTH117
    path = name if is_whole else str(base / name)
    if exists(path):  # noqa: PTH110
        return path, None
    if "\\" in name:
        plain = str(base / name.replace("\\", "/"))
        if exists(plain):  # noqa: PTH110
            return plain, None
        path = plain
    other = _in_other_case(Path(path))
    if other is not None and _composed(str(other)) == _composed(path):
        return str(other), None
    if other is not None:
        return str(other), f"{name!r} is not there and was read as {other.name!r}"
    return path, None


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _in_other_case(path: Path) -> Path | None:
    """Return the only file whose path differs in case or composed letters alone."""
    folder = path.parent
    if not folder.is_dir():
        parent = _in_other_case(folder) if folder != path else None
        if parent is None:
            return None
        folder = parent
    if not folder.is_dir():
        return None
    wanted = _plain(path.name)
    alike = [one for one in folder.iterdir() if _plain(one.name) == wanted]
    return alike[0] if len(alike) == 1 else None


def _plain(name: str) -> str:
    """Return a name without regard to case; macOS writes letters and accents apart."""
    return unicodedata.normalize("NFC", name).casefold()


def hint_for_missing(path: str, base: Path) -> str:
    """Say where a file that is not there may be."""
    name = path.replace("\\", "/").rpartition("/")[2]
    found = []
    if base.is_dir():
        for number, one in enumerate(base.rglob("*")):
            if number > _MOST_LOOKED_AT:
                break
            if one.name.casefold() == name.casefold():
                found.append(one)
    told = f"{path}: no such file"
    if found:
        folders = ", ".join(str(one.parent) for one in found[:3])
        return f"{told}, but there is {name!r} in {folders}: pass root= or correct it"
    folder = Path(path).parent
    if not folder.is_dir():
        return f"{told}: there is no folder {folder}; pass root="
    near = counterpart(name, (one.name for one in folder.iterdir()))
    return f"{told}; did you mean {near!r}?" if near else told
