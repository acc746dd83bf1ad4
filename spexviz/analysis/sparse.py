"""LASSO by scikit-learn, its penalty by folds: what a linear fit with few players would say."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from spexviz.kit.arrays import Floats
from spexviz.masks import Values

FOLDS = 5
PENALTIES = 41  # from the least one that leaves nothing, evenly by their logarithms,
LEAST = 1e-4  # down to this part of it
STEPS = 10_000


class LassoFit(NamedTuple):
    """What was chosen: constant, slopes (n,), penalty, and the mean squared error of the folds."""

    constant: float
    slopes: Floats
    penalty: float
    error: float


def lasso_by_folds(columns: Floats, values: Values, seed: int) -> LassoFit:
    """Constant, slopes (n,), penalty and mean squared error of the folds for columns (m, n), values (m,).

    The penalty α of ‖y − c − Xw‖²/2m + α‖w‖₁ is that of least error over 5 seeded folds; m is at least 2.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoCV
    from sklearn.model_selection import PredefinedSplit

    m = len(values)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(m) % min(FOLDS, m)
    lasso = LassoCV(alphas=PENALTIES, eps=LEAST, cv=PredefinedSplit(fold), max_iter=STEPS)
    with warnings.catch_warnings():
        # only the least penalties, which over-fit, do not settle
        warnings.simplefilter("ignore", ConvergenceWarning)
        lasso.fit(columns, values)
    errors = lasso.mse_path_.mean(1)
    return LassoFit(float(lasso.intercept_), lasso.coef_, float(lasso.alpha_), float(errors.min()))
