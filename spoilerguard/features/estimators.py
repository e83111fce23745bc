"""How an estimator shows itself, and says that it is not fitted.

scikit-learn is imported where it is used: what only classifies does without it.
"""

import inspect

__all__ = ["check_fitted", "one_line"]

_SHOWN = 80  # characters of a parameter


def one_line(value: object) -> str:
    """A value on one line: of an estimator what differs from its defaults, of other large objects the type.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> one_line(LogisticRegression(C=2.0, class_weight={0: 1, 1: 5}, max_iter=100))
    'LogisticRegression(C=2.0, class_weight={0: 1, 1: 5})'
    """
    from sklearn.base import BaseEstimator

    if isinstance(value, BaseEstimator):
        defaults = {name: one.default for name, one in inspect.signature(type(value)).parameters.items()}
        given = {name: one_line(one) for name, one in value.get_params(deep=False).items()}
        changed = [f"{name}={one}" for name, one in given.items() if one != one_line(defaults[name])]
        return f"{type(value).__name__}({', '.join(changed)})"
    shown = repr(value)
    is_short = len(shown) <= _SHOWN and "\n" not in shown and " at 0x" not in shown
    return shown if is_short else f"<{type(value).__name__}>"


def check_fitted(estimator: object, attribute: str) -> None:
    """Raise scikit-learn's ``NotFittedError`` where an estimator lacks what fitting gives it."""
    if not hasattr(estimator, attribute):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(estimator, attribute)
