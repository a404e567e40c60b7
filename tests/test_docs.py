"""Code on the documentation's pages runs, and its API pages hold every public name."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(
    page
    for page in DOCS.rglob("*.md")
    if not {"_build", "api", "notebooks"} & set(page.relative_to(DOCS).parts)
    and "```python\n" in page.read_text()
)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch, example):
    if page.stem == "cluster":
        pytest.importorskip("distributed")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, code in enumerate(
        re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    ):
        exec(compile(code, f"{page.name}, block {number}", "exec"), names)


def test_every_public_object_stands_on_one_api_page(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    import api_pages

    assert api_pages.check() == []
    del sys.modules["api_pages"]


def test_formulas_are_mathml_without_scripts(monkeypatch):
    convert = pytest.importorskip("latex2mathml.converter").convert
    formulas = [
        formula
        for page in DOCS.rglob("concepts/*.md")
        for formula in re.findall(r"\$\$(.+?)\$\$", page.read_text(), re.DOTALL)
    ]
    assert len(formulas) >= 5
    for formula in formulas:
        assert convert(formula).startswith("<math")
