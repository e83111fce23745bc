"""Text → vectors: words and characters as hashed n-grams, ready for any scikit-learn pipeline."""

from typing import TYPE_CHECKING, Any

from spoilerguard.features.encoder import Encoder
from spoilerguard.features.scoring import LinearScorer, Reading
from spoilerguard.features.tokens import TokenBatch, as_sentences, check_texts, read_sentences, tokenize
from spoilerguard.features.vectorizer import Vectorizer

if TYPE_CHECKING:
    from spoilerguard.features.sentence_vectorizer import SentenceVectorizer

__all__ = [
    "Encoder",
    "LinearScorer",
    "Reading",
    "SentenceVectorizer",
    "TokenBatch",
    "Vectorizer",
    "as_sentences",
    "check_texts",
    "read_sentences",
    "tokenize",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Import the estimator, and scikit-learn with it, when it is first used: classifying does without."""
    if name != "SentenceVectorizer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from spoilerguard.features.sentence_vectorizer import SentenceVectorizer

    globals()[name] = SentenceVectorizer
    return SentenceVectorizer
