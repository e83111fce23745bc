"""Likely label errors: rows whose label is improbable to a model that never saw their work (with cleanlab)."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.checks.report import Finding, report_rows
from spoilerguard.corpus import Corpus
from spoilerguard.datasets.loading import AnyTable, load_corpus
from spoilerguard.errors import CorpusError, MissingExtraError

__all__ = ["OutOfFold", "audit_labels", "out_of_fold", "suspicious_rows"]

# Confident learning alone names a third of TV Tropes, since no model is sure there. A label deserves a second reading
# where the model gives it a probability below 0.25: 6 % there.
IMPROBABLE = 0.25

# Corpus → the probability of "spoiler" for each row, from a model that saw nothing of the row's group.
OutOfFold = Callable[[Corpus], NDArray[np.float64]]


def audit_labels(corpus: Corpus, probabilities: NDArray[Any]) -> Iterator[Finding]:
    """One finding about `suspicious_rows`; arguments as there."""
    ranked = suspicious_rows(corpus, probabilities)
    worst = ", ".join(f"{row} ({probabilities[row]:.2f})" for row in ranked[:5])
    message = (
        "Labels that are improbable to a model of other works. The least probable first, with the probability of "
        f"“spoiler”: rows {worst}. Read them again: checks.find_label_errors shows them and corrects the table."
    )
    yield from report_rows("likely-label-errors", "warning", message, ranked)


def suspicious_rows(corpus: Corpus, probabilities: NDArray[Any]) -> NDArray[np.int64]:
    """The rows that confident learning (Northcutt, Jiang and Chuang 2021) takes for mislabelled, the worst first.

    The corpus has both classes; `probabilities` are out-of-fold, of "spoiler", one for each row.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise MissingExtraError('the audit of labels needs cleanlab: pip install "spoilerguard[audit]"') from error
    spoiler = np.asarray(probabilities, dtype=np.float64)
    if spoiler.shape != (len(corpus),) or not ((spoiler >= 0) & (spoiler <= 1)).all():
        raise CorpusError(f"audit needs one probability in [0, 1] for each of the {len(corpus)} rows")
    both = np.column_stack([1 - spoiler, spoiler])
    labels = corpus.labels.astype(np.int64)
    ranked = find_label_issues(labels, both, return_indices_ranked_by="self_confidence", n_jobs=1)
    return np.asarray(ranked[both[ranked, labels[ranked]] < IMPROBABLE], dtype=np.int64)


def out_of_fold(corpus: AnyTable, *, folds: int = 5) -> NDArray[np.float64]:
    """Probability of "spoiler" for each row, from a plain model fitted on the other groups.

    `check_corpus` also takes any other `OutOfFold`, such as a better model in cross-validation.

    Parameters
    ----------
    corpus : Corpus, DataFrame or path
        Whatever `spoilerguard.load_corpus` reads.
    folds : int, default 5
        Number of folds; there are no more than groups.

    Returns
    -------
    ndarray of float64, shape (n_sentences,)

    Raises
    ------
    CorpusError
        If there are not two groups and both labels.

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

    labelled = load_corpus(corpus)
    n_groups = len(set(labelled.groups))
    if n_groups < 2 or len(set(labelled.labels.tolist())) < 2:
        raise CorpusError("the audit needs at least two groups and both labels")
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(C=3.0, solver="liblinear", random_state=0),
    )
    cv = GroupKFold(n_splits=min(folds, n_groups))
    groups = labelled.groups.astype(str)
    both = cross_val_predict(model, labelled.sentences, labelled.labels, groups=groups, cv=cv, method="predict_proba")
    return np.asarray(both[:, 1], dtype=np.float64)
