"""Views: data → Plotly figures, component data, tables and sentences. Pure functions: no streamlit, no model.

    sv.views.graph(result, top=12)  # a notebook shows it

Every figure carries its text twin in `figure.layout.meta["text"]`, every component in `text`. Show figures in
Streamlit with `theme=None`. The functions are imported at once: a later first import of, say,
`spexviz.views.path` would put the module in the place of the function.
"""

from spexviz.views import arcs, captions, cards, heads, question, strip, templates, theme, trust
from spexviz.views.arcs import graph
from spexviz.views.captions import checked
from spexviz.views.cite import bibtex
from spexviz.views.document import Chapter, report
from spexviz.views.fidelity import fidelity_curve, residuals
from spexviz.views.files import save
from spexviz.views.findings import Told, finding, told, without_text
from spexviz.views.heat import heat
from spexviz.views.looks import looks
from spexviz.views.paper import cell, in_words, show
from spexviz.views.path import path
from spexviz.views.removal import removal, removal_in_words
from spexviz.views.table import csv, table
from spexviz.views.trust import honesty, quality
from spexviz.views.what_if import prediction

__all__ = [
    "Chapter",
    "Told",
    "arcs",
    "bibtex",
    "captions",
    "cards",
    "cell",
    "checked",
    "csv",
    "fidelity_curve",
    "finding",
    "graph",
    "heads",
    "heat",
    "honesty",
    "in_words",
    "looks",
    "path",
    "prediction",
    "quality",
    "question",
    "removal",
    "removal_in_words",
    "report",
    "residuals",
    "save",
    "show",
    "strip",
    "table",
    "templates",
    "theme",
    "told",
    "trust",
    "without_text",
]
