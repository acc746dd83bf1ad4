"""ProxySHAP of shapiq 1.8 with its grid search, cut to its largest Fourier terms; in its own environment.

    python3.12 -m venv ENV && ENV/bin/pip install shapiq==1.8.0 xgboost
    ENV/bin/python benchmarks/proxyshap_worker.py IN.npz OUT.json

IN holds X, y (masks to fit on, 1 = kept, and values) and Xt, yt (held out). Knows nothing of spexviz.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

TERMS, ORDER = 200, 5


def main() -> None:
    from shapiq.approximator import ProxySHAP
    from shapiq.approximator.proxy._routes import tree_to_fourier

    data = np.load(sys.argv[1], allow_pickle=False)
    masks, values = data["X"].astype(float), data["y"].astype(float)
    held, truth = data["Xt"].astype(float), data["yt"].astype(float)
    began = time.perf_counter()
    model = ProxySHAP(masks.shape[1], hpo=True, random_state=0).proxy_model
    model.fit(masks, values)
    best = model.best_estimator_
    found = tree_to_fourier(best, masks.shape[1])
    wide = sorted((term for term in found if 0 < len(term) <= ORDER), key=lambda term: -abs(found[term]))[
        :TERMS
    ]
    said = np.full(len(held), found.get((), 0.0))
    signs = 1.0 - 2.0 * held
    for term in wide:
        said += found[term] * signs[:, list(term)].prod(1)
    spread = ((truth - truth.mean()) ** 2).sum()
    dense = best.predict(held)
    out = {
        "r2": float(1 - ((truth - said) ** 2).sum() / spread),
        "dense": float(1 - ((truth - dense) ** 2).sum() / spread),
        "terms": len(wide),
        "seconds": time.perf_counter() - began,
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(out, file)


if __name__ == "__main__":
    main()
