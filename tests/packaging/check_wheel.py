"""Install a built wheel in empty environments and use it from outside the checkout.

    python tests/packaging/check_wheel.py build/wheels

Two environments: the newest dependencies, and the lowest versions that
``pyproject.toml`` declares. In each, the command line runs, the example study goes
from files to a result, and every notebook is executed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]

SMOKE = """
import longate as lg
example = lg.datasets.load_example()
populations = example.study.gate(example.strategies, progress=False)
maturation = lg.nk.maturation(populations, parent="NK", tube="NK")
response = lg.clinical.classify(example.visits, example.relapses)
result = lg.longitudinal.responder_analysis(maturation, response, value="index")
print(lg.__version__, lg.__file__)
print(result.headline)
lg.report("report.html", example.study, populations, maturation, result)
"""


def run(*command: str | Path, cwd: Path, **variables: str) -> None:
    """Run a command outside the checkout and stop at its failure."""
    print("$", *command, flush=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment, **variables},
        check=True,
    )


def lowest(extra: str) -> list[str]:
    """Return the declared dependencies, pinned to their lowest version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"][extra]]
    return [re.sub(r">=([\d.]+).*", r"==\1.*", each) for each in declared]


def check(wheel: Path, folder: Path, pins: list[str]) -> None:
    """Install `wheel` in a new environment under `folder` and use it."""
    venv.create(folder / "env", with_pip=True)
    binaries = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = binaries / "python"
    run(python, "-m", "pip", "install", "-q", f"{wheel}[notebook]", *pins, cwd=folder)
    cache = {"LONGATE_CACHE": str(folder / "cache"), "MPLBACKEND": "agg"}
    run(binaries / "longate", "--help", cwd=folder, **cache)
    run(python, "-W", "error::FutureWarning", "-c", SMOKE, cwd=folder, **cache)
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        target = ["--output-dir", folder, "--output", notebook.name]
        quiet = ["--KernelManager.transport=ipc", "--log-level", "ERROR"]
        options = ["--to", "notebook", "--execute", *quiet, *target]
        run(python, "-m", "nbconvert", *options, notebook, cwd=folder, **cache)


def main() -> None:
    """Check the only wheel of the folder that is named on the command line."""
    (wheel,) = Path(sys.argv[1]).resolve().glob("*.whl")
    for name, pins in (("newest", []), ("lowest", lowest("notebook"))):
        with tempfile.TemporaryDirectory(prefix=f"longate-{name}-") as folder:
            print(f"== {name} dependencies", flush=True)
            check(wheel, Path(folder), pins)
    print("the wheel works with the newest and the lowest dependencies")


if __name__ == "__main__":
    main()
