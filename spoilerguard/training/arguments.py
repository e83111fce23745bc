"""What users pass to `train` and `train_stream`, checked before the work begins."""

import numpy as np
from sklearn.base import clone

from spoilerguard.fitting import check_parameters
from spoilerguard.model import SpoilerClassifier

__all__ = ["check_numbers", "unfitted"]

_SEEDS = 2**32  # of numpy's generators


def unfitted(estimator: object) -> SpoilerClassifier:
    """A copy of the classifier that a user passes, without what it has learnt; an error where it is none of ours."""
    if not isinstance(estimator, SpoilerClassifier):
        raise TypeError(
            f"estimator must be an unfitted SpoilerClassifier, got {type(estimator).__name__}. Any other classifier "
            "can be fitted by itself, and judged by spoilerguard.evaluate or cross_validate(fit=…)."
        )
    check_parameters(estimator.C, estimator.threshold)
    copied: SpoilerClassifier = clone(estimator)
    return copied


def check_numbers(n_splits: object, seed: object) -> None:
    """An error where one of them is no whole number, or too low."""
    for name, value, least in (("n_splits", n_splits, 2), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number, got {value!r}.")
        if not least <= value < _SEEDS:
            raise ValueError(f"{name} must be from {least} to {_SEEDS - 1}, got {value}.")
