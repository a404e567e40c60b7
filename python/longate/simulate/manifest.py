"""What a folder of simulated data was made from, so that it is made only once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from longate._validation import listed
from longate._whole_files import write_whole
from longate.exceptions import StudyError

NAME = "manifest.json"
GENERATOR = "1"
# The strategies look at simulated files; they do not make them.
_NOT_GENERATING = {"__init__.py", "strategies.py", "simulated.py"}


def generator_id() -> str:
    """Return the generator's version and the hash of its source text."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        if source.name not in _NOT_GENERATING:
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return f"{GENERATOR}-{digest.hexdigest()[:16]}"


def _other_folder(folder: Path, why: str) -> StudyError:
    msg = (
        f"folder {str(folder)!r} {why}; nothing was written: simulate into another "
        "folder, or delete this one first"
    )
    return StudyError(msg)


def is_complete(folder: Path, parameters: dict[str, Any]) -> bool:
    """Say whether `folder` already holds the cohort of these parameters.

    Parameters
    ----------
    folder : pathlib.Path
        Where the cohort is or will be.
    parameters : dict
        Of the simulation.

    Returns
    -------
    bool
        True if the very cohort is there, complete and untouched (by size). False
        if the folder is absent or empty, or an interrupted run of the same
        parameters left it incomplete.

    Raises
    ------
    StudyError
        If the folder holds anything else: nothing is overwritten silently.
    """
    path = folder / NAME
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise _other_folder(folder, "is a file")
    if not path.exists():
        if any(folder.iterdir()):
            raise _other_folder(folder, "is not empty and holds no simulated cohort")
        return False
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        old = {**found["parameters"], "generator": found["generator"]}
        files: dict[str, int] = found["files"]
    except (ValueError, KeyError, TypeError) as error:
        why = "holds a manifest.json that is not of a simulated cohort"
        raise _other_folder(folder, why) from error
    wanted = {**parameters, "generator": generator_id()}
    if old != wanted:
        differing = [key for key in wanted if old.get(key) != wanted[key]]
        changes = ", ".join(
            f"{key} {old.get(key)!r} instead of {wanted[key]!r}" for key in differing
        )
        raise _other_folder(folder, f"holds a cohort simulated with {changes}")
    present = {name for name in files if (folder / name).is_file()}
    changed = [n for n in present if (folder / n).stat().st_size != files[n]]
    if changed:
        names = listed(sorted(changed), most=3)
        raise _other_folder(folder, f"holds files changed since: {names}")
    return bool(found["complete"]) and len(present) == len(files)


def write(
    folder: Path, parameters: dict[str, Any], files: dict[str, int], *, complete: bool
) -> None:
    """Write the manifest, whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        Of the cohort.
    parameters : dict
        Of the simulation.
    files : dict of str to int
        Path relative to `folder` and size in bytes.
    complete : bool
        False at the start of a run, True at its end.
    """
    content = {
        "what": "simulated study of Longate; no real patient",
        "complete": complete,
        "generator": generator_id(),
        "numpy": np.__version__,
        "parameters": parameters,
        "files": dict(sorted(files.items())),
    }
    write_whole(folder / NAME, json.dumps(content, indent=1) + "\n")
