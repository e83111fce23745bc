"""N-grams as sparse matrices, which a fit needs. Scoring does without them, and so without scipy."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from spoilerguard.features.ngrams import NGrams

__all__ = ["ngram_matrix", "stack"]


def ngram_matrix(blocks: Iterable[list[NGrams]], n_sentences: int, n_columns: int) -> sparse.csr_matrix:
    """Each block's n-grams in their buckets, divided by the square root of their number in the sentence."""
    rows, columns, values = [], [], []
    for block in blocks:
        count = np.sum([np.diff(part.edges) for part in block], axis=0)
        for part in block:
            rows.append(part.sentence)
            columns.append(part.bucket)
            values.append((1 / np.sqrt(count[part.sentence])).astype(np.float32))
    index = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix((np.concatenate(values), index), shape=(n_sentences, n_columns))


def stack(parts: Iterable[tuple[sparse.csr_matrix, NDArray[np.float32]]], n_columns: int) -> sparse.csr_matrix:
    """Matrices one below the other, each times the weights of its columns; never in memory twice, as by ``vstack``."""
    values, columns, sizes = [np.zeros(0, np.float32)], [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
    for part, weights in parts:
        values.append(part.data * weights[part.indices])
        columns.append(part.indices)
        sizes.append(np.diff(part.indptr))
    edges = np.cumsum(np.concatenate(sizes))
    data = np.concatenate(values)
    values.clear()
    return sparse.csr_matrix((data, np.concatenate(columns), edges), shape=(len(edges) - 1, n_columns))
