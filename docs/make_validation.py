"""Write the validation pages from the golden tables.

Run from the repository: ``.venv/bin/python docs/make_validation.py``. The tables in
``tests/golden`` were made by the scripts beside them; the tests compare Longate with
them, and this script computes nothing new.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import longate

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "golden"
MADE = (
    f"Made by `docs/make_validation.py` from `tests/golden`, Longate "
    f"{longate.__version__}.\n"
)

ERROR_RATES = {
    "primary_error_rates": "Primary analysis and its sensitivity analyses",
    "mixed_error_rates": "Mixed models",
    "small_groups": "Small groups",
    "rare_events": "Rare populations",
    "count_error_rates": "Models of counts",
    "precision_coverage": "Variance components",
    "maturation_coverage": "Intervals of the maturation index",
    "legacy_panel": "Scores without dump and NKG2C",
}
AGREEMENT = {
    "classical": "Tests of older papers (`lg.longitudinal.classical`)",
    "mixed": "Mixed models with Kenward-Roger (`lg.longitudinal.mixed_model`, `mmrm`)",
    "counts": "Binomial and beta-binomial models (`lg.longitudinal.counts`)",
    "longitudinal": "The primary analysis and its permutation test",
}


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown, with cells as the file has them."""
    rows = [table.columns.tolist(), ["---"] * table.shape[1], *table.values.tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def error_rates() -> str:
    """Return the page of simulated error rates."""
    parts = [
        "# Error rates and coverage\n",
        "Simulated under the model named in each row. A rate is *not rejected* where "
        "it lies within three Monte Carlo standard errors of the nominal value; the "
        "others are known failures and stay listed. Scripts: `tests/scenarios`.\n",
        MADE,
    ]
    for name, title in ERROR_RATES.items():
        table = pd.read_csv(GOLDEN / "scenarios" / f"{name}.csv", dtype=str).fillna("")
        parts += [f"## {title}\n", markdown(table) + "\n"]
    return "\n".join(parts)


def agreement() -> str:
    """Return the page of agreement with R."""
    parts = [
        "# Agreement with R\n",
        "R made the tables; the tests compare each number (relative error 1e-6 or "
        "smaller, as each test says). R is not needed to run them.\n",
        MADE,
    ]
    for name, title in AGREEMENT.items():
        folder = GOLDEN / name
        tables = [p for p in sorted(folder.glob("*.csv")) if p.stem != "versions"]
        parts += [f"## {title}\n", f"Script: `tests/golden/{name}/make_golden.R`.\n"]
        versions = folder / "versions.csv"
        if versions.exists():
            parts.append(markdown(pd.read_csv(versions, dtype=str)) + "\n")
        rows = [{"table": p.stem, "numbers": _numbers(p)} for p in tables]
        parts.append(markdown(pd.DataFrame(rows)) + "\n")
    return "\n".join(parts)


def _numbers(path: Path) -> int:
    """Return how many numbers a golden table holds."""
    table = pd.read_csv(path)
    return int(table.select_dtypes("number").notna().to_numpy().sum())


def main() -> None:
    """Write the pages."""
    (HERE / "validation" / "error-rates.md").write_text(error_rates())
    (HERE / "validation" / "r-agreement.md").write_text(agreement())


if __name__ == "__main__":
    main()
