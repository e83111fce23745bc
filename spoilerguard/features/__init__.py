"""Text → vectors: words and characters as hashed n-grams, ready for any scikit-learn pipeline."""

from spoilerguard.features.batches import as_sentences, several
from spoilerguard.features.tracing import Occurrences, WordWeights
from spoilerguard.features.vectorizer import SentenceVectorizer

__all__ = ["Occurrences", "SentenceVectorizer", "WordWeights", "as_sentences", "several"]
