"""``longate gate`` and ``longate report``: from a study to tables and one page."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate.cli.options import (
    PROBLEMS,
    add_command,
    add_sheet_options,
    clinical_options,
    study_of,
)
from longate.exceptions import StrategyError

if TYPE_CHECKING:
    import argparse

    from longate.gating.results.populations import Populations
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.study.study import Study


def add_gate(commands: Any) -> None:
    """Add ``longate gate SHEET``."""
    parser = add_command(
        commands,
        "gate",
        summary="gate a study and write the counts of every population",
        examples=(
            "  longate gate study.csv --strategy NK=nk.json --out counts.csv\n"
            "  longate gate study.csv --strategy nk.xml --out counts.xlsx --wide\n"
        ),
    )
    add_sheet_options(parser)
    _add_strategy(parser)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="csv, parquet or xlsx; with --wide csv or xlsx",
    )
    parser.add_argument(
        "--wide", action="store_true", help="a sheet per population, a column per visit"
    )
    parser.set_defaults(run=run_gate)


def _add_strategy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strategy",
        dest="strategies",
        action="append",
        required=True,
        metavar="[TUBE=]FILE",
        help="a strategy as JSON or Gating-ML (xml); may be repeated, one per tube",
    )


def run_gate(arguments: argparse.Namespace) -> int:
    """Gate, write the counts, and list what could not be gated."""
    from longate.export import tidy, wide

    _, populations = _gated(arguments)
    if arguments.wide:
        wide(populations, percent=True).save(arguments.out)
    else:
        tidy(populations, arguments.out)
    print(repr(populations).partition("\n")[0])
    print(f"written: {arguments.out}")
    for row in populations.problems.itertuples():
        print(f"  {row.file}: {row.problem}", file=sys.stderr)
    return PROBLEMS if len(populations.problems) else 0


def _gated(arguments: argparse.Namespace) -> tuple[Study, Populations]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # problems are listed at the end
        study = study_of(arguments)
        strategies = _strategies(arguments.strategies)
        shown = sys.stderr.isatty()
        return study, study.gate(strategies, progress=shown)


def _strategies(given: list[str]) -> GatingStrategy | dict[str, GatingStrategy]:
    """Return one strategy for all tubes, or one by tube."""
    named = {}
    for text in given:
        tube, sign, path = text.partition("=")
        named[tube if sign else ""] = _strategy(Path(path if sign else text))
    if "" in named:
        if len(given) > 1:
            msg = "several strategies need their tubes: --strategy TUBE=FILE"
            raise StrategyError(msg)
        return named[""]
    return named


def _strategy(path: Path) -> GatingStrategy:
    from longate.gating.strategy.strategy import GatingStrategy
    from longate.io.gatingml.read import read_gatingml

    if path.suffix.lower() == ".json":
        return GatingStrategy.from_json(path.read_text(encoding="utf-8"))
    if path.suffix.lower() == ".xml":
        return read_gatingml(path)
    msg = f"{path} must be a strategy as .json or a Gating-ML file (.xml)"
    raise StrategyError(msg)


def add_report(commands: Any) -> None:
    """Add ``longate report SHEET``."""
    parser = add_command(
        commands,
        "report",
        summary="gate, score NK maturation, compare responders; write one page",
        examples=(
            "  longate report study.csv --strategy NK=nk.json --tube NK \\\n"
            "      --visits visits.csv --relapses relapses.csv --out report.html\n"
            "  longate report study.csv --strategy NK=nk.json --tube NK \\\n"
            "      --labels labels.csv --out report.html\n"
        ),
    )
    add_sheet_options(parser)
    _add_strategy(parser)
    parser.add_argument("--tube", metavar="NAME", help="the tube with the NK panel")
    parser.add_argument("--parent", default="NK", metavar="POPULATION")
    parser.add_argument(
        "--visits", metavar="FILE", help="csv: patient, visit, edss, date"
    )
    parser.add_argument(
        "--relapses", metavar="FILE", help="csv: patient, date or visit"
    )
    parser.add_argument(
        "--rule", default="chanvillard2012", help="(default: %(default)s)"
    )
    parser.add_argument("--labels", metavar="FILE", help="csv: patient, label")
    parser.add_argument("--unmatched", choices=["error", "drop"], default="error")
    parser.add_argument("--out", type=Path, default=Path("report.html"), metavar="FILE")
    parser.set_defaults(run=run_report)


def run_report(arguments: argparse.Namespace) -> int:
    """Analyse a study and write its report."""
    from longate.longitudinal import responder_analysis
    from longate.nk import maturation
    from longate.reporting import report

    response = _response(arguments)
    study, populations = _gated(arguments)
    scores = maturation(populations, parent=arguments.parent, tube=arguments.tube)
    result = responder_analysis(
        scores, response, value="index", unmatched=arguments.unmatched
    )
    report(arguments.out, study, populations, scores, result, response=response)
    print(result.headline)
    print(f"written: {arguments.out}")
    return 0


def _response(arguments: argparse.Namespace) -> Any:
    """Return labels as given, or by a rule from the clinical tables."""
    import pandas as pd

    from longate.clinical import Response, classify
    from longate.exceptions import ClinicalError

    def table(path: str) -> Any:
        return pd.read_csv(path, dtype={"patient": str, "visit": str, "date": str})

    if arguments.labels:
        return Response.from_table(table(arguments.labels))
    if not (arguments.visits and arguments.relapses):
        msg = "give --labels, or --visits and --relapses for a response rule"
        raise ClinicalError(msg)
    return classify(
        table(arguments.visits),
        table(arguments.relapses),
        rule=arguments.rule,
        **clinical_options(arguments),
    )
