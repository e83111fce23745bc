"""Labelled tables: ``load_`` reads from disk, ``fetch_`` brings from the network, ``make_`` invents.

`load_corpus` reads any table that the project understands; `iter_goodreads` walks through the original
UCSD file one review at a time.
"""

from .fetchers import fetch_goodreads, fetch_goodreads_file, fetch_tvtropes
from .home import data_home
from .loading import load_corpus
from .owned import Challenge, ChallengeCase, load_challenge, load_reviews
from .synthetic import make_corpus
from .ucsd import GoodreadsReview, iter_goodreads

__all__ = [
    "Challenge",
    "ChallengeCase",
    "GoodreadsReview",
    "data_home",
    "fetch_goodreads",
    "fetch_goodreads_file",
    "fetch_tvtropes",
    "iter_goodreads",
    "load_challenge",
    "load_corpus",
    "load_reviews",
    "make_corpus",
]
