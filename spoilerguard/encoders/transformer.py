"""Tokens → vector of a sentence, alone or in its review: a transformer as an ONNX graph (extra ``accurate``).

Word pieces pass the graph (Devlin et al. 2019, "BERT"; Wang et al. 2020, "MiniLM") and are averaged. Pooling is the
last step: a linear head's score of a sentence is therefore a sum over its words, and reasons add up. The weights were
trained before (``models/build_accurate.py``, ``models/export_accurate.py``); here nothing is learnt.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.arrays import take_array
from spoilerguard.encoders.fork_lock import computing
from spoilerguard.encoders.onnx_graph import check_graph
from spoilerguard.encoders.onnx_model import UNKNOWN, OnnxModel
from spoilerguard.encoders.skimmer import Skimmer
from spoilerguard.encoders.vocabulary import Vocabulary
from spoilerguard.encoders.word_pieces import (
    MAX_PIECES,
    WordPieces,
    batched,
    review_windows,
    sentence_windows,
)
from spoilerguard.features.tokens import TokenBatch

__all__ = ["TransformerEncoder"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]
_BEGIN, _END = "[CLS]", "[SEP]"
_WORDS = "skimmer_hashes"  # of the skimmer, which reads whole words
# A process that reads for weeks must not grow for weeks: the pieces of so many words of this length take 35 MB.
_MAX_WORDS_KEPT, _MAX_CHARACTERS_KEPT = 1 << 16, 32


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class TransformerEncoder:
    """A transformer and the word pieces that it reads.

    Its numbers depend a little on the version of onnxruntime and on the processor. Weights and activations have 8 bits
    (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"),
    and a difference in the seventh digit, before an activation is rounded, may become a step of one in 127. On one
    processor, onnxruntime 1.30 and 1.32 agree to 1e-15. Versions 1.18 to 1.29, whose layer normalization is less exact,
    differ from them in most probabilities, by up to 0.034, and in one label of about a thousand.

    Attributes
    ----------
    graph : bytes
        An ONNX model: `input_ids` (int64) and `attention_mask` (bool or int64), both of shape (n_texts, length), become
        `last_hidden_state` (float32) of shape (n_texts, length, n_dimensions).
    vocabulary : tuple of str
        Word pieces of BERT's uncased kind; a piece's place is its number.
    skimmer : Skimmer or None
        What guesses the vectors of sentences alone, where it has been taught.

    Notes
    -----
    The graph is run as it is. One that comes from a stranger must pass through `from_arrays`, which checks it.
    """

    graph: bytes
    vocabulary: tuple[str, ...]
    skimmer: Skimmer | None = None
    _ids: dict[str, Integers] = field(init=False, default_factory=dict)  # of the words so far

    def __repr__(self) -> str:
        return f"TransformerEncoder({len(self.vocabulary):,} word pieces, a graph of {len(self.graph) >> 20} MiB)"

    def __reduce__(self) -> tuple[type[Self], tuple[bytes, tuple[str, ...], Skimmer | None]]:
        # A session cannot travel; the other side makes its own.
        return type(self), (self.graph, self.vocabulary, self.skimmer)

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return self._opened().n_dimensions

    @property
    def n_review_dimensions(self) -> int:
        """Length of a sentence's vector in its review."""
        return self.n_dimensions

    @property
    def reads_reviews_anew(self) -> bool:
        """Yes: what a word means depends on the sentences around."""
        return True

    def in_vocabulary(self, tokens: TokenBatch) -> NDArray[np.bool_]:
        """Whether each token is one piece or two: what falls to more is a rare name or a slip; shape (n_tokens,)."""
        words = tokens.spelled()
        unknown = self.vocabulary.index(UNKNOWN)
        ids = self._ids_of(words)
        known = {word: len(found) <= 2 and unknown not in found for word, found in ids.items()}
        return np.fromiter((known[word] for word in words), dtype=np.bool_, count=len(words))

    def encode(self, tokens: TokenBatch) -> NDArray[np.float64]:
        """Means over the pieces of each sentence, zero where there is none; shape (n_sentences, n_dimensions)."""
        pieces = self.word_pieces([tokens])
        return self._means(pieces, sentence_windows(pieces))

    def word_scores(self, tokens: TokenBatch, coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What each token adds to ``encode(tokens) @ coef``, shape (n_tokens,)."""
        pieces = self.word_pieces([tokens])
        coef = np.asarray(coef, dtype=np.float64)
        scores = np.zeros(len(pieces.input_ids))
        for places, vectors in self._piece_vectors(pieces, sentence_windows(pieces)):
            with computing:
                scores[places] = vectors @ coef
        share = scores / pieces.sizes[pieces.sentence]
        return np.bincount(pieces.token, share, len(tokens.hashes)).astype(np.float64)

    def encode_reviews(
        self, batches: Sequence[TokenBatch], lengths: NDArray[np.int64], vectors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Vectors of sentences in their review, which is read as a whole, or in windows where it is long.

        Parameters
        ----------
        batches : sequence of TokenBatch
            Documents one after another.
        lengths : ndarray of int64, shape (n_documents,)
            Number of sentences of each document.
        vectors : ndarray of float64, shape (n_sentences, n_dimensions)
            What `encode` returned for the sentences; the only sentence of a document keeps its vector.

        Returns
        -------
        ndarray of float64, shape (n_sentences, n_review_dimensions)
        """
        pieces = self.word_pieces(batches)
        found = self._means(pieces, pieces.edges[review_windows(pieces.edges, lengths)])
        alone = np.repeat(lengths, lengths) == 1
        found[alone] = vectors[alone]
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Graph and vocabulary as arrays of bytes, and the skimmer with its words, for a model file."""
        parts = {"graph": self.graph, "vocabulary": "\n".join(self.vocabulary).encode()}
        found: dict[str, NDArray[Any]] = {name: np.frombuffer(part, dtype=np.uint8) for name, part in parts.items()}
        skimmer = self.skimmer
        return found if skimmer is None else found | skimmer.arrays() | {_WORDS: skimmer.vocabulary.hashes}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder of this vocabulary and graph.

        Raises
        ------
        ValueError
            Where an array is missing, there is no vocabulary, the graph is not one that `check_graph` lets through, or
            both do not fit each other.
        MissingExtraError
            Where onnxruntime or tokenizers is not installed.
        """
        left = dict(arrays)
        graph, pieces = (take_array(left, name, np.uint8, None).tobytes() for name in ("graph", "vocabulary"))
        vocabulary = tuple(pieces.decode().split("\n"))
        if len(set(vocabulary)) < len(vocabulary) or not {_BEGIN, _END, UNKNOWN} <= set(vocabulary):
            raise ValueError(f"The encoder's word pieces must differ, with {_BEGIN}, {_END}, {UNKNOWN} among them.")
        check_graph(graph)
        opened = OnnxModel.of(graph, vocabulary)
        opened.try_out(len(vocabulary) - 1)
        words = Vocabulary.take(left, _WORDS) if _WORDS in left else None
        skimmer = None if words is None else Skimmer.take(left, words, opened.n_dimensions)
        if left:
            raise ValueError(f"The encoder has no use for {', '.join(sorted(left))}.")
        encoder = cls(graph, vocabulary, skimmer)
        _OPEN[encoder] = opened
        return encoder

    def _opened(self) -> OnnxModel:
        """Session and tokenizer, made when they are first needed."""
        found = _OPEN.get(self)
        return found or _OPEN.setdefault(self, OnnxModel.of(self.graph, self.vocabulary))

    def _ids_of(self, words: list[str]) -> dict[str, Integers]:
        """The numbers of the pieces of each distinct word."""
        ids, tokenizer = {}, self._opened().tokenizer
        for word in dict.fromkeys(words):
            found = self._ids.get(word)
            if found is None:
                found = np.array(tokenizer.encode(word, add_special_tokens=False).ids, dtype=np.int64)
                if len(word) <= _MAX_CHARACTERS_KEPT:
                    if len(self._ids) >= _MAX_WORDS_KEPT:
                        self._ids.clear()
                    self._ids[word] = found
            ids[word] = found
        return ids

    def word_pieces(self, batches: Sequence[TokenBatch]) -> WordPieces:
        """The sentences of several batches as word pieces, each cut to what is read of it."""
        words = [word for batch in batches for word in batch.spelled()]
        first = np.cumsum([0, *(len(batch) for batch in batches)])
        sentence_of_token = np.concatenate(
            [first[:0], *(batch.sentence + start for batch, start in zip(batches, first, strict=False))]
        )
        ids = self._ids_of(words)
        n_pieces = np.fromiter((len(ids[word]) for word in words), dtype=np.int64, count=len(words))
        input_ids = np.concatenate([first[:0], *(ids[word] for word in words)])
        token = np.repeat(np.arange(len(words)), n_pieces)
        sentence = sentence_of_token[token]
        sizes = np.bincount(sentence, minlength=int(first[-1]))
        kept = np.arange(len(input_ids)) - (np.cumsum(sizes) - sizes)[sentence] < MAX_PIECES
        edges = np.concatenate([[0], np.cumsum(np.minimum(sizes, MAX_PIECES))])
        return WordPieces(input_ids[kept], token[kept], sentence[kept], edges)

    def _means(self, pieces: WordPieces, windows: Integers) -> NDArray[np.float64]:
        """Mean over the pieces of each sentence that the windows encode."""
        means = np.zeros((len(pieces.edges) - 1, self.n_dimensions))
        for places, vectors in self._piece_vectors(pieces, windows):
            owner = pieces.sentence[places]
            starts = np.flatnonzero(np.diff(owner, prepend=-1))
            rows = owner[starts]
            means[rows] = np.add.reduceat(vectors, starts, axis=0, dtype=np.float64) / pieces.sizes[rows, None]
        return means

    def _piece_vectors(self, pieces: WordPieces, windows: Integers) -> Iterator[tuple[Integers, Floats]]:
        """Places of the encoded pieces and their vectors, batch by batch, windows of like length together."""
        begin, end, runtime = self.vocabulary.index(_BEGIN), self.vocabulary.index(_END), self._opened()
        for first, encoded, until, last in batched(windows):
            position = np.arange((last - first).max() + 2) - 1
            attention_mask = position <= (last - first)[:, None]
            place = first[:, None] + position
            input_ids = pieces.input_ids[np.clip(place, 0, len(pieces.input_ids) - 1)]
            input_ids[place >= last[:, None]] = end
            input_ids[:, 0] = begin
            chosen = (place >= encoded[:, None]) & (place < until[:, None])
            yield place[chosen], runtime.run(input_ids, attention_mask)[chosen]


_OPEN: WeakKeyDictionary[TransformerEncoder, OnnxModel] = WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    # Another thread may run the session while this one forks: the new process would find its locks taken for ever.
    os.register_at_fork(before=_OPEN.clear)
