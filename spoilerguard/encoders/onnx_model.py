"""An ONNX graph that is open to be run, and the tokenizer of its word pieces (extra ``accurate``)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.word_pieces import WINDOW
from spoilerguard.errors import MissingExtraError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

__all__ = ["UNKNOWN", "OnnxModel"]

UNKNOWN = "[UNK]"  # the piece that stands for what the vocabulary cannot spell
_OUTPUT = "last_hidden_state"
_MASK_TYPES = {"tensor(bool)": np.bool_, "tensor(int64)": np.int64}


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """An open graph and its tokenizer; see `TransformerEncoder` for what the graph takes and gives."""

    session: "InferenceSession"
    tokenizer: "Tokenizer"
    n_dimensions: int
    mask_type: type[np.bool_ | np.int64]

    @classmethod
    def of(cls, graph: bytes, vocabulary: tuple[str, ...]) -> Self:
        """Open the graph, and index the vocabulary."""
        session = _session(graph)
        inputs = {one.name: one.type for one in session.get_inputs()}
        outputs = {one.name: one for one in session.get_outputs()}
        mask_type = _MASK_TYPES.get(inputs.get("attention_mask", ""))
        if inputs.keys() != {"input_ids", "attention_mask"} or outputs.keys() != {_OUTPUT} or mask_type is None:
            raise ValueError(f"The encoder's graph must make {_OUTPUT!r} of 'input_ids' and 'attention_mask'.")
        shape = outputs[_OUTPUT].shape
        if len(shape) != 3 or not isinstance(shape[2], int) or outputs[_OUTPUT].type != "tensor(float)":
            raise ValueError(f"The encoder's graph must state the length of its vectors of float32; it states {shape}.")
        return cls(session, _tokenizer(vocabulary), shape[2], mask_type)

    def run(self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Vectors of word pieces, shape (n_texts, length, n_dimensions)."""
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask.astype(self.mask_type)}
        return np.asarray(self.session.run([_OUTPUT], inputs)[0])

    def try_out(self, highest: int) -> None:
        """Whether the graph reads the whole vocabulary, and as many pieces as a window has."""
        input_ids = np.full((1, WINDOW), highest)
        try:
            found = self.run(input_ids, np.ones(input_ids.shape, dtype=np.bool_))
        except Exception as error:  # onnxruntime's errors have no parent of their own
            raise ValueError(f"The encoder's graph does not read its {highest + 1} word pieces: {error}") from error
        if found.shape != (1, WINDOW, self.n_dimensions) or not np.isfinite(found).all():
            raise ValueError("The encoder's graph makes no finite vector of each word piece.")


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


def _tokenizer(vocabulary: tuple[str, ...]) -> "Tokenizer":
    try:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise _missing("tokenizers") from error
    ids = {piece: number for number, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()  # sets signs of Chinese apart
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _missing(package: str) -> MissingExtraError:
    return MissingExtraError(f'This model needs {package}: pip install "spoilerguard[accurate]"')
