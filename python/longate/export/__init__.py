"""Tables that leave: wide workbooks, Prism files, tidy files."""

from __future__ import annotations

from longate.export.prism_file import prism
from longate.export.tidy_file import tidy
from longate.export.wide_tables import WideTables, wide

__all__ = ["WideTables", "prism", "tidy", "wide"]
