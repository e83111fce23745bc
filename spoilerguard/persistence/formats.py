"""A fitted model → a document and arrays; and which reader brings back what stands under which format number.

How to bump the format: leave ``format_1.py``, ``format_2.py`` and their stored models under ``tests/data`` as they are;
let `describe` write the new layout and set ``NEWEST = 3``; add ``3: read_format_3`` to `READERS`, and a stored model of
it to the tests. One field more is a new format already: a reader refuses what it does not know, for it may change the
model.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from spoilerguard import __version__, context
from spoilerguard.context import ReviewContext
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence.archive import specs_of
from spoilerguard.persistence.document import Json, check_seal, parse, plain, plain_object
from spoilerguard.persistence.format_1 import ENCODER, idf_of, read_format_1
from spoilerguard.persistence.format_2 import DIRECTION, kind_of, read_format_2
from spoilerguard.persistence.layout import MODEL_JSON, Arrays, ContentOf, Fault

__all__ = ["KIND", "NEWEST", "READERS", "describe", "read", "versions"]

KIND = "spoilerguard model"
NEWEST = 2
READERS: Mapping[int, Callable[[dict[str, Json], ContentOf], SpoilerClassifier]] = {
    1: read_format_1,
    2: read_format_2,
}

_UPGRADE = "Upgrade spoilerguard: pip install --upgrade spoilerguard."


def versions() -> dict[str, str]:
    """Of what writes a model here and now."""
    return {"spoilerguard": __version__, "numpy": np.__version__, "scikit-learn": sklearn.__version__}


def describe(model: SpoilerClassifier) -> tuple[dict[str, Json], Arrays]:
    """Everything that makes `model`, as the fields of ``model.json`` and the arrays of ``weights.npz``.

    Parameters are written whatever they are called: the reader, which `save` asks before it writes, refuses what it
    does not know, so that no parameter is ever lost in silence.
    """
    check_is_fitted(model, ["vectorizer_", "coef_"])
    vectorizer = model.vectorizer_
    arrays = {"coef": _compact(model.coef_), **_rarity(vectorizer)}
    if vectorizer.encoder is not None:
        arrays |= {ENCODER + name: array for name, array in vectorizer.encoder.arrays().items()}
    if model.context_ is not None and model.context_.direction:
        arrays[DIRECTION] = np.array(model.context_.direction, dtype=np.float64)
    document = {
        "kind": KIND,
        "format": NEWEST,
        "versions": versions(),
        "classifier": model.get_params(deep=False)
        | {"vectorizer": "default" if model.vectorizer is None else "as fitted"},
        "vectorizer": vectorizer.get_params(deep=False)
        | {"encoder": kind_of(vectorizer.encoder), "n_sentences": vectorizer.n_sentences_},
        "classes": {"dtype": _dtype_name(model.classes_), "values": model.classes_},
        "intercept": model.intercept_,
        "context": None if model.context_ is None else _described_context(model.context_),
        "operating_points": {name: asdict(point) for name, point in model.operating_points_.items()},
        "card": plain_object(model.card_, "card"),
        "arrays": {spec.name: {"dtype": spec.dtype, "shape": spec.shape} for spec in specs_of(arrays)},
    }
    return {name: plain(value, name) for name, value in document.items()}, arrays


def _dtype_name(classes: NDArray[Any]) -> str:
    return "str" if classes.dtype.kind == "U" else classes.dtype.name


def _described_context(stage: ReviewContext) -> dict[str, Json]:
    return {"weights": dict(zip(context.FEATURES, stage.weights, strict=True)), "intercept": stage.intercept}


def _compact(coef: NDArray[np.float32]) -> NDArray[Any]:
    """Weights in half precision, which fitting has rounded them to; any others as they are."""
    with np.errstate(over="ignore"):
        half = coef.astype(np.float16)
    return half if np.array_equal(half, coef) else coef.astype(np.float32)


def _rarity(vectorizer: SentenceVectorizer) -> Arrays:
    """The whole numbers that `idf_` was computed from, a quarter of its size once packed; else `idf_` itself."""
    with np.errstate(all="ignore"):  # an `idf_` that nobody has counted may lead anywhere
        frequency = np.rint((1 + vectorizer.n_sentences_) / np.exp(vectorizer.idf_.astype(np.float64)) - 1)
        counted = np.array_equal(idf_of(frequency, vectorizer.n_sentences_), vectorizer.idf_)
    if not counted:
        return {"idf": vectorizer.idf_}
    return {"document_frequency": frequency.astype(np.min_scalar_type(int(frequency.max())))}


def read(data: bytes, content_of: ContentOf) -> SpoilerClassifier:
    """The model that the bytes of a ``model.json`` describe, or a `Fault`."""
    document = parse(data)
    kind, number = document.get("kind"), document.get("format")
    if kind != KIND:
        raise Fault(MODEL_JSON, "does not describe a spoilerguard model.", "Pass the folder that save() wrote.")
    if type(number) is not int or number < 1:
        raise Fault(MODEL_JSON, "has no format number.")
    if number not in READERS:
        raise Fault(MODEL_JSON, f"has format {number}, and this version reads up to {NEWEST}.", _UPGRADE)
    check_seal(data, document.get("checksum"))
    return READERS[number](document, content_of)
