"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import longate


def modules():
    found = pkgutil.walk_packages(longate.__path__, prefix="longate.")
    return [
        "longate",
        *(
            m.name
            for m in found
            if m.name.rpartition(".")[2] not in ("__main__", "_core")
        ),
    ]


@pytest.mark.parametrize("name", modules())
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example that writes does not litter
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples fail"
    assert list(tmp_path.iterdir()) == []


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    examples = sum(
        len(test.examples)
        for name in modules()
        for test in finder.find(importlib.import_module(name), module=None)
    )
    assert examples >= 30
