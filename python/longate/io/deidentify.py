"""De-identify: copies of FCS files that no longer say who the patient is."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._columns import frame_of
from longate.exceptions import FcsError, FileWarning, LongateError, PrivacyWarning
from longate.io.copies import Job, plan_copies
from longate.io.copy_checks import Wanted, write_copy
from longate.io.fcs import read_metadata
from longate.io.fcs_layout import DataSet, read_layout
from longate.io.fcs_rewrite import (
    OTHER_BYTES,
    Key,
    Plan,
    plan_copy,
)
from longate.io.identifying import Change, Rules, is_text, secrets_of
from longate.io.told_names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd


_REPORT = ["file", "data_set", "segment", "keyword", "action"]
_FILES = ["source", "file", "n_events", "data_sets", "data_sha256"]


@dataclass(frozen=True, repr=False)
class Deidentified:
    """What was changed in which copy; never what stood there.

    Made by :func:`deidentify`.

    Parameters
    ----------
    table : DataFrame
        One row per keyword that was touched, or kept though it is identifying:
        ``file`` (the copy), ``data_set`` (from 1), ``segment, keyword, action``.
    unlisted : DataFrame
        Keywords in words that were left as they are: ``keyword, n_files``. Read this
        list once per kind of cytometer, and name in ``also`` what may identify.
    files : DataFrame
        ``source, file, n_events, data_sets, data_sha256``. With the names of the
        sources it is the key to the pseudonyms: keep it apart from the copies.
    problems : DataFrame
        Files of which no copy was written: ``source, problem``.
    unjudged : DataFrame
        The keywords of `unlisted`, file by file: ``file, data_set, segment, keyword``.
    """

    table: pd.DataFrame = field(compare=False)
    unlisted: pd.DataFrame = field(compare=False)
    files: pd.DataFrame = field(compare=False)
    problems: pd.DataFrame = field(compare=False)
    unjudged: pd.DataFrame = field(compare=False)

    def __repr__(self) -> str:
        """Count; names of sources are not shown."""
        changed = self.table[self.table["action"] != "kept"]
        problems = f" · {len(self.problems)} problems" if len(self.problems) else ""
        return (
            f"Deidentified · {len(self.files)} files · "
            f"{len(changed)} values changed · "
            f"{len(self.unlisted)} other keywords left{problems}\n"
            "  .table  .unlisted  .files (the key: keep it apart)  .problems"
        )


def deidentify(
    src: str | Path | Sequence[str | Path],
    dst: str | Path,
    *,
    keep: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    shift_dates: int | Mapping[str, int] | None = None,
    also: Sequence[str] = (),
    names: Sequence[str] = (),
    file_names: Mapping[str, str] | Callable[[str], str] | None = None,
) -> Deidentified:
    """Write copies of FCS files without what tells who the patient is.

    Values of identifying keywords become ``"removed"`` (FCS forbids empty ones) or a
    pseudonym; a value that is blanked in one keyword is also looked for in all others
    that hold words. ``$FIL`` becomes the name of the copy. Events, channels, order,
    delimiter and everything else keep their bytes: the SHA-256 of the DATA segments of
    source and copy is compared, and the copy read back, before it gets its name. Then
    it is searched byte by byte for every name of `mapping` and `names`, in the case,
    accents and encodings that can occur; a copy that holds one is not written.

    Parameters
    ----------
    src : path-like or sequence of path-like
        A file, several, or a folder: all FCS files in it, whatever their suffix;
        other files are not copied.
    dst : path-like
        A file for one file (or an existing folder), else a folder outside of `src`. A
        file that exists is replaced, a source never.
    keep : sequence of str
        Keywords that stay, as patterns, such as ``"TUBE NAME"`` or ``"*PLATE*"``;
        ``"(other bytes)"`` keeps bytes outside of all segments, which vendors use for
        protocols and which are blanked otherwise.
    mapping : mapping of str to str, optional
        Name or number of a patient -> pseudonym. An identifying keyword with exactly
        one of them (as a whole word, whatever the case) becomes the pseudonym, and
        nothing else of it stays; in names of files and folders it is replaced.
    shift_dates : int or mapping of str to int, optional
        Days by which dates move, for all files, or by patient as in `mapping`; each
        file must then name exactly one of them. Dates that cannot be read for certain
        are blanked. Clock times stay. By default dates stay.
    also : sequence of str
        Patterns of further identifying keywords, beside
        :data:`longate.io.identifying.IDENTIFYING_KEYWORDS`.
    names : sequence of str
        Further names, numbers or words that may stand nowhere in the copies: of
        patients, physicians, wards. They become ``"removed"``.
    file_names : mapping of str to str, or callable, optional
        New names of files, from the old ones, instead of replacing as in `mapping`.

    Returns
    -------
    Deidentified
        What was changed, without the values.

    Raises
    ------
    FcsError
        If a single file cannot be copied, still holds a told name where it cannot be
        taken out, two copies would have one name, `dst` is or
        lies in `src`, or nothing could be copied.
    FileNotFoundError
        If there is no such file or folder.

    Warns
    -----
    FileWarning
        If some of several files could not be copied, or the name of a copy repeats what
        was taken out of its keywords.

    Notes
    -----
    Every data set of a file is treated, and TEXT, supplemental TEXT and ANALYSIS alike.
    Of the latter two, what is not made of keywords is removed. A checksum behind the
    last segment becomes ``00000000``, "not computed". Events themselves, rare
    combinations of markers and dates, and pictures beside the files are not treated:
    this makes files pseudonymous, not anonymous.

    Examples
    --------
    >>> lg.deidentify("raw", "shared", mapping={"MUELLER": "P07"})  # doctest: +SKIP
    """
    looked_for = names if isinstance(names, str) else tuple(names)
    rules = Rules(
        tuple(also), tuple(keep), dict(mapping or {}), shift_dates, names=looked_for
    )
    jobs = plan_copies(src, Path(dst), rules.told, file_names)
    alone = isinstance(src, str | Path) and not Path(src).is_dir()
    files, problems, told = [], [], []
    for job in jobs:
        try:
            row, of_file = _copy_file(job, rules)
        except (LongateError, OSError, MemoryError) as error:
            if alone:
                raise
            problems.append((str(job.source), str(error)))
        else:
            files.append(row)
            told.append(of_file)
    if not files:
        found = f"; the first says: {problems[0][1]}" if problems else ""
        msg = f"no FCS file could be copied ({len(problems)} failed){found}"
        raise FcsError(msg)
    _warn_of(len(problems), sum(one.name_tells for one in told))
    return _result(told, files, problems)


def _warn_of(n_failed: int, n_telling: int) -> None:
    if n_failed:
        msg = f"{n_failed} files were not copied; see .problems"
        warnings.warn(msg, FileWarning, stacklevel=3)
    if n_telling:
        msg = (
            f"the names of {n_telling} copies repeat what was taken out of their "
            "keywords; replace it by mapping or names"
        )
        warnings.warn(msg, PrivacyWarning, stacklevel=3)


def _result(
    told: Sequence[_Told],
    files: Sequence[tuple[Any, ...]],
    problems: Sequence[tuple[str, str]],
) -> Deidentified:
    import pandas as pd

    left = Counter(keyword for one in told for keyword in one.left)
    return Deidentified(
        frame_of([row for one in told for row in one.rows], _REPORT),
        pd.DataFrame(sorted(left.items()), columns=["keyword", "n_files"]),
        frame_of(files, _FILES),
        frame_of(problems, ["source", "problem"]),
        frame_of([row for one in told for row in one.unjudged], _REPORT[:-1]),
    )


_Changes = dict[Key, dict[int, Change]]
_Keys = dict[Key, dict[int, str]]


def _copy_file(job: Job, rules: Rules) -> tuple[tuple[Any, ...], _Told]:
    """Copy one file; return its row of `files`, and what is told of it."""
    metadata = read_metadata(job.source)
    try:
        layout = read_layout(job.source)
        changes, renamed = _changes(layout, job, rules)
        edits = {
            key: {i: c.value for i, c in found.items() if c.value is not None}
            for key, found in changes.items()
        }
        keep_other = rules.keeps(OTHER_BYTES)
        plan = plan_copy(
            job.source, layout, edits, keep_other=keep_other, renamed=renamed
        )
    except FcsError as error:
        msg = f"{job.source}: {error}"
        raise FcsError(msg) from None
    digest = write_copy(job, layout, plan, Wanted(edits, renamed), rules)
    told = _told_of(layout, changes, renamed, plan, job)
    row = (str(job.source), job.new_name, metadata.n_events, len(layout), digest)
    return row, told


def _changes(
    layout: Sequence[DataSet], job: Job, rules: Rules
) -> tuple[_Changes, _Keys]:
    """Return what becomes of every value, and of every keyword, of a file."""
    texts = {(one.number, p.kind): p.text for one in layout for p in one.texts}
    pairs = {key: text.pairs for key, text in texts.items() if text is not None}
    days = rules.days(job.name, [pair for found in pairs.values() for pair in found])
    name = Path(job.new_name).name
    changes = {key: rules.changes(found, name, days) for key, found in pairs.items()}
    taken: dict[str, str] = {}
    for key, found in pairs.items():
        taken |= secrets_of(found, changes[key])
    renamed: _Keys = {}
    for key, found in pairs.items():
        changes[key] |= rules.repeats(found, changes[key], taken)
        values, keywords = rules.remaining(found, changes[key])
        changes[key] |= values
        renamed[key] = keywords
    return changes, renamed


@dataclass(frozen=True)
class _Told:
    """Rows of the report, keywords that were left, and whether the name tells."""

    rows: list[tuple[Any, ...]]
    unjudged: list[tuple[Any, ...]]
    left: set[str]
    name_tells: bool


def _told_of(
    layout: Sequence[DataSet], changes: _Changes, renamed: _Keys, plan: Plan, job: Job
) -> _Told:
    rows: list[tuple[Any, ...]] = []
    left: set[str] = set()
    unjudged: list[tuple[Any, ...]] = []
    taken: dict[str, str] = {}
    for one in layout:
        for segment in one.texts:
            where = (one.number, segment.kind)
            if segment.text is None:
                rows.append((*where, "(all)", "removed, not made of keywords"))
                continue
            pairs = segment.text.pairs
            taken |= secrets_of(pairs, changes[where])
            for index, (key, value) in enumerate(pairs):
                change = changes[where].get(index)
                key = renamed[where].get(index, key)
                if index in renamed[where]:
                    rows.append((*where, key, "keyword renamed"))
                if change is None and is_text(key, value):
                    left.add(key)
                    unjudged.append((*where, key))
                elif change is not None and change.value != value:
                    rows.append((*where, key, change.action))
        if one.has_crc:
            rows.append((one.number, "", "(checksum)", "zeroed"))
    if plan.hidden_bytes:
        rows.append((1, "", OTHER_BYTES, f"blanked, {plan.hidden_bytes} bytes"))
    tells = bool(Names(taken).meant(job.new_name))
    if tells:
        rows.append((1, "", "(file name)", "kept, repeats a value that was taken out"))
    return _Told(
        [(job.new_name, *row) for row in rows],
        [(job.new_name, *row) for row in unjudged],
        left,
        tells,
    )
