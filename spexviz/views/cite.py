"""Cite: how a run of spexviz, and what it rests on, is cited."""

from __future__ import annotations

from spexviz.results import Explanation
from spexviz.spec import RunSpec

SOFTWARE = """@software{spexviz,
  title = {spexviz: which parts of a language model's world act together},
  author = {{The spexviz authors}},
  version = {%s},
  year = {2026},
  license = {Apache-2.0}
}"""
SPEX = """@inproceedings{kang2025spex,
  title = {{SPEX}: Scaling Feature Interaction Explanations for {LLMs}},
  author = {Kang, Justin Singh and Butler, Landon and Agarwal, Abhineet and Erginbas, Yigit Efe and
    Pedarsani, Ramtin and Ramchandran, Kannan and Yu, Bin},
  booktitle = {International Conference on Machine Learning (ICML)},
  year = {2025},
  eprint = {2502.13870},
  archiveprefix = {arXiv}
}"""
PROXYSPEX = """@inproceedings{butler2025proxyspex,
  title = {{ProxySPEX}: Inference-Efficient Interpretability via Sparse Feature Interactions in {LLMs}},
  author = {Butler, Landon and Agarwal, Abhineet and Kang, Justin Singh and Erginbas, Yigit Efe and
    Yu, Bin and Ramchandran, Kannan},
  booktitle = {Advances in Neural Information Processing Systems (NeurIPS)},
  year = {2025},
  eprint = {2505.17495},
  archiveprefix = {arXiv}
}"""


def bibtex() -> str:
    """BibTeX of this version of spexviz and of the two papers that it builds on."""
    import spexviz

    return "\n\n".join([SOFTWARE % spexviz.__version__, SPEX, PROXYSPEX])


def run_in_words(explanation: Explanation) -> str:
    """What of a run must stand beside its numbers, so that somebody else can find them again."""
    spec: RunSpec = explanation.spec
    model = f"model {explanation.subject.model}, " if explanation.subject.model else ""
    return (
        f"{model}solver {spec.solver_name}, {explanation.ablations:,} ablations (budget {spec.budget:,}), "
        f"seed {spec.seed}, settings {spec.id}"
    )
