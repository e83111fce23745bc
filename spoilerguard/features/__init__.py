"""Text → vectors: words and characters as hashed n-grams, ready for any scikit-learn pipeline."""

from spoilerguard.features.encoder import Encoder
from spoilerguard.features.scoring import LinearScorer
from spoilerguard.features.tokens import TokenBatch, as_sentences, check_texts, read_sentences, tokenize
from spoilerguard.features.vectorizer import SentenceVectorizer

__all__ = [
    "Encoder",
    "LinearScorer",
    "SentenceVectorizer",
    "TokenBatch",
    "as_sentences",
    "check_texts",
    "read_sentences",
    "tokenize",
]
