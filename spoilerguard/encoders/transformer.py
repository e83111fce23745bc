"""Words → vector of a sentence, alone or in its review: a transformer as an ONNX graph (extra ``accurate``).

Word pieces pass the graph (Devlin et al. 2019, "BERT"; Wang et al. 2020, "MiniLM") and are averaged. Pooling is the
last step: a linear head's score of a sentence is therefore a sum over its words, and reasons still add up. All was
taught before (``models/build_accurate.py``, ``models/export_accurate.py``); here nothing is learnt.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.forking import computing
from spoilerguard.encoders.windows import LONGEST, WINDOW, Pieces, alone, batches, windows
from spoilerguard.encoders.words import Words
from spoilerguard.errors import MissingExtraError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

__all__ = ["TransformerEncoder"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]
_BEGIN, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_WORDS_KEPT = 1 << 17  # a process that reads for weeks must not grow for weeks
_TYPES = {"tensor(bool)": np.bool_, "tensor(int64)": np.int64}


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class TransformerEncoder:
    """A transformer and the word pieces that it reads.

    Attributes
    ----------
    graph : bytes
        An ONNX model: `pieces` (int64) and `present` (bool or int64), both of shape (n_texts, length), become `vectors`
        (float32) of shape (n_texts, length, n_dimensions).
    pieces : tuple of str
        The vocabulary: word pieces of BERT's uncased kind; a piece's place is its number.
    """

    graph: bytes = field(repr=False)
    pieces: tuple[str, ...] = field(repr=False)
    _numbers: dict[str, tuple[int, ...]] = field(init=False, repr=False, default_factory=dict)  # of the words so far

    def __reduce__(self) -> tuple[type[Self], tuple[bytes, tuple[str, ...]]]:
        return type(self), (self.graph, self.pieces)  # a session cannot travel; the other side makes its own

    @property
    def n_dimensions(self) -> int:
        """Length of a sentence's vector."""
        return self._made().width

    @property
    def n_review_dimensions(self) -> int:
        """Length of a sentence's vector in its review."""
        return self.n_dimensions

    def knows(self, words: Words) -> NDArray[np.bool_]:
        """Whether each word is one piece or two: what falls to more is a rare name or a slip."""
        spelled = words.spelled()
        unknown = self.pieces.index(_UNKNOWN)
        numbers = self._spelt(spelled)
        known = {word: len(found) <= 2 and unknown not in found for word, found in numbers.items()}
        return np.fromiter((known[word] for word in spelled), dtype=np.bool_, count=len(spelled))

    def encode(self, words: Words) -> NDArray[np.float64]:
        """Vectors of sentences: means over their pieces; zero where there is none.

        Returns
        -------
        ndarray of float64, shape (n_sentences, n_dimensions)
        """
        read = self._read(words)
        return self._means(read, alone(read))

    def word_scores(self, words: Words, coef: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What each word adds to ``encode(words) @ coef``.

        Returns
        -------
        ndarray of float64, shape (n_words,)
        """
        read = self._read(words)
        coef = np.asarray(coef, dtype=np.float64)
        scores = np.zeros(len(read.numbers))
        for places, vectors in self._vectors(read, alone(read)):
            with computing:
                scores[places] = vectors @ coef
        return np.bincount(read.word, scores / read.sizes[read.sentence], len(words.hashes)).astype(np.float64)

    def encode_reviews(
        self, words: Words, lengths: NDArray[np.int64], vectors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Vectors of sentences in their review, which is read as a whole, or in windows where it is long.

        Parameters
        ----------
        words : Words
            Reviews one after another.
        lengths : ndarray of int64, shape (n_reviews,)
            Number of sentences of each review.
        vectors : ndarray of float64, shape (n_sentences, n_dimensions)
            What `encode` returned for the sentences; the only sentence of a review keeps its vector.

        Returns
        -------
        ndarray of float64, shape (n_sentences, n_review_dimensions)
        """
        read = self._read(words)
        found = self._means(read, windows(read, np.asarray(lengths, dtype=np.int64)))
        lone = np.repeat(lengths, lengths) == 1
        found[lone] = vectors[lone]
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Graph and vocabulary as arrays of bytes, for a model file."""
        parts = {"graph": self.graph, "pieces": "\n".join(self.pieces).encode()}
        return {name: np.frombuffer(part, dtype=np.uint8) for name, part in parts.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The encoder of this vocabulary and graph.

        Raises
        ------
        ValueError
            Where an array is missing, there is no vocabulary, or the graph is none or does not fit.
        MissingExtraError
            Where onnxruntime or tokenizers is not installed.
        """
        if set(arrays) != {"graph", "pieces"} or any(one.dtype != np.uint8 or one.ndim != 1 for one in arrays.values()):
            raise ValueError("The encoder needs two arrays, 'graph' and 'pieces', of uint8 with 1 axis.")
        pieces = tuple(arrays["pieces"].tobytes().decode().split("\n"))
        if len(set(pieces)) < len(pieces) or not {_BEGIN, _END, _UNKNOWN} <= set(pieces):
            raise ValueError(f"The encoder's pieces must differ, with {_BEGIN}, {_END} and {_UNKNOWN} among them.")
        encoder = cls(arrays["graph"].tobytes(), pieces)
        encoder._made().try_out(len(pieces) - 1)
        return encoder

    def _made(self) -> "_Tools":
        """Session and tokenizer, made when they are first needed."""
        found = _OPEN.get(self)
        return found or _OPEN.setdefault(self, _Tools.of(self.graph, self.pieces))

    def _spelt(self, spelled: list[str]) -> dict[str, tuple[int, ...]]:
        """The pieces of each distinct word, by their numbers."""
        if len(self._numbers) > _WORDS_KEPT:
            self._numbers.clear()
        numbers, tokenizer = {}, self._made().tokenizer
        for word in dict.fromkeys(spelled):
            found = self._numbers.get(word)
            if found is None:
                found = self._numbers[word] = tuple(tokenizer.encode(word, add_special_tokens=False).ids)
            numbers[word] = found
        return numbers

    def _read(self, words: Words) -> Pieces:
        spelled = words.spelled()
        numbers = self._spelt(spelled)
        of_word = np.fromiter((len(numbers[word]) for word in spelled), dtype=np.int64, count=len(spelled))
        flat = np.fromiter((number for word in spelled for number in numbers[word]), np.int64, int(of_word.sum()))
        word = np.repeat(np.arange(len(spelled)), of_word)
        sentence = words.sentence[word]
        sizes = np.bincount(sentence, minlength=words.n_sentences)
        kept = np.arange(len(flat)) - (np.cumsum(sizes) - sizes)[sentence] < LONGEST
        edges = np.concatenate([[0], np.cumsum(np.minimum(sizes, LONGEST))])
        return Pieces(flat[kept], word[kept], sentence[kept], edges)

    def _means(self, read: Pieces, spans: Integers) -> NDArray[np.float64]:
        """Means over the pieces of each sentence that is judged."""
        means = np.zeros((len(read.edges) - 1, self.n_dimensions))
        for places, vectors in self._vectors(read, spans):
            owner = read.sentence[places]
            starts = np.flatnonzero(np.diff(owner, prepend=-1))
            rows = owner[starts]
            means[rows] = np.add.reduceat(vectors, starts, axis=0, dtype=np.float64) / read.sizes[rows, None]
        return means

    def _vectors(self, read: Pieces, spans: Integers) -> Iterator[tuple[Integers, Floats]]:
        """Places of the judged pieces and their vectors, batch by batch, alike lengths together."""
        begin, end, tools = self.pieces.index(_BEGIN), self.pieces.index(_END), self._made()
        for first, judged, until, last in batches(spans):
            place = np.arange((last - first).max() + 2) - 1
            present = place <= (last - first)[:, None]
            within = first[:, None] + place
            pieces = read.numbers[np.clip(within, 0, len(read.numbers) - 1)]
            pieces[within >= last[:, None]] = end
            pieces[:, 0] = begin
            chosen = (within >= judged[:, None]) & (within < until[:, None])
            yield within[chosen], tools.run(pieces, present)[chosen]


@dataclass(frozen=True, slots=True)
class _Tools:
    """What an encoder needs of other packages."""

    session: "InferenceSession"
    tokenizer: "Tokenizer"
    width: int
    mask: type[np.bool_ | np.int64]

    @classmethod
    def of(cls, graph: bytes, pieces: tuple[str, ...]) -> Self:
        """Open the graph, and index the vocabulary."""
        session = _session(graph)
        inputs = {one.name: one.type for one in session.get_inputs()}
        outputs = {one.name: one for one in session.get_outputs()}
        mask = _TYPES.get(inputs.get("present", ""))
        if inputs.keys() != {"pieces", "present"} or outputs.keys() != {"vectors"} or mask is None:
            raise ValueError("The encoder's graph must make 'vectors' of 'pieces' and 'present'.")
        shape = outputs["vectors"].shape
        if len(shape) != 3 or not isinstance(shape[2], int) or outputs["vectors"].type != "tensor(float)":
            raise ValueError(f"The encoder's graph must tell the length of its vectors of float32; it tells {shape}.")
        return cls(session, _tokenizer(pieces), shape[2], mask)

    def run(self, pieces: Integers, present: NDArray[np.bool_]) -> Floats:
        """Vectors of pieces."""
        inputs = {"pieces": pieces, "present": present.astype(self.mask)}
        return np.asarray(self.session.run(["vectors"], inputs)[0])

    def try_out(self, highest: int) -> None:
        """Whether the graph reads the whole vocabulary, and as many pieces as a window has."""
        pieces = np.full((1, WINDOW), highest)
        try:
            found = self.run(pieces, np.ones(pieces.shape, dtype=np.bool_))
        except Exception as error:  # onnxruntime's errors have no parent of their own
            raise ValueError(f"The encoder's graph does not read its {highest + 1} pieces: {error}") from error
        if found.shape != (1, WINDOW, self.width) or not np.isfinite(found).all():
            raise ValueError("The encoder's graph makes no finite vector of each piece.")


_OPEN: WeakKeyDictionary[TransformerEncoder, _Tools] = WeakKeyDictionary()
if hasattr(os, "register_at_fork"):
    # A forked process has none of the threads of a session, and would wait for them for ever when it drops it.
    os.register_at_fork(before=_OPEN.clear)


def _session(graph: bytes) -> "InferenceSession":
    try:
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError as error:
        raise _missing("onnxruntime") from error
    options = SessionOptions()
    options.log_severity_level = 4  # what concerns the reader is raised
    try:
        return InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no parent of their own
        raise ValueError(f"The encoder's graph cannot be used: {error}") from error


def _tokenizer(pieces: tuple[str, ...]) -> "Tokenizer":
    try:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise _missing("tokenizers") from error
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=_UNKNOWN, max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()  # sets signs of Chinese apart
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _missing(package: str) -> MissingExtraError:
    return MissingExtraError(f'This model needs {package}: pip install "spoilerguard[accurate]"')
