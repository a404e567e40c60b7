"""Spillover matrices as text: CSV, TSV, R's tables and FlowJo's."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from longate._validation import cut, listed
from longate.cytometry.compensation import Compensation
from longate.cytometry.matrix_input import (
    compensation_of,
    is_no_path,
    register_matrix_reader,
)
from longate.exceptions import SpilloverError
from longate.io.spillover_xml import bare, read_spillover_xml, spillover_from_element

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

MOST_BYTES = 16 * 2**20
"""Larger tables are refused unread."""

_NUMBER = re.compile(
    r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf(inity)?|nan)",
    re.ASCII | re.IGNORECASE,
)
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_PREFIX = re.compile(r"^(FJ)?Comp\d*-", re.IGNORECASE)


def read_compensation(
    path: str | Path | pd.DataFrame,
    *,
    name: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Compensation:
    """Read a spillover matrix from a file of any of the usual forms.

    The content of the file decides its form, not its name:

    - a table of numbers separated by commas, tabs, semicolons or blanks: the first row
      names the detectors; rows may start with the names of the fluorochromes, in any
      order. So write FlowJo (``Comp-FITC-A :: CD3``: prefix and marker are taken off),
      flowCore and R's ``write.table``. Rows without names are in the order of the
      columns. More columns than rows make a matrix of least squares. Between semicolons
      or tabs, numbers may have a decimal comma, as spreadsheets of many countries write
      them;
    - the text form of FlowJo's matrices (title, prefix and suffix, names, numbers);
    - XML: Gating-ML 2.0, FlowJo matrix files and workspaces;
    - an FCS file, whose keyword is taken, also the old ``$COMP`` and ``$DFCiTOj``.

    Parameters
    ----------
    path : path-like, DataFrame or str
        The file; a frame with detectors as columns or the value of ``$SPILLOVER`` are
        taken too.
    name : str, optional
        Which matrix, where a file holds several.
    names : mapping of str to str, optional
        Further names: what is written in the file, and the detector or marker meant.

    Returns
    -------
    Compensation
        With columns in file order.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SpilloverError
        If it is no matrix, with file, line, row and column; if it is singular, or holds
        several matrices and `name` does not say which.

    Examples
    --------
    >>> import longate as lg, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "matrix.csv"
    >>> lines = [",Comp-B-A :: CD3,Comp-Y-A :: CD4", "Comp-B-A,1,0.25", "Comp-Y-A,0,1"]
    >>> _ = path.write_text(chr(10).join(lines))
    >>> lg.read_compensation(path).table.loc["B-A"].tolist()
    [1.0, 0.25]
    """
    if not isinstance(path, Path) and is_no_path(path):
        found = compensation_of(path, "the matrix")
        if found is None:
            msg = "None is no matrix and no path of one"
            raise SpilloverError(msg)
        return _renamed(found, names)
    with Path(path).open("rb") as file:
        start = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"FCS"):
        return _from_fcs(path, names)
    if start.startswith(b"<") and not start.startswith(b"<\t"):
        return _from_xml(path, name, names)
    return _from_text(path, names)


def _from_fcs(path: str | Path, names: Mapping[str, str] | None) -> Compensation:
    from longate.cytometry.file_spillover import (
        legacy_compensation,
        stated_compensation,
    )
    from longate.io.fcs import read_metadata

    metadata = read_metadata(path)
    try:
        found = stated_compensation(metadata.spillover, metadata.panel)
        found = found or legacy_compensation(metadata.keywords, metadata.panel)
    except SpilloverError as error:
        msg = f"{path}: {error}"
        raise SpilloverError(msg) from None
    if found is None:
        msg = f"{path} has no keyword with a spillover matrix that changes anything"
        raise SpilloverError(msg)
    return _renamed(found[1], names)


def _from_xml(
    path: str | Path, name: str | None, names: Mapping[str, str] | None
) -> Compensation:
    elements = read_spillover_xml(path)
    if name is not None:
        elements = [pair for pair in elements if pair[0] == name]
        if not elements:
            known = [title for title, _ in read_spillover_xml(path)]
            msg = f"{path} has no matrix {name!r}; it has {listed(known)}"
            raise SpilloverError(msg)
    try:
        found = {
            matrix: title
            for title, element in reversed(elements)
            for matrix in [spillover_from_element(element, names=names)]
        }
    except SpilloverError as error:
        msg = f"{path}: {error}"
        raise SpilloverError(msg) from None
    if len(found) > 1:
        msg = (
            f"{path} holds {len(found)} different matrices; say which by name=: "
            f"{listed(reversed(found.values()))}"
        )
        raise SpilloverError(msg)
    return next(iter(found))


def _from_text(path: str | Path, names: Mapping[str, str] | None) -> Compensation:
    with Path(path).open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        if len(data) > MOST_BYTES:
            msg = (
                f"it has more than {MOST_BYTES // 2**20} MB, more than a matrix should"
            )
            raise SpilloverError(msg)
        return _renamed(_parse(data), names)
    except SpilloverError as error:
        msg = f"the spillover matrix {path} cannot be used: {error}"
        raise SpilloverError(msg) from None


def _renamed(matrix: Compensation, names: Mapping[str, str] | None) -> Compensation:
    have = {*matrix.fluorochromes, *matrix.detectors}
    return matrix.renamed(
        {old: new for old, new in (names or {}).items() if old in have}
    )


@dataclass(frozen=True)
class _Line:
    """The fields of a line, and its number in the file."""

    number: int
    fields: list[str]


def _parse(data: bytes) -> Compensation:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    written = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if not line.isspace() and line
    ]
    semicolons = _has_semicolons([line for _, line in written])
    lines = [
        _Line(number, fields)
        for number, line in written
        if any(fields := _fields(line, semicolons=semicolons))
    ]
    if semicolons or "\t" in text:
        lines = _with_points(lines)
    prefix = suffix = ""
    if _is_flowjo(lines):
        around = [*lines[1].fields, "", ""]
        prefix, suffix = around[0], around[1]
        lines = lines[2:]
    if len(lines) < 2:
        msg = (
            "it is no table of numbers: it needs a row of names and one per "
            "fluorochrome"
        )
        raise SpilloverError(msg)
    return _matrix(lines[0].fields, lines[1:], prefix, suffix)


def _has_semicolons(lines: list[str]) -> bool:
    """Say whether semicolons separate, where commas are in names and numbers."""
    counts = [line.count(";") for line in lines if line.strip("; \t")]
    if len(counts) < 2 or any("\t" in line for line in lines):
        return False
    width = counts[1]
    return width > 0 and counts[0] in (width, width - 1) and set(counts[1:]) == {width}


def _with_points(lines: list[_Line]) -> list[_Line]:
    """Return numbers with a decimal comma as others are written.

    Raises
    ------
    SpilloverError
        If some have a point and others a comma.
    """
    every = [field for line in lines[1:] for field in line.fields]
    with_comma = [field for field in every if _WITH_COMMA.fullmatch(field)]
    if not with_comma:
        return lines
    with_point = [field for field in every if "." in field and _is_number(field)]
    if with_point:
        msg = (
            f"it has numbers with a decimal comma, as {cut(with_comma[0])}, and others "
            f"with a point, as {cut(with_point[0])}; write all of them in one way"
        )
        raise SpilloverError(msg)
    return [
        _Line(
            line.number,
            [
                field.replace(",", ".") if _WITH_COMMA.fullmatch(field) else field
                for field in line.fields
            ],
        )
        for line in lines
    ]


def _fields(line: str, *, semicolons: bool) -> list[str]:
    for delimiter in ";" if semicolons else "\t,;":
        if delimiter in line:
            break
    else:
        delimiter, line = " ", re.sub(r"\s+", " ", line.strip())
    return [
        field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])
    ]


def _is_flowjo(lines: list[_Line]) -> bool:
    """Say whether title and prefix come before the names: FlowJo's text form."""
    if len(lines) < 4 or len(lines[1].fields) > 2:
        return False
    width = len(lines[2].fields)
    fits = len(lines) == 3 + width and len(lines[3].fields) == width
    return fits and _is_number(lines[3].fields[0])


