"""Text → vectors: words and characters as hashed n-grams, ready for any scikit-learn pipeline."""

from spoilerguard.features.vectorizer import Occurrences, SentenceVectorizer, as_sentences

__all__ = ["Occurrences", "SentenceVectorizer", "as_sentences"]
