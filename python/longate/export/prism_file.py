"""Tables for GraphPad Prism: ``.pzfx`` files and CSV."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from longate._label_matching import labels_by_patient, unmatched_limits
from longate._names import is_missing, name_of
from longate._validation import listed, one_of, suggest
from longate._whole_files import whole_file, write_csv
from longate.exceptions import ExportError
from longate.export.source import series_of
from longate.io.workbook import sheet_titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from longate.export.source import Series

LAYOUTS = ("column", "grouped")
_NAMESPACE = "http://graphpad.com/prism/Prism.htm"
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@dataclass(frozen=True, eq=False)
class PrismTable:
    """One data table of a Prism file.

    Attributes
    ----------
    title : str
        What it holds, the unit included.
    layout : {"column", "grouped"}
        ``"column"``: rows are patients, data sets are visits. ``"grouped"``: rows are
        visits, data sets are groups, replicates are patients.
    rows : list of str
        Titles of the rows.
    columns : dict
        For each data set its replicates, each a list of numbers by row.
    replicates : dict
        For each data set the patient behind each replicate.
    """

    title: str
    layout: str
    rows: list[str]
    columns: dict[str, list[list[float]]]
    replicates: dict[str, list[str]]


def prism(
    source: object,
    path: str | Path,
    *,
    value: str | Sequence[str] | None = None,
    populations: str | Sequence[str] | None = None,
    of: str | None = None,
    percent: bool = True,
    groups: object = None,
    layout: str | Sequence[str] | None = None,
    unmatched: str = "error",
) -> list[PrismTable]:
    """Write data tables that GraphPad Prism opens, and return them.

    Parameters
    ----------
    source, value, populations, of, percent
        As in :func:`wide`.
    path : path-like
        ``.pzfx`` (Prism 5 and later), or ``.csv``: one file for each table beside it
        (``<name>_<title>.csv``), in the same layout.
    groups : str, Response or DataFrame, optional
        A column of the table whose values are groups, or labels of patients
        (``patient, label``).
    layout : {"column", "grouped"} or a sequence of them, optional
        ``"column"``: a row per patient, a data set per visit. ``"grouped"``: a row per
        visit, a data set per group, a replicate per patient. By default column tables,
        and grouped ones too where there are groups.
    unmatched : {"error", "drop"}
        What to do with patients who have a label and no rows, or rows and no label.

    Returns
    -------
    list of PrismTable
        In the order of the file.

    Raises
    ------
    ExportError
        If something is not known, a grouped table has no groups, or the suffix is
        another.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> scores = pd.DataFrame(
    ...     {"patient": ["1", "1", "2", "2"], "visit": ["m0", "m6"] * 2,
    ...      "index": [0.5, 0.7, 0.4, 0.4], "arm": ["A", "A", "B", "B"]}
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tables = prism(scores, f"{folder}/s.pzfx", value="index", groups="arm")
    >>> [(table.layout, list(table.columns)) for table in tables]
    [('column', ['m0', 'm6']), ('grouped', ['A', 'B'])]
    """
    chosen = _layouts(layout, groups)
    found = series_of(
        source, value=value, populations=populations, of=of, percent=percent
    )
    tables = []
    for series in found:
        for one in chosen:
            if one == "column":
                tables.append(_column_table(series))
            else:
                tables.append(_grouped_table(series, groups, unmatched))
    path = Path(path).expanduser()
    if path.suffix.lower() == ".pzfx":
        document = _document(tables)
        with whole_file(path) as unfinished:
            document.write(unfinished, encoding="utf-8", xml_declaration=True)
    elif path.suffix.lower() == ".csv":
        _save_csv(tables, path)
    else:
        msg = f"{path.name} must end in .pzfx or .csv"
        raise ExportError(msg)
    return tables


def _layouts(layout: str | Sequence[str] | None, groups: object) -> list[str]:
    if layout is None:
        return ["column"] if groups is None else list(LAYOUTS)
    chosen = [layout] if isinstance(layout, str) else list(layout)
    for one in chosen:
        one_of("layout", one, LAYOUTS, ExportError)
    if "grouped" in chosen and groups is None:
        msg = "layout='grouped' needs groups=, a column or labels of patients"
        raise ExportError(msg)
    return chosen


def _visits(rows: pd.DataFrame) -> list[str]:
    import pandas as pd

    column = rows["visit"]
    seen = list(dict.fromkeys(column.map(name_of)))
    if isinstance(column.dtype, pd.CategoricalDtype):
        order = [name_of(one) for one in column.cat.categories]
        return [name for name in order if name in seen]
    return seen


def _numbers(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    keys = zip(rows["patient"], rows["visit"].map(name_of), strict=True)
    return dict(zip(keys, rows["exported"].tolist(), strict=True))


def _column_table(series: Series) -> PrismTable:
    numbers = _numbers(series.rows)
    patients = list(dict.fromkeys(series.rows["patient"]))
    columns = {
        visit: [[numbers.get((name, visit), float("nan")) for name in patients]]
        for visit in _visits(series.rows)
    }
    return PrismTable(series.title, "column", patients, columns, {})


def _grouped_table(series: Series, groups: object, unmatched: str) -> PrismTable:
    of_patient = _group_of(series.rows, groups, unmatched)
    numbers = _numbers(series.rows)
    visits = _visits(series.rows)
    columns: dict[str, list[list[float]]] = {}
    replicates: dict[str, list[str]] = {}
    for patient in dict.fromkeys(series.rows["patient"]):
        group = of_patient.get(patient)
        if group is None:
            continue
        values = [numbers.get((patient, visit), float("nan")) for visit in visits]
        columns.setdefault(group, []).append(values)
        replicates.setdefault(group, []).append(patient)
    if not columns:
        msg = f"{series.title}: no patient has a group"
        raise ExportError(msg)
    return PrismTable(series.title, "grouped", visits, columns, replicates)


def _group_of(rows: pd.DataFrame, groups: object, unmatched: str) -> dict[str, str]:
    """Return the group of each patient; who has none is left out."""
    if isinstance(groups, str):
        if groups not in rows:
            known = [str(name) for name in rows.columns]
            msg = (
                f"groups={groups!r} is no column; there are {listed(known, most=20)}"
                f"{suggest(groups, known)}"
            )
            raise ExportError(msg)
        pairs = zip(rows["patient"], rows[groups], strict=True)
    else:
        labels = labels_by_patient(groups, "groups", ExportError)
        unmatched_limits(
            labels,
            rows["patient"],
            what="the table",
            error=ExportError,
            unmatched=unmatched,
            stacklevel=4,
        )
        return labels
    found: dict[str, str] = {}
    for patient, group in pairs:
        if is_missing(group):
            continue
        if found.setdefault(patient, str(group)) != str(group):
            msg = f"patient {patient!r} is in two groups: {found[patient]!r}, {group!r}"
            raise ExportError(msg)
    return found


def _document(tables: Sequence[PrismTable]) -> ET.ElementTree[ET.Element]:
    """Return a Prism file; its elements are those that Prism 5 writes."""
    root = ET.Element(
        "GraphPadPrismFile", {"xmlns": _NAMESPACE, "PrismXMLVersion": "5.00"}
    )
    created = ET.SubElement(root, "Created")
    ET.SubElement(
        created,
        "OriginalVersion",
        {
            "CreatedByProgram": "Longate",
            "CreatedByVersion": metadata.version("longate"),
        },
    )
    sequence = ET.SubElement(root, "TableSequence")
    for at in range(len(tables)):
        selected = {"Selected": "1"} if at == 0 else {}
        ET.SubElement(sequence, "Ref", {"ID": f"Table{at}", **selected})
    for at, table in enumerate(tables):
        root.append(_table_element(table, at))
    ET.indent(root)
    return ET.ElementTree(root)


def _table_element(table: PrismTable, at: int) -> ET.Element:
    grouped = table.layout == "grouped"
    most = max(len(replicates) for replicates in table.columns.values())
    kind = {"ID": f"Table{at}", "XFormat": "none", "EVFormat": "AsteriskAfterNumber"}
    if grouped:
        kind |= {
            "TableType": "TwoWay",
            "YFormat": "replicates",
            "Replicates": str(most),
        }
    else:
        kind |= {"TableType": "OneWay"}
    element = ET.Element("Table", kind)
    _text(ET.SubElement(element, "Title"), table.title)
    titles = ET.SubElement(element, "RowTitlesColumn", {"Width": "81"})
    _cells(ET.SubElement(titles, "Subcolumn"), table.rows)
    for name, replicates in table.columns.items():
        column = ET.SubElement(
            element,
            "YColumn",
            {"Width": "81", "Decimals": "6", "Subcolumns": str(most)},
        )
        _text(ET.SubElement(column, "Title"), name)
        empty = [float("nan")] * len(table.rows)
        for numbers in [*replicates, *[empty] * (most - len(replicates))]:
            _cells(
                ET.SubElement(column, "Subcolumn"),
                ["" if x != x else repr(float(x)) for x in numbers],
            )
    return element


def _cells(parent: ET.Element, texts: Sequence[str]) -> None:
    for text in texts:
        _text(ET.SubElement(parent, "d"), text)


def _text(element: ET.Element, text: str) -> None:
    # XML has no place for control characters.
    element.text = _NOT_IN_XML.sub(" ", text) or None


def _save_csv(tables: Sequence[PrismTable], path: Path) -> None:
    import pandas as pd

    names = {f"{table.title} {table.layout}": table for table in tables}
    for title, table in zip(sheet_titles(names), tables, strict=True):
        columns: dict[str, Any] = {"": table.rows}
        for name, replicates in table.columns.items():
            people = table.replicates.get(name, [""] * len(replicates))
            for patient, numbers in zip(people, replicates, strict=True):
                columns[f"{name} {patient}".strip()] = numbers
        name = f"{path.stem}_{title}.csv"
        write_csv(pd.DataFrame(columns), path.with_name(name))
