"""Arguments that several subcommands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longate.study.study import Study

EXIT_CODES = """\
exit codes:
  0    done
  1    an error, explained in one line
  2    wrong usage
  3    done, but with problems that need a look (check, gate)
  130  interrupted
"""
PROBLEMS = 3


def natural(text: str) -> int:
    """Return a whole number of zero or more."""
    if text.isascii() and text.isdigit():
        return int(text)
    msg = f"{text!r} is not a whole number of zero or more"
    raise argparse.ArgumentTypeError(msg)


def pair(text: str) -> tuple[str, str]:
    """Return ``NAME=VALUE`` as a pair."""
    name, sign, value = text.partition("=")
    if not sign or not name or not value:
        msg = f"{text!r} is not written as NAME=VALUE"
        raise argparse.ArgumentTypeError(msg)
    return name, value


def add_command(
    commands: Any, name: str, *, summary: str, examples: str
) -> argparse.ArgumentParser:
    """Add a subcommand with examples and exit codes in its help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_sheet_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments by which a sample sheet is read."""
    parser.add_argument("sheet", metavar="SHEET", help="the sample sheet: csv or xlsx")
    group = parser.add_argument_group("how the sheet is read")
    group.add_argument(
        "--column",
        dest="columns",
        action="append",
        type=pair,
        default=[],
        metavar="YOURS=OURS",
        help="a column with another name, such as 'Pat.-Nr.=patient'; may be repeated",
    )
    group.add_argument("--sheet-name", metavar="NAME", help="of a workbook")
    group.add_argument("--header-row", type=natural, metavar="N")
    group.add_argument("--decimal", choices=[".", ","])
    days = group.add_mutually_exclusive_group()
    days.add_argument("--day-first", dest="dayfirst", action="store_true", default=None)
    days.add_argument("--month-first", dest="dayfirst", action="store_false")
    days.add_argument("--date-format", metavar="FORMAT", help="such as '%%d %%b %%Y'")
    group.add_argument("--encoding", metavar="NAME", help="of a text file")
    group.add_argument("--root", metavar="DIR", help="the folder of the FCS files")
    group.add_argument("--runs", choices=["replace", "pool", "keep"])
    group.add_argument(
        "--visit-order", metavar="A,B,C", help="the visits, first to last"
    )


def study_of(arguments: argparse.Namespace) -> Study:
    """Read the study of the arguments of :func:`add_sheet_options`."""
    from longate.study.reading import read_study

    order = arguments.visit_order
    return read_study(
        arguments.sheet,
        columns=dict(arguments.columns) or None,
        sheet=arguments.sheet_name,
        header_row=arguments.header_row,
        decimal=arguments.decimal,
        dayfirst=arguments.dayfirst,
        date_format=arguments.date_format,
        encoding=arguments.encoding,
        root=arguments.root,
        runs=arguments.runs,
        visit_order=None
        if order is None
        else [one.strip() for one in order.split(",")],
    )


def clinical_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what clinical tables need of the arguments of a sheet."""
    return {"dayfirst": arguments.dayfirst, "date_format": arguments.date_format}
