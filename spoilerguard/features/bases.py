"""The classes of scikit-learn that ours inherit from, with the types that scikit-learn does not ship.

A type checker would else take every attribute of a model for granted, and know the type of none.
"""

from typing import TYPE_CHECKING, Any, Self

__all__ = ["BaseEstimator", "ClassifierMixin", "TransformerMixin"]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    class BaseEstimator:
        """What all estimators have."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - scikit-learn's
            """Parameters by name."""
            raise NotImplementedError

        def set_params(self, **params: Any) -> Self:  # noqa: ANN401 - of any type
            """Set parameters by name."""
            raise NotImplementedError

        def set_fit_request(self, **requests: bool | str | None) -> Self:
            """Say which of the arguments of `fit` a meta-estimator passes on."""
            raise NotImplementedError

        def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn ships no types
            raise NotImplementedError

    class ClassifierMixin:
        """What classifiers have besides."""

        def score(self, X: Sequence[str], y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
            """Accuracy on labelled sentences."""
            raise NotImplementedError

    class TransformerMixin:
        """What transformers have besides."""

        def fit_transform(self, X: Sequence[str], y: object = None, **fit_params: Any) -> Any:  # noqa: ANN401 - a matrix
            """Fit, then transform the same sentences."""
            raise NotImplementedError

        def set_output(self, *, transform: str | None = None) -> Self:
            """Choose the container of the result."""
            raise NotImplementedError

else:
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
