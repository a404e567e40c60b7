"""``longate concordance``: the counts of a workspace beside ours, as a page."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._whole_files import write_csv
from longate.cli.options import PROBLEMS, add_command

if TYPE_CHECKING:
    import argparse


def add_concordance(commands: Any) -> None:
    """Add ``longate concordance WORKSPACE [FOLDER]``."""
    parser = add_command(
        commands,
        "concordance",
        summary="compare the counts of a FlowJo or FACSDiva workspace with ours",
        examples=(
            "  longate concordance trial.wsp fcs/\n"
            "  longate concordance trial.wsp fcs/ --out page.html --table all.csv\n"
        ),
    )
    parser.add_argument("workspace", type=Path, help=".wsp of FlowJo, or .xml")
    parser.add_argument(
        "folder", type=Path, nargs="?", help="of the FCS files; that of the workspace"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the page; beside the workspace by default",
    )
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="every population as csv"
    )
    parser.set_defaults(run=run_concordance)


def run_concordance(arguments: argparse.Namespace) -> int:
    """Compare, print the summary, and write the page."""
    from longate.exceptions import LongateWarning
    from longate.workspaces.concordance import concordance
    from longate.workspaces.reading import read_workspace

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LongateWarning)  # the page has all of it
        workspace = read_workspace(arguments.workspace)
        compared = concordance(workspace, folder=arguments.folder)
    out = arguments.out or arguments.workspace.with_suffix(".concordance.html")
    compared.report(out)
    print(repr(compared).rpartition("\n")[0])
    if len(compared.summary):
        print(compared.summary.to_string(index=False))
    print(f"written: {out}")
    if arguments.table:
        write_csv(compared.table, arguments.table)
        print(f"written: {arguments.table}")
    differing = compared.table["difference"].fillna(0).ne(0).any()
    return PROBLEMS if differing or workspace.problems else 0