def _is_number(field: str) -> bool:
    # Python alone reads 1_0 as a number.
    return _NUMBER.fullmatch(field) is not None


def _matrix(
    header: list[str], body: list[_Line], prefix: str, suffix: str
) -> Compensation:
    width = len(body[0].fields)
    for line in body:
        if len(line.fields) != width:
            msg = (
                f"line {line.number} has {len(line.fields)} fields where line "
                f"{body[0].number} has {width}"
            )
            raise SpilloverError(msg)
    named = len(header) == width - 1 or not all(_is_number(x.fields[0]) for x in body)
    columns = header[1:] if named and len(header) == width else header
    if len(columns) != width - named:
        msg = f"its first row has {len(header)} names for {width - named} columns"
        raise SpilloverError(msg)
    columns = [_bare(column, prefix, suffix) for column in columns]
    rows = [_bare(line.fields[0], prefix, suffix) for line in body] if named else []
    if rows == [str(number) for number in range(1, len(rows) + 1)]:
        rows = []  # R's row names, when there were none
    if not rows and len(body) == len(columns):
        rows = columns
    shown = rows or [f"of line {line.number}" for line in body]
    table = [
        [
            _entry(field, row, column, line.number)
            for column, field in zip(columns, line.fields[named:], strict=True)
        ]
        for row, line in zip(shown, body, strict=True)
    ]
    return _assembled(table, rows, columns)


def _assembled(
    table: list[list[float]], rows: list[str], columns: list[str]
) -> Compensation:
    if not rows:
        msg = (
            f"it has {len(table)} rows without names for {len(columns)} columns; give "
            "each row the name of its fluorochrome"
        )
        raise SpilloverError(msg)
    if sorted(rows) == sorted(columns):
        return Compensation([table[rows.index(name)] for name in columns], columns)
    shared = set(rows) & set(columns)
    if len(rows) == len(columns) and (shared or len(rows) == 1):
        msg = f"its rows are {listed(rows)}, its columns {listed(columns)}"
        raise SpilloverError(msg)
    return Compensation(table, columns, rows)


def _bare(name: str, prefix: str, suffix: str) -> str:
    """Return a detector's name out of ``Comp-FITC-A :: CD3``."""
    name = bare(name.split(" :: ")[0].strip(), prefix, suffix)
    return _PREFIX.sub("", name) or name


def _entry(field: str, row: str, column: str, line: int) -> float:
    if _is_number(field):
        return float(field)
    found = cut(field) if field else "nothing"
    msg = (
        f"it is no table of numbers: row {cut(row)}, column {cut(column)} (line "
        f"{line}) holds {found}"
    )
    raise SpilloverError(msg)


register_matrix_reader(read_compensation)
