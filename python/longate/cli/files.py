"""``longate deidentify`` and ``longate demo``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate.cli.options import add_command, natural, pair

if TYPE_CHECKING:
    import argparse

FEWEST_PATIENTS = 5
"""With fewer the simulated study has no two groups of two."""


def add_deidentify(commands: Any) -> None:
    """Add ``longate deidentify SOURCE TARGET``."""
    parser = add_command(
        commands,
        "deidentify",
        summary="copy FCS files without what tells who the patient is",
        examples=(
            "  longate deidentify raw/ clean/\n"
            "  longate deidentify raw/ clean/ --patient 'Meier=P01' --shift-days -37\n"
        ),
    )
    parser.add_argument("source", metavar="SOURCE", help="a file or folder")
    parser.add_argument("target", metavar="TARGET", help="a file or another folder")
    parser.add_argument(
        "--patient",
        dest="patients",
        action="append",
        type=pair,
        default=[],
        metavar="NAME=PSEUDONYM",
        help="may be repeated",
    )
    parser.add_argument("--keep", action="append", default=[], metavar="KEYWORD")
    parser.add_argument("--also", action="append", default=[], metavar="KEYWORD")
    parser.add_argument(
        "--shift-days", type=int, metavar="N", help="by which dates move"
    )
    parser.set_defaults(run=run_deidentify)


def run_deidentify(arguments: argparse.Namespace) -> int:
    """Write the copies and say what was removed."""
    from longate.io.deidentify import deidentify

    done = deidentify(
        Path(arguments.source).expanduser(),
        Path(arguments.target).expanduser(),
        keep=arguments.keep,
        also=arguments.also,
        mapping=dict(arguments.patients) or None,
        shift_dates=arguments.shift_days,
    )
    print(done)
    return 0


def add_demo(commands: Any) -> None:
    """Add ``longate demo``."""
    parser = add_command(
        commands,
        "demo",
        summary="simulate a study as FCS files and analyse it from bytes to report",
        examples=(
            "  longate demo\n  longate demo --out try --patients 8 --seed 7 --quiet\n"
        ),
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("longate-demo"),
        metavar="DIR",
        help="folder to write into (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=natural,
        default=2012,
        metavar="N",
        help="of the simulation (default: %(default)s)",
    )
    parser.add_argument(
        "--patients",
        type=_patients,
        default=15,
        metavar="N",
        help=f"simulated patients, at least {FEWEST_PATIENTS} (default: %(default)s)",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="no progress, print only the report's path"
    )
    parser.set_defaults(run=run_demo_command)


def _patients(text: str) -> int:
    import argparse

    number = natural(text)
    if number < FEWEST_PATIENTS:
        msg = (
            f"{number} patients are too few for two groups; at least {FEWEST_PATIENTS}"
        )
        raise argparse.ArgumentTypeError(msg)
    return number


def run_demo_command(arguments: argparse.Namespace) -> int:
    """Say what will be written where, then run the demo."""
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
