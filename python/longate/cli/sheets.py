"""``longate sheet`` and ``longate check``: from a folder to a sheet to a study."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate.cli.options import PROBLEMS, add_command, add_sheet_options, study_of

if TYPE_CHECKING:
    import argparse


def add_sheet(commands: Any) -> None:
    """Add ``longate sheet FOLDER``."""
    parser = add_command(
        commands,
        "sheet",
        summary="propose a sample sheet for a folder of FCS files",
        examples=(
            "  longate sheet raw/\n"
            "  longate sheet raw/ --pattern '{patient} {visit} {tube}' \\\n"
            "      --out study.xlsx\n"
        ),
    )
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--pattern", metavar="PATTERN", help="how names are read")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="csv or xlsx (default: samples.csv in the folder); never replaced "
        "unless --force",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    parser.set_defaults(run=run_sheet)


def run_sheet(arguments: argparse.Namespace) -> int:
    """Draft a sheet, print what was found, and write it."""
    from longate.exceptions import SampleSheetError
    from longate.io.draft_sheet import draft_sheet

    out = arguments.out or Path(arguments.folder).expanduser() / "samples.csv"
    if out.exists() and not arguments.force:
        msg = f"{out} exists and may have been corrected by hand; pass --force or --out"
        raise SampleSheetError(msg)
    draft = draft_sheet(arguments.folder, pattern=arguments.pattern)
    print(repr(draft).partition("\n  .sheet")[0])
    for row in draft.patterns.itertuples():
        print(f"  pattern {row.pattern!r} fits {row.n_files} names, as {row.example}")
    for row in draft.conflicts.itertuples():
        files = f" ({row.files})" if row.files else ""
        print(f"  {row.conflict}: {row.detail}{files}")
    print(f"written: {draft.save(out)}")
    return 0


def add_check(commands: Any) -> None:
    """Add ``longate check SHEET``."""
    parser = add_command(
        commands,
        "check",
        summary="read a study from its sheet and list every problem of its files",
        examples=(
            "  longate check study.csv\n"
            "  longate check study.xlsx --sheet-name Messungen --day-first \\\n"
            "      --column 'Datei=file' --column 'Pat.-Nr.=patient'\n"
        ),
    )
    add_sheet_options(parser)
    parser.set_defaults(run=run_check)


def run_check(arguments: argparse.Namespace) -> int:
    """Print the study, its problems and what its files depart from."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all of it stands in the tables below
        study = study_of(arguments)
    print(repr(study).partition("\n")[0])
    visits = study.samples["visit"].cat.categories
    print(f"  visits: {' < '.join(map(str, visits))}")
    for row in study.problems.itertuples():
        print(f"  {row.file}: {row.problem}")
    diagnosis = getattr(study, "diagnosis", None)
    found = 0 if diagnosis is None else len(diagnosis)
    if diagnosis is not None and found:
        print(diagnosis.to_string(index=False))
    if len(study.problems) or found:
        print(f"{len(study.problems)} problems, {found} violations of the standard")
        return PROBLEMS
    print("no problems")
    return 0
