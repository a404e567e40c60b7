"""Write the API pages: every public object once, by task.

``TASKS`` says which object stands on which page; a public object that is missing, or
stands twice, stops the build.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

#: Page -> title and objects, in the order of a study.
TASKS: dict[str, tuple[str, str]] = {
    "files": (
        "Files, panels, compensation",
        "read_fcs write_fcs scan_fcs deidentify Sample Panel Channel Compensation "
        "read_compensation spillover_from_controls spillover_spreading",
    ),
    "scales": (
        "Scales",
        "Linear Log Logicle Arcsinh Hyperlog FlowJoBiex Grid Bounded Ratio",
    ),
    "gates": (
        "Gates and strategies",
        "GatingStrategy RectangleGate PolygonGate EllipsoidGate QuadrantGate "
        "BooleanGate Dimension INHERIT Perturbation Shift read_gatingml "
        "write_gatingml",
    ),
    "workspaces": (
        "FlowJo and FACSDiva",
        "read_flowjo write_flowjo read_facsdiva concordance",
    ),
    "studies": (
        "Studies and populations",
        "draft_sheet read_study Study LiveStudy Populations Statistic save_populations "
        "load_populations datasets.*",
    ),
    "quality": ("Counting and quality", "quality.*"),
    "nk": ("NK maturation", "nk.*"),
    "clinical": ("Response", "clinical.*"),
    "longitudinal": (
        "Difference in change, and models",
        "longitudinal.*",
    ),
    "classical": ("Tests of older papers", "longitudinal.classical.*"),
    "effects": ("Effect sizes", "longitudinal.effects.*"),
    "counts": ("Models of counts", "longitudinal.counts.*"),
    "show": (
        "Figures, tables and reports",
        "plot.* wide prism tidy report reporting.*",
    ),
    "simulate": ("Simulated studies", "simulate.*"),
    "errors": ("Exceptions and warnings", "exceptions.*"),
}


def public(module: str) -> list[str]:
    """Return the public objects of a module that are not modules themselves."""
    found = importlib.import_module(module)
    names = getattr(found, "__all__", None) or [
        name
        for name, value in vars(found).items()
        if isinstance(value, type) and value.__module__ == module
    ]
    kept = [n for n in names if n != "__version__"]
    return [n for n in kept if not _is_module(getattr(found, n))]


def _is_module(value: Any) -> bool:
    return type(value).__name__ == "module"


def members(words: str) -> list[str]:
    """Return dotted names; ``nk.*`` stands for all public objects of a module."""
    names = []
    for word in words.split():
        if not word.endswith(".*"):
            names.append(f"longate.{word}")
            continue
        module = f"longate.{word[:-2]}"
        names.extend(f"{module}.{name}" for name in public(module))
    return names


def check() -> list[str]:
    """Return complaints: public objects on no page or on several."""
    listed = [name for _, words in TASKS.values() for name in members(words)]
    twice = sorted({name for name in listed if listed.count(name) > 1})
    wanted = {f"longate.{name}" for name in public("longate")}
    missing = sorted(wanted - set(listed))
    return [f"{n} stands on two API pages" for n in twice] + [
        f"{n} stands on no API page: enter it in docs/_ext/api_pages.py"
        for n in missing
    ]


def pages() -> dict[str, list[str]]:
    """Return the names of each page; an object that two modules export, once."""
    seen: set[int] = set()
    found: dict[str, list[str]] = {}
    for page, (_, words) in TASKS.items():
        found[page] = []
        for name in members(words):
            module, _, attribute = name.rpartition(".")
            value = getattr(importlib.import_module(module), attribute)
            if isinstance(value, type) and id(value) in seen:
                continue
            seen.add(id(value))
            found[page].append(name)
    return found


def write(app: Any, _config: Any) -> None:
    """Write one page per task and their index."""
    complaints = check()
    if complaints:
        raise ValueError("; ".join(complaints))
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    for page, names in pages().items():
        title = TASKS[page][0]
        lines = [title, "=" * len(title), "", ".. autosummary::"]
        lines += ["   :toctree: generated", "", ""]
        lines[-1:] = [f"   {name}" for name in names]
        _replace(folder / f"{page}.rst", "\n".join([*lines, ""]))
    title = "API reference"
    index = [title, "=" * len(title), "", ".. toctree::", "   :maxdepth: 1", ""]
    _replace(folder / "index.rst", "\n".join([*index, *(f"   {p}" for p in TASKS), ""]))


def _replace(path: Path, text: str) -> None:
    """Write a page that differs, so that Sphinx reads again what has changed."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before Sphinx looks for documents."""
    app.connect("config-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
