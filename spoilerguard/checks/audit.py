"""Likely label errors: rows whose label a model that never saw their work finds hard to believe (cleanlab)."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..corpus import Corpus
from ..errors import CorpusError, MissingExtraError
from .report import Finding, found

__all__ = ["OutOfFold", "audit_labels", "out_of_fold"]

# Confident learning alone names a third of TV Tropes, since no model is sure there. A label is worth a second reading
# where the model also holds the other for three times as likely: 6 % there.
DISBELIEVED = 0.25

# Corpus → the probability of "spoiler" for each row, from a model that saw nothing of the row's group.
OutOfFold = Callable[[Corpus], NDArray[np.float64]]


def audit_labels(corpus: Corpus, probabilities: NDArray[Any]) -> Iterator[Finding]:
    """The rows that confident learning holds for mislabelled, the least credible named in the message.

    Parameters
    ----------
    corpus : Corpus
        Both classes must be there.
    probabilities : array of float
        Out-of-fold probability of "spoiler" for each row.

    Raises
    ------
    MissingExtraError
        If cleanlab is not installed.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise MissingExtraError('the audit of labels needs cleanlab: pip install "spoilerguard[audit]"') from error
    spoiler = np.asarray(probabilities, dtype=np.float64)
    if spoiler.shape != (len(corpus),) or not np.isfinite(spoiler).all() or not ((spoiler >= 0) & (spoiler <= 1)).all():
        raise CorpusError(f"audit needs one probability in [0, 1] for each of the {len(corpus)} rows")
    both = np.column_stack([1 - spoiler, spoiler])
    ranked = find_label_issues(
        corpus.labels.astype(np.int64), both, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    own = np.where(corpus.labels[ranked] == 1, spoiler[ranked], 1 - spoiler[ranked])
    ranked = ranked[own < DISBELIEVED]
    worst = ", ".join(f"{row} ({spoiler[row]:.2f})" for row in ranked[:5])
    message = f"Labels that a model of other works disbelieves; least credible first: rows {worst}. Read them again."
    yield from found("likely-label-errors", "warning", message, np.asarray(ranked, dtype=np.int64))


def out_of_fold(corpus: Corpus, *, folds: int = 5) -> NDArray[np.float64]:
    """Probabilities for each row from a plain model fitted on the other groups.

    This is the seam at which a better model goes in: `check_corpus` takes any `OutOfFold`, such as the
    project's own cross-validation.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"sentence": ["He dies.", "Nice film."] * 10, "spoiler": [1, 0] * 10, "work": list("aabbccddee") * 2}
    >>> probabilities = out_of_fold(Corpus.from_frame(pd.DataFrame(rows)))
    >>> bool(probabilities[0] > probabilities[1])
    True
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    groups = len(set(corpus.groups))
    if groups < 2 or len(set(corpus.labels.tolist())) < 2:
        raise CorpusError("the audit needs two groups and both labels at least")
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = make_pipeline(vectors, LogisticRegression(C=3.0, solver="liblinear", random_state=0))
    cut = GroupKFold(n_splits=min(folds, groups))
    found_probabilities = cross_val_predict(
        model, corpus.sentences, corpus.labels, groups=corpus.groups.astype(str), cv=cut, method="predict_proba"
    )
    return np.asarray(found_probabilities[:, 1], dtype=np.float64)
