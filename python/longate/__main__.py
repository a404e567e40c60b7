"""The ``longate`` command: sheet, check, gate, report, deidentify and demo."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        0 when done, 1 for an error that Longate explains, 3 when done with problems
        that need a look, 130 when interrupted. Wrong usage leaves with 2, as argparse
        does.
    """
    arguments = _parser().parse_args(argv)
    from longate.exceptions import LongateError

    try:
        return int(arguments.run(arguments))
    except (LongateError, ImportError) as error:
        print(f"longate: error: {_told(error)}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"longate: error: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("longate: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    from longate.cli.concordance import add_concordance
    from longate.cli.files import add_deidentify, add_demo
    from longate.cli.gating import add_gate, add_report
    from longate.cli.options import EXIT_CODES
    from longate.cli.sheets import add_check, add_sheet

    parser = argparse.ArgumentParser(
        prog="longate",
        description="Clinical flow cytometry studies over time. Research use only.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print it and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        add_sheet,
        add_check,
        add_gate,
        add_concordance,
        add_report,
        add_deidentify,
        add_demo,
    ):
        add(commands)
    return parser


class _Version(argparse.Action):
    """Print the version without paying for the import on every other call."""

    def __call__(
        self, parser: argparse.ArgumentParser, *_arguments: object, **_options: object
    ) -> None:
        import longate

        print(f"longate {longate.__version__}")
        parser.exit()


def _told(error: BaseException) -> str:
    """Return a message of one line; the faults of a sheet keep a line each."""
    lines = str(error).splitlines()
    if len(lines) > 1 and all(line.startswith("- ") for line in lines[1:]):
        return "\n".join(lines)
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
