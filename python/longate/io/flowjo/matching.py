"""Samples of a workspace matched with FCS files, by scored keys and never by guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from longate._validation import listed
from longate.exceptions import FlowJoError, LongateError
from longate.io.fcs import read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from longate.io.fcs import FcsMetadata
    from longate.io.flowjo.model import WorkspaceSample

SUFFIXES = (".fcs", ".lmd", ".fcs3", ".001")
MOST_FILES = 100_000
"""Folders with more files are refused: the wrong folder was probably given."""


class HasSamples(Protocol):
    """What a workspace has that is matched."""

    @property
    def path(self) -> Path:
        """The file of the workspace."""

    @property
    def samples(self) -> Sequence[WorkspaceSample]:
        """Its samples."""


@dataclass(frozen=True)
class Match:
    """The file of a sample, or why there is none.

    Parameters
    ----------
    sample : WorkspaceSample
        The sample.
    metadata : FcsMetadata or None
        What its file says; None where none or several fit.
    matched_by : str
        The key: ``name in the URI``, ``$FIL``, ``GUID``, ``sample name``, and
        ``+ folder`` where folders decided between several.
    candidates : tuple of Path
        The files that had the key.
    problem : str
        Why there is no file, or what is in doubt.
    """

    sample: WorkspaceSample
    metadata: FcsMetadata | None
    matched_by: str
    candidates: tuple[Path, ...]
    problem: str


@dataclass(frozen=True)
class Matches:
    """All matches of a workspace, and the files that could not be read."""

    matches: tuple[Match, ...]
    unreadable: Mapping[Path, str] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """The matches as a table, see :meth:`Workspace.match`."""
        import pandas as pd

        rows = [
            (
                one.sample.name,
                one.sample.id,
                None if one.metadata is None else str(one.metadata.path),
                one.matched_by,
                len(one.candidates),
                one.problem,
            )
            for one in self.matches
        ]
        columns = ["sample", "id", "file", "matched_by", "candidates", "problem"]
        return pd.DataFrame(rows, columns=columns)


def match_files(workspace: HasSamples, folder: str | Path | None = None) -> Matches:
    """Match the samples of a workspace with the files of a folder.

    Parameters
    ----------
    workspace : Workspace
        Its samples.
    folder : path-like, optional
        Searched with its subfolders; that of the workspace by default.

    Raises
    ------
    FlowJoError
        If there is no such folder.
    """
    root = workspace.path.parent if folder is None else Path(folder)
    if not root.is_dir():
        msg = f"{root} is not a folder"
        raise FlowJoError(msg)
    files: list[Path] = []
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            files.append(path)
        if len(files) > MOST_FILES:
            msg = f"{root} holds more than {MOST_FILES:,} FCS files"
            raise FlowJoError(msg)
    read: dict[Path, FcsMetadata] = {}
    unreadable: dict[Path, str] = {}
    for path in files:
        try:
            read[path] = read_metadata(path)
        except (LongateError, OSError) as error:
            unreadable[path] = str(error)
    index = _Index(read)
    matches = [index.match(sample, unreadable) for sample in workspace.samples]
    return Matches(tuple(_told_of_sharing(matches)), unreadable)


class _Index:
    def __init__(self, read: Mapping[Path, FcsMetadata]) -> None:
        self.read = read
        self.names: dict[str, list[Path]] = {}
        self.fil: dict[str, list[Path]] = {}
        self.guid: dict[str, list[Path]] = {}
        for path, metadata in read.items():
            _add(self.names, path.name, path)
            _add(self.fil, metadata.keywords.get("$FIL", ""), path)
            _add(self.guid, metadata.keywords.get("GUID", ""), path)

    def match(self, sample: WorkspaceSample, unreadable: Mapping[Path, str]) -> Match:
        keys = (
            ("name in the URI", self.names, sample.file),
            ("$FIL", self.fil, sample.keywords.get("$FIL", "")),
            ("GUID", self.guid, sample.keywords.get("GUID", "")),
            ("sample name", self.names, sample.name),
        )
        unfit: list[str] = []
        for key, index, value in keys:
            found = index.get(value.strip().casefold(), []) if value.strip() else []
            reasons = {path: self.unfit(sample, path) for path in found}
            fit = [path for path, reason in reasons.items() if not reason]
            unfit += [f"{p.name}: {reason}" for p, reason in reasons.items() if reason]
            nearest = _nearest(fit, sample.uri)
            if len(nearest) == 1:
                told = f"{key} + folder" if len(fit) > 1 else key
                chosen = self.read[nearest[0]]
                return Match(sample, chosen, told, tuple(found), "")
            if nearest:
                names = listed(map(str, nearest), most=5)
                msg = f"several files fit by {key}: {names}; keep one of them"
                return Match(sample, None, "", tuple(nearest), msg)
        told = "; ".join(dict.fromkeys(unfit))
        broken = [
            f"{path.name} cannot be read: {reason}"
            for path, reason in unreadable.items()
            if path.name.casefold() == sample.file.casefold()
        ]
        told = "; ".join([told, *broken]).strip("; ")
        words = f"no file fits ({told})" if told else f"no file {sample.file!r}"
        return Match(sample, None, "", (), f"{words}; it was at {sample.uri!r}")

    def unfit(self, sample: WorkspaceSample, path: Path) -> str:
        metadata = self.read[path]
        if sample.n_events is not None and metadata.n_events != sample.n_events:
            return (
                f"it has {metadata.n_events:,} events, the workspace has "
                f"{sample.n_events:,}"
            )
        own = {channel.detector.replace("/", "_") for channel in metadata.panel}
        # FlowJo may list compensated columns among the channels of the file.
        made = set(sample.matrix.columns) if sample.matrix else set()
        missing = sorted(set(sample.columns.channels) - own - made)
        if missing:
            return f"it has no channel {listed(missing, most=4)}"
        return ""


def _add(index: dict[str, list[Path]], key: str, path: Path) -> None:
    if key.strip():
        index.setdefault(key.strip().casefold(), []).append(path)


def _nearest(paths: Iterable[Path], uri: str) -> list[Path]:
    """Return the paths that share the most folders with a URI, from the end."""
    wanted = [part.casefold() for part in uri.replace("\\", "/").split("/")[:-1]]

    def shared(path: Path) -> int:
        own = [part.casefold() for part in path.absolute().parts[:-1]]
        number = 0
        for one, other in zip(reversed(own), reversed(wanted), strict=False):
            if one != other:
                break
            number += 1
        return number

    scored = [(shared(path), path) for path in paths]
    best = max((score for score, _ in scored), default=0)
    return [path for score, path in scored if score == best]


def _told_of_sharing(matches: list[Match]) -> list[Match]:
    """Return matches in which samples that have one file say so."""
    by_file: dict[Path, list[str]] = {}
    for one in matches:
        if one.metadata is not None:
            by_file.setdefault(Path(str(one.metadata.path)), []).append(one.sample.name)
    told = []
    for one in matches:
        names = [] if one.metadata is None else by_file[Path(str(one.metadata.path))]
        if len(names) > 1:
            words = f"samples {listed(names)} have this one file"
            one = Match(one.sample, one.metadata, one.matched_by, one.candidates, words)
        told.append(one)
    return told
