"""Sphinx configuration: the site is built without network, warnings are errors."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import longate  # noqa: E402

project = "Longate"
author = "The Longate developers"
project_copyright = "The Longate developers"
release = version = longate.__version__

extensions = [
    "api_pages",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "offline_math",
]
exclude_patterns = ["_build"]
suppress_warnings = ["mystnb.unknown_mime_type"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# `make docs` copies the notebooks that the tests have executed.
nb_execution_mode = "off"
# Widgets would load scripts from outside.
nb_ipywidgets_js = {}

# Every member has a page by its class; numpydoc's own lists would repeat them.
numpydoc_show_class_members = False
autosummary_generate = True
autodoc_typehints = "none"
autodoc_default_options = {"members": True, "inherited-members": False}
autodoc_preserve_defaults = True

html_theme = "pydata_sphinx_theme"
html_title = f"Longate {release}"
html_static_path = ["_static"]
html_css_files = ["longate.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 5,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"changelog": [], "glossary": [], "faq": []}
