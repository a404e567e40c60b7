"""Files of one tube that differ in what matters: matrix, detectors, instrument."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from longate._validation import listed
from longate.exceptions import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from longate.cytometry.compensation import Compensation
    from longate.cytometry.panel import Channel
    from longate.io.fcs import FcsMetadata

_MOST_NAMED = 5


def differing_files(
    table: Mapping[str, Sequence[Any]],
    metadata: Mapping[int, FcsMetadata],
    compensations: Mapping[int, Compensation | None],
) -> list[tuple[int, str]]:
    """Return the rows that differ from most files of their tube, and how.

    Compared are samples: whether an effective spillover matrix (not the identity) is
    there; detector, fluorochrome and voltage of each marker; cytometer and its serial
    number. Where there is no majority the files before count as the majority. A matrix
    that the sheet names is not compared.

    Parameters
    ----------
    table : mapping of str to sequence
        Columns of the sheet.
    metadata : mapping of int to FcsMetadata
        What the readable files say, by row.
    compensations : mapping of int to Compensation or None
        The matrix of each row.

    Returns
    -------
    list of (int, str)
        Row and what differs, row by row within a tube.
    """
    by_tube: dict[str, list[int]] = {}
    for row in metadata:
        if table["role"][row] == "sample":
            by_tube.setdefault(table["tube"][row], []).append(row)
    found: list[tuple[int, str]] = []
    for rows in by_tube.values():
        by_file = [row for row in rows if not _is_told(table, row)]
        found += _matrices(by_file, compensations)
        found += _markers(rows, metadata)
        found += _instruments(rows, metadata)
    return sorted(found)


def _is_told(table: Mapping[str, Sequence[Any]], row: int) -> bool:
    """Whether the sheet names the matrix of this file, or says that it has none."""
    cells = table.get("compensation")
    text = "" if cells is None else str(cells[row]).strip()
    return text not in ("", "nan", "None", "<NA>", "acquisition")


def is_effective(matrix: Compensation | None) -> bool:
    """Return whether a matrix changes anything."""
    return matrix is not None and not matrix.is_identity


def require_matrices(
    table: Mapping[str, Sequence[Any]],
    metadata: Mapping[int, FcsMetadata],
    compensations: Mapping[int, Compensation | None],
) -> None:
    """Refuse a study of which a sample has no effective spillover matrix.

    Raises
    ------
    StudyError
        The files are named.
    """
    lacking = [
        str(metadata[row].path)
        for row in metadata
        if table["role"][row] == "sample" and not is_effective(compensations[row])
    ]
    if lacking:
        msg = (
            f"compensation='require', and {len(lacking)} samples have no spillover "
            f"matrix, or the identity: {listed(lacking, most=_MOST_NAMED)}; name one "
            "in the column compensation of the sheet, or 'none' without 'require'"
        )
        raise StudyError(msg)


def _odd_ones(
    rows: Sequence[int], of: Callable[[int], Hashable]
) -> Iterator[tuple[int, Any, Any]]:
    """Yield the rows that differ from most: row, its value, and that of most."""
    values = {row: of(row) for row in rows}
    counted = Counter(value for value in values.values() if value is not None)
    if len(counted) < 2:
        return
    usual = counted.most_common(1)[0][0]
    for row, value in values.items():
        if value is not None and value != usual:
            yield row, value, usual


def _matrices(
    rows: Sequence[int], compensations: Mapping[int, Compensation | None]
) -> Iterator[tuple[int, str]]:
    words = {
        True: "it has a spillover matrix; most files of its tube have none",
        False: "it has no spillover matrix, or the identity; most files of its tube "
        "have one",
    }
    for row, own, _ in _odd_ones(rows, lambda row: is_effective(compensations[row])):
        yield row, words[own]


def _markers(
    rows: Sequence[int], metadata: Mapping[int, FcsMetadata]
) -> Iterator[tuple[int, str]]:
    known = {row: _by_marker(metadata[row]) for row in rows}
    markers = dict.fromkeys(marker for found in known.values() for marker in found)
    told: dict[int, list[str]] = {}
    for marker in markers:
        channels = {row: found.get(marker) for row, found in known.items()}
        for what, of in _PROPERTIES.items():

            def value(row: int, of: Any = of, channels: Any = channels) -> Any:
                return None if channels[row] is None else of(channels[row])

            for row, own, usual in _odd_ones(rows, value):
                words = f"{marker} has the {what} {own!r}, not {usual!r}"
                told.setdefault(row, []).append(words)
                if what == "detector":
                    channels[row] = None  # all else of another detector differs too
    for row, said in told.items():
        more = len(said) - _MOST_NAMED
        end = f", and {more} more" if more > 0 else ""
        listing = "; ".join(said[:_MOST_NAMED])
        yield row, f"unlike most files of its tube, {listing}{end}"


_PROPERTIES: dict[str, Callable[[Channel], Hashable]] = {
    "detector": lambda channel: channel.detector,
    "voltage": lambda channel: _voltage(channel),
}


def _by_marker(metadata: FcsMetadata) -> dict[str, Channel]:
    found: dict[str, Channel] = {}
    for channel in metadata.panel:
        if channel.marker is not None:
            found.setdefault(channel.marker, channel)
    return found


def _voltage(channel: Channel) -> float | None:
    """Return what was recorded; 0 and words say that nothing was."""
    try:
        value = float(channel.voltage or "")
    except ValueError:
        return None
    return value if value > 0 else None


def _instruments(
    rows: Sequence[int], metadata: Mapping[int, FcsMetadata]
) -> Iterator[tuple[int, str]]:
    def told(row: int) -> tuple[str, str] | None:
        of_file = metadata[row]
        pair = (of_file.cytometer or "", of_file.cytometer_serial or "")
        return pair if any(pair) else None

    for row, own, usual in _odd_ones(rows, told):
        names = (" ".join(filter(None, pair)) for pair in (own, usual))
        yield row, "it was acquired on {}, most files of its tube on {}".format(*names)
