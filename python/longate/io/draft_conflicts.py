"""What a person has to decide before a drafted sample sheet is a study."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._columns import groups_of
from longate._names import likeness
from longate._validation import listed
from longate._visits import natural_key
from longate.exceptions import FcsError
from longate.io.draft_rows import patient_of
from longate.io.fcs_layout import read_layout
from longate.io.fcs_rewrite import event_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from longate.io.fcs import FcsMetadata

_FIRST_BYTES = 4096
COLUMNS = ["conflict", "files", "detail"]
"""The table of conflicts."""

_KEYS = ["patient", "visit", "tube"]
_Found = tuple[str, list[int], str]


def find_conflicts(
    sheet: pd.DataFrame,
    names: Sequence[str],
    metadata: Mapping[int, FcsMetadata],
    notes: Iterable[tuple[str, int, str]],
) -> list[dict[str, str]]:
    """Return the conflicts of a drafted sheet.

    Parameters
    ----------
    sheet : DataFrame
        The draft; its index numbers the files.
    names : sequence of str
        Names of the files, below the folder.
    metadata : mapping of int to FcsMetadata
        What the legible files say.
    notes : iterable of (str, int, str)
        Kind, index of the file and detail of what was noticed on single files.

    Returns
    -------
    list of dict
        ``conflict, files`` (joined by ``"; "``), ``detail``; the gravest kinds first.
    """
    gathered: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kind, index, detail in notes:
        gathered[kind, detail].append(index)
    found: list[_Found] = [
        (kind, indices, detail) for (kind, detail), indices in gathered.items()
    ]
    samples = sheet[sheet["role"] == "sample"]
    found += _missing_cells(samples)
    found += _several_files(samples)
    found += _same_events(metadata)
    found += _no_events(sheet)
    found += _missing_parts(samples)
    found += _several_dates(samples)
    found += _several_cytometers(sheet, metadata)
    found += _panels(samples, metadata)
    order = list(dict.fromkeys(["unreadable", "missing cell", "several files"]))
    found.sort(key=lambda one: order.index(one[0]) if one[0] in order else len(order))
    return [
        {
            "conflict": kind,
            "files": "; ".join(names[index] for index in indices),
            "detail": detail,
        }
        for kind, indices, detail in found
    ]


def conflicts_of_study(
    sheet: Mapping[str, Sequence[Any]], metadata: Mapping[int, FcsMetadata]
) -> list[tuple[list[int], str]]:
    """Return what the files of a sheet contradict: rows, and what is in doubt.

    The same events under several names, and keywords that name the patient of another
    row. Names that differ throughout, as pseudonyms do, are no contradiction. Only
    files with equal numbers of events are compared.

    Parameters
    ----------
    sheet : mapping of str to sequence
        Columns of the sheet.
    metadata : mapping of int to FcsMetadata
        What the readable files say, by row.
    """
    found = [(indices, detail) for _, indices, detail in _same_events(metadata)]
    return found + _other_patients(sheet, metadata)


def _other_patients(
    sheet: Mapping[str, Sequence[Any]], metadata: Mapping[int, FcsMetadata]
) -> list[tuple[list[int], str]]:
    """Return rows whose keyword names another patient than their patient's usual."""
    said: dict[int, tuple[str, str]] = {}
    for row, of_file in metadata.items():
        patient, name = sheet["patient"][row], patient_of(of_file.keywords)
        if sheet["role"][row] == "sample" and patient and name:
            said[row] = likeness(patient), likeness(name)
    pairs = Counter(said.values())
    usual: dict[str, str] = {}
    for (patient, name), _ in pairs.most_common():
        usual.setdefault(patient, name)
    found = []
    for row, (patient, name) in said.items():
        theirs = [other for other, one in usual.items() if one == name]
        if name in patient or patient in name or theirs == [patient]:
            continue
        # The keyword may hold a person's name: it is not repeated.
        words = (
            f"a keyword of the file names another patient than other files of "
            f"{sheet['patient'][row]!r} do"
            if name != usual[patient]
            else f"a keyword of the file names the patient of other rows than "
            f"{sheet['patient'][row]!r}"
        )
        found.append(([row], words))
    return found


def _missing_cells(samples: pd.DataFrame) -> Iterator[_Found]:
    for column in _KEYS:
        blank = samples.index[samples[column] == ""]
        if len(blank):
            yield "missing cell", list(blank), f"{column} is not known"


def _several_files(samples: pd.DataFrame) -> Iterator[_Found]:
    whole = samples[(samples[_KEYS] != "").all(axis=1)]
    for (patient, visit, tube), rows in groups_of(whole, _KEYS):
        if len(rows) > 1:
            detail = (
                f"{len(rows)} files of {patient} {visit} {tube}: runs are numbered by "
                "time; exclude one with a reason, or choose runs= in read_study"
            )
            yield "several files", list(rows.index), detail


