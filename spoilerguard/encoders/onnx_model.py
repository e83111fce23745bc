"""An ONNX graph that is open to be run, and the tokenizer of its word pieces (extra ``accurate``)."""

import os
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders.word_pieces import WINDOW
from spoilerguard.errors import MissingExtraError, ModelFormatError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

__all__ = ["UNKNOWN", "OnnxModel"]

UNKNOWN = "[UNK]"  # the piece that stands for what the vocabulary cannot spell
_OUTPUT = "last_hidden_state"
_MASK_TYPES = {"tensor(bool)": np.bool_, "tensor(int64)": np.int64}
_TELEMETRY_SWITCH = "ORT_DISABLE_TELEMETRY"
_SWITCHED_OFF = {"1", "true", "yes", "on"}  # what onnxruntime takes for yes, in any case
_FIRST_WITH_TELEMETRY = (1, 29)


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
        """Vectors of word pieces, shape (n_texts, length, n_dimensions).

        Raises
        ------
        ModelFormatError
            Where the graph gives other shapes, or numbers that are not finite: a probability would become NaN.
        """
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask.astype(self.mask_type)}
        found = np.asarray(self.session.run([_OUTPUT], inputs)[0])
        if found.shape != (*input_ids.shape, self.n_dimensions) or not np.isfinite(found).all():
            raise ModelFormatError(
                "The encoder's graph makes no finite vector of each word piece, so this model cannot be trusted: "
                "use another, or get it again from where it came."
            )
        return found

    def try_out(self, highest: int) -> None:
        """Whether the graph reads the whole vocabulary, and as many pieces as a window has."""
        input_ids = np.full((1, WINDOW), highest)
        try:
            self.run(input_ids, np.ones(input_ids.shape, dtype=np.bool_))
        except ModelFormatError:
            raise
        except Exception as error:  # onnxruntime's errors have no parent of their own
            raise ValueError(f"The encoder's graph does not read its {highest + 1} word pieces: {error}") from error


@cache
def import_onnxruntime() -> ModuleType:
    """onnxruntime, imported with its telemetry switched off.

    Since 1.29, onnxruntime writes below the user's cache and looks up a host as soon as it is imported, unless
    ``ORT_DISABLE_TELEMETRY`` is set by then. It looks at the variable once, and its ``disable_telemetry_events`` comes
    too late. So the variable is set for the time of the import, and the environment is left as it was.
    """
    switch = os.environ.get(_TELEMETRY_SWITCH)
    was_imported = "onnxruntime" in sys.modules
    os.environ[_TELEMETRY_SWITCH] = "1"
    try:
        onnxruntime = import_module("onnxruntime")
    except ImportError as error:
        raise _missing("onnxruntime") from error
    finally:
        if switch is None:
            os.environ.pop(_TELEMETRY_SWITCH, None)  # another thread may have done so
        else:
            os.environ[_TELEMETRY_SWITCH] = switch
    version = tuple(map(int, onnxruntime.__version__.split(".")[:2]))
    if was_imported and version >= _FIRST_WITH_TELEMETRY and (switch or "").lower() not in _SWITCHED_OFF:
        warnings.warn(
            "onnxruntime was imported before spoilerguard could switch its telemetry off: it may open connections and "
            f"write below your cache folder. Set the environment variable {_TELEMETRY_SWITCH}=1 before anything else "
            "imports onnxruntime, or load the model of the accurate tier first.",
            stacklevel=2,
        )
    return onnxruntime


def _session(graph: bytes) -> "InferenceSession":
    """The graph, open to be run in the thread that asks for it."""
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # `n_jobs` decides how many cores work
    options.log_severity_level = 4  # what concerns the reader is raised
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no parent of their own
        raise ValueError(f"The encoder's graph cannot be used: {error}") from error


def _tokenizer(vocabulary: tuple[str, ...]) -> "Tokenizer":
    try:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise _missing("tokenizers") from error
    ids = {piece: number for number, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
    # Sets signs of Chinese apart. Accents are gone before. What else would fall apart is Hangul, a syllable into three
    # pieces: Korean would take four times as long as English, and say nothing to a model of English.
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _missing(package: str) -> MissingExtraError:
    return MissingExtraError(f'This model needs {package}: pip install "spoilerguard[accurate]"')
