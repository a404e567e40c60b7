"""The ``longate`` command: ``longate demo`` shows the whole way on simulated data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
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
        0 when done, 1 for an error that Longate explains in one line, 130 when
        interrupted. Wrong usage leaves with 2, as argparse does.
    """
    arguments = _parser().parse_args(argv)
    from longate.exceptions import LongateError

    try:
        return _demo(arguments)
    except LongateError as error:
        print(f"longate: error: {_one_line(error)}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"longate: error: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("longate: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="longate",
        description="Clinical flow cytometry studies over time. Research use only.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print it and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="simulate a study as FCS files and analyse it from bytes to report",
        description=(
            "Simulate a study as FCS files, gate it, count, score, classify, infer, "
            "compare with the simulated truth, and write one HTML report with tables."
        ),
    )
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("longate-demo"),
        metavar="DIR",
        help="folder to write into (default: %(default)s)",
    )
    demo.add_argument(
        "--seed",
        type=_natural,
        default=2012,
        metavar="N",
        help="of the simulation (default: %(default)s)",
    )
    demo.add_argument(
        "--patients",
        type=_natural,
        default=15,
        metavar="N",
        help="simulated patients (default: %(default)s)",
    )
    demo.add_argument(
        "--quiet", action="store_true", help="no progress, print only the report's path"
    )
    return parser


class _Version(argparse.Action):
    """Print the version without paying for the import on every other call."""

    def __call__(
        self, parser: argparse.ArgumentParser, *_arguments: object, **_options: object
    ) -> None:
        import longate

        print(f"longate {longate.__version__}")
        parser.exit()


def _natural(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    msg = f"{text!r} is not a whole number of zero or more"
    raise argparse.ArgumentTypeError(msg)


def _demo(arguments: argparse.Namespace) -> int:
    from longate.reporting.demo import run_demo

    quiet: bool = arguments.quiet

    def tell(text: str) -> None:
        if not quiet:
            print(text, flush=True)

    written = run_demo(
        arguments.out,
        seed=arguments.seed,
        patients=arguments.patients,
        progress=not quiet and sys.stderr.isatty(),
        tell=tell,
    )
    print(written.report if quiet else written.summary())
    return 0


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
