"""Wide tables: a row per patient, a column per visit, as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._names import name_of
from longate._validation import listed, suggest
from longate._whole_files import write_csv
from longate.exceptions import ExportError
from longate.export.source import Series, series_of
from longate.io.workbook import save_xlsx, sheet_titles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


@dataclass(frozen=True, repr=False)
class WideTables:
    """Wide tables by title, made by :func:`wide`.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By what they hold, the unit included.
    """

    tables: Mapping[str, pd.DataFrame]

    def __repr__(self) -> str:
        lines = [
            f"  {title}: {len(table)} rows x {len(table.columns)} columns"
            for title, table in list(self.tables.items())[:12]
        ]
        more = len(self.tables) - len(lines)
        if more > 0:
            lines.append(f"  and {more} more")
        return (
            f"WideTables · {len(self.tables)} tables\n"
            + "\n".join(lines)
            + "\n  [title]  .tables  .save(path)"
        )

    def __len__(self) -> int:
        """Return the number of tables."""
        return len(self.tables)

    def __getitem__(self, title: str) -> pd.DataFrame:
        """Return a table by its title, or by the name before its unit."""
        if title in self.tables:
            return self.tables[title]
        alike = [key for key in self.tables if key.startswith(f"{title} (")]
        if len(alike) == 1:
            return self.tables[alike[0]]
        msg = (
            f"no table {title!r}; there are {listed(self.tables)}"
            f"{suggest(title, self.tables)}"
        )
        raise ExportError(msg)

    def save(self, path: str | Path) -> Path:
        """Write the tables.

        Parameters
        ----------
        path : path-like
            ``.xlsx`` with a sheet for each table, or ``.csv``: one file, or one for
            each of several tables beside it (``<name>_<title>.csv``). Existing files
            are replaced.

        Raises
        ------
        ExportError
            If the suffix is another.
        """
        path = Path(path).expanduser()
        if path.suffix.lower() == ".xlsx":
            save_xlsx(path, self.tables, number_format="0.00##")
        elif path.suffix.lower() == ".csv":
            several = len(self.tables) > 1
            for title, table in zip(
                sheet_titles(self.tables), self.tables.values(), strict=True
            ):
                name = f"{path.stem}_{title}.csv" if several else path.name
                write_csv(table, path.with_name(name))
        else:
            msg = f"{path.name} must end in .xlsx or .csv"
            raise ExportError(msg)
        return path


def wide(
    source: object,
    *,
    rows: str | Sequence[str] = "patient",
    columns: str | None = "visit",
    value: str | Sequence[str] | None = None,
    populations: str | Sequence[str] | None = None,
    of: str | None = None,
    percent: bool = False,
    names: Mapping[str, str] | None = None,
) -> WideTables:
    """Return a table per population or value: patients by visits.

    Parameters
    ----------
    source : Populations, a result with a ``.table``, or DataFrame
        Tidy rows with ``patient`` and ``visit``.
    rows : str or sequence of str
        The columns that make a row: ``"patient"``, or ``["patient", "visit"]`` with
        ``columns=None``. Further columns of the sheet may be named too.
    columns : str or None
        What becomes columns: ``"visit"``; None puts all populations and values beside
        each other in one table.
    value : str or sequence of str, optional
        The number: ``"fraction"`` of populations by default, ``"n_events"``,
        ``"index"`` of scores, or any column.
    populations : str or sequence of str, optional
        Paths or unique names; by default all.
    of : str, optional
        An ancestor: shares are of it, instead of the parent.
    percent : bool
        Whether shares are in percent.
    names : mapping of str to str, optional
        The user's own names of columns and visits, ``{"patient": "Pat.-Nr."}``.

    Returns
    -------
    WideTables
        With ``.tables`` by title and ``.save(path)``. Headings have the unit; a
        patient without a value at a visit has an empty cell.

    Raises
    ------
    ExportError
        If a column or population is not known, or patient-visits repeat.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame(
    ...     {"patient": ["007", "007"], "visit": ["m0", "m6"], "index": [0.5, 0.75]}
    ... )
    >>> wide(scores, value="index", names={"patient": "Pat.-Nr."})["index"]
      Pat.-Nr.  m0 (0 to 1)  m6 (0 to 1)
    0      007          0.5         0.75
    """
    found = series_of(
        source, value=value, populations=populations, of=of, percent=percent
    )
    own = dict(names or {})
    keys = [rows] if isinstance(rows, str) else list(rows)
    for series in found[:1]:
        for key in [*keys, *([columns] if columns else [])]:
            if key not in series.rows:
                known = [str(name) for name in series.rows.columns]
                msg = (
                    f"{key!r} is no column; there are {listed(known, most=20)}"
                    f"{suggest(key, known)}"
                )
                raise ExportError(msg)
    if columns is None:
        return WideTables({"all": _beside(found, keys, own)})
    return WideTables({one.title: _spread(one, keys, columns, own) for one in found})


def _spread(
    series: Series, keys: list[str], columns: str, names: Mapping[str, str]
) -> pd.DataFrame:
    """Return one quantity with a column for each visit, in their order."""
    import pandas as pd

    table = series.rows
    kept = [column for column in keys if column != columns]
    levels = _levels(table[columns])
    text = table[columns].map(name_of)
    repeated = pd.concat([table[kept], text.rename("_column")], axis=1).duplicated()
    if repeated.any():
        msg = (
            f"{series.title}: rows={keys!r} and columns={columns!r} do not tell all "
            f"rows apart; add a column to rows="
        )
        raise ExportError(msg)
    found = table[kept].drop_duplicates().reset_index(drop=True)
    for level in levels:
        part = table[text == level]
        at = part[kept].assign(_number=part["exported"].to_numpy())
        merged = found.merge(at, on=kept, how="left")
        unit = f" ({series.unit})" if series.unit else ""
        found[f"{names.get(level, level)}{unit}"] = merged["_number"].to_numpy()
    return _named(found, kept, names)


def _beside(
    found: Sequence[Series], keys: list[str], names: Mapping[str, str]
) -> pd.DataFrame:
    """Return all quantities side by side, a row for each patient and visit."""
    joined: Any = None
    for series in found:
        if series.rows.duplicated(keys).any():
            msg = f"{series.title}: rows={keys!r} do not tell all rows apart; add one"
            raise ExportError(msg)
        part = series.rows[[*keys, "exported"]].rename(
            columns={"exported": series.title}
        )
        joined = part if joined is None else joined.merge(part, on=keys, how="outer")
    return _named(joined.sort_values(keys, ignore_index=True), keys, names)


def _levels(column: pd.Series) -> list[str]:
    import pandas as pd

    seen = set(column.dropna().map(name_of))
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [name for name in map(name_of, column.cat.categories) if name in seen]
    return list(dict.fromkeys(column.dropna().map(name_of)))


def _named(
    table: pd.DataFrame, keys: list[str], names: Mapping[str, str]
) -> pd.DataFrame:
    return table.rename(columns={key: names.get(key, key) for key in keys})
