"""Configuration of the site of documents; `make docs` builds it, tools/site.py puts its pages together."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools import docstrings  # noqa: E402  the repository is on the path only now

project = "spexviz"
author = "The spexviz authors"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["conf.py", "_static"]
default_role = "code"  # in docstrings, as in Markdown
nb_execution_mode = "off"  # tools/notebooks.py runs them, and keeps what they show
nb_merge_streams = True
myst_heading_anchors = 3
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
html_theme = "furo"
html_title = "spexviz"
html_static_path = [str(ROOT / "docs" / "_static")]
html_css_files = ["site.css"]
html_favicon = str(ROOT / "assets" / "mark.svg")
html_logo = str(ROOT / "assets" / "mark.svg")
html_show_sourcelink = False
_LIGHT = {"color-brand-primary": "#5b3fa0", "color-brand-content": "#5b3fa0"}
_DARK = {"color-brand-primary": "#b9a3f0", "color-brand-content": "#b9a3f0"}
html_theme_options = {"light_css_variables": _LIGHT, "dark_css_variables": _DARK}


def setup(app):
    """Docstrings are Markdown: examples, code and lists; autodoc reads reStructuredText."""
    app.connect("autodoc-process-docstring", docstrings.process)
