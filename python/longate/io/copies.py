"""Which file is copied where, and under which name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from longate.exceptions import FcsError
from longate.io.told_names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def fcs_files(folder: Path) -> list[Path]:
    """Return the FCS files below a folder, told by their first bytes, in name order."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            try:
                with path.open("rb") as file:
                    is_fcs = file.read(3) == b"FCS"
            except OSError:
                is_fcs = path.suffix.lower() in (".fcs", ".lmd")
            if is_fcs:
                found.append(path)
    return found


@dataclass(frozen=True)
class Job:
    """One file to copy.

    Parameters
    ----------
    source : Path
        The file.
    name : str
        Its name below the folder that is copied.
    target : Path
        The copy.
    new_name : str
        Its name below the folder that is written.
    """

    source: Path
    name: str
    target: Path
    new_name: str


def plan_copies(
    src: str | Path | Sequence[str | Path],
    dst: Path,
    mapping: Mapping[str, str],
    names: Mapping[str, str] | Callable[[str], str] | None,
) -> list[Job]:
    """Return what is copied where, see :func:`longate.deidentify`.

    Raises
    ------
    FcsError
        If two copies would have one name, a copy would replace a source, or `dst` lies
        in a folder that is copied.
    """
    folder, sources = None, []
    if not isinstance(src, str | Path):
        sources = [Path(one) for one in src]
    elif Path(src).is_dir():
        folder, sources = Path(src), fcs_files(Path(src))
        if dst.resolve().is_relative_to(folder.resolve()):
            msg = f"dst {dst} must lie outside of the folder src"
            raise FcsError(msg)
    else:
        sources = [Path(src)]
        if not dst.is_dir():
            return _checked([Job(sources[0], sources[0].name, dst, dst.name)])
    replaced = Names(mapping).replace
    jobs = []
    for source in sources:
        parts = source.relative_to(folder).parts[:-1] if folder else ()
        if callable(names):
            name = names(source.name)
        else:
            name = (names or {}).get(source.name, replaced(source.name))
        if not name or Path(name).name != name:
            msg = f"file_names gives {name!r}, which is no name of a file"
            raise FcsError(msg)
        new_name = "/".join([*map(replaced, parts), name])
        old_name = "/".join([*parts, source.name])
        jobs.append(Job(source, old_name, dst / new_name, new_name))
    return _checked(jobs)


def _checked(jobs: list[Job]) -> list[Job]:
    """Refuse two copies of one name, and a copy that would replace a source."""
    targets: set[Path] = set()
    sources = {job.source.resolve() for job in jobs}
    for job in jobs:
        target = job.target.resolve()
        if target in targets:
            msg = (
                f"several copies would have the name {job.new_name!r}; give file_names"
            )
            raise FcsError(msg)
        if target in sources:
            msg = "a copy would replace a source; give another dst"
            raise FcsError(msg)
        targets.add(target)
    return jobs