def _same_events(metadata: Mapping[int, FcsMetadata]) -> Iterator[_Found]:
    """Only files of one shape are read, so that most folders cost nothing."""
    shapes: dict[Any, list[int]] = defaultdict(list)
    for index, of_file in metadata.items():
        if of_file.n_events:
            shapes[of_file.n_events, of_file.panel.channels].append(index)
    for alike in shapes.values():
        hashes: dict[bytes, list[int]] = defaultdict(list)
        for index in alike if len(alike) > 1 else ():
            begin = _first_bytes(metadata[index])
            if begin:
                hashes[begin].append(index)
        for same in hashes.values():
            whole: dict[str, list[int]] = defaultdict(list)
            for index in same if len(same) > 1 else ():
                whole[_event_hash(metadata[index])].append(index)
            for digest, ones in whole.items():
                if digest and len(ones) > 1:
                    yield "same events", ones, "one measurement under several names"


def _first_bytes(metadata: FcsMetadata) -> bytes:
    """Return how the events begin, which mostly tells files apart; empty if unknown."""
    data = metadata.segments.get("data")
    if not isinstance(data, tuple):
        return b""
    begin, end = data
    try:
        with Path(str(metadata.path)).open("rb") as file:
            file.seek(begin)
            return file.read(min(end - begin, _FIRST_BYTES))
    except OSError:
        return b""


def _event_hash(metadata: FcsMetadata) -> str:
    """Return the hash of the events; blank if they cannot be read."""
    path = Path(str(metadata.path))
    try:
        ranges = [part for one in read_layout(path) for part in one.data]
        return event_hash(path, ranges)
    except (FcsError, OSError):
        return ""


def _no_events(sheet: pd.DataFrame) -> Iterator[_Found]:
    empty = sheet.index[sheet["n_events"].fillna(1) == 0]
    if len(empty):
        yield "no events", list(empty), "$TOT is 0"


def _missing_parts(samples: pd.DataFrame) -> Iterator[_Found]:
    """Name the tube or visit that most others have."""
    whole = samples[(samples[_KEYS] != "").all(axis=1)]
    for group, part in ((["patient", "visit"], "tube"), (["patient"], "visit")):
        has = {key: set(rows[part]) for key, rows in groups_of(whole, group)}
        counts = Counter(one for parts in has.values() for one in parts)
        often = [one for one, n in counts.items() if 2 * n > len(has)]
        usual = sorted(often, key=natural_key)
        for key, parts in has.items():
            lacking = [one for one in usual if one not in parts]
            if lacking:
                where = " ".join(str(one) for one in key)
                yield "missing part", [], f"{where} has no {part} {listed(lacking)}"


def _several_dates(samples: pd.DataFrame) -> Iterator[_Found]:
    known = samples[(samples["visit"] != "") & samples["acquired"].notna()]
    for (patient, visit), rows in groups_of(known, ["patient", "visit"]):
        days = sorted({day.date().isoformat() for day in rows["acquired"]})
        if len(days) > 1:
            detail = f"{patient} {visit} was acquired on {', '.join(days)}"
            yield "several dates", list(rows.index), detail


def _several_cytometers(
    sheet: pd.DataFrame, metadata: Mapping[int, FcsMetadata]
) -> Iterator[_Found]:
    indices: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index in metadata:
        key = (sheet["cytometer"][index], sheet["serial"][index])
        indices[key].append(index)
    if len(indices) > 1:
        ordered = sorted(indices.items(), key=lambda one: -len(one[1]))
        told = [
            f"{name or 'not recorded'} {serial} ({len(of)} files)".replace("  ", " ")
            for (name, serial), of in ordered
        ]
        others = sorted(index for _, of in ordered[1:] for index in of)
        yield "several cytometers", others, ", ".join(told)


def _panels(
    samples: pd.DataFrame, metadata: Mapping[int, FcsMetadata]
) -> Iterator[_Found]:
    """Compare panels and names of tubes: each should tell the other."""
    by_tube: dict[str, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(list))
    by_panel: dict[Any, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index in samples.index:
        tube = samples["tube"][index]
        panel = tuple((c.detector, c.marker or "") for c in metadata[index].panel)
        if tube:
            by_tube[tube][panel].append(index)
            by_panel[panel][tube].append(index)
    for tube, panels in by_tube.items():
        if len(panels) > 1:
            most = max(panels, key=lambda panel: len(panels[panel]))
            others = [p for panel, of in panels.items() if panel != most for p in of]
            detail = f"tube {tube!r} has {len(panels)} panels; these are not the usual"
            yield "several panels", sorted(others), detail
    for tubes in by_panel.values():
        if len(tubes) > 1:
            indices = sorted(index for of in tubes.values() for index in of)
            detail = f"one panel under the tubes {listed(tubes)}"
            yield "several tubes", indices, detail
