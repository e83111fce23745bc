"""The formats of a model folder: a fitted model → the newest one; and which reader reads which number.

To add format 2: leave ``v1.py`` and the stored model of format 1 under ``tests/data`` as they are; write ``v2.py``; let
`write` write the new layout; add ``2: read_v2`` to `READERS` and a stored model to the tests. One field more is a new
format already: a reader refuses what it does not know, for it may change the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from spoilerguard.calibration.operating_points import OperatingPoints
from spoilerguard.documents import Standing
from spoilerguard.encoders import ENCODERS, Encoder
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence.arrays import Arrays, describe, pack
from spoilerguard.persistence.formats.v1 import (
    COEF,
    DOCUMENT_FREQUENCY,
    ENCODER,
    IDF,
    MAJOR_COEF,
    VECTOR_COEF,
    idf_of,
    read_v1,
)
from spoilerguard.persistence.manifest import (
    MODEL_JSON,
    UPGRADE,
    Fault,
    Stamp,
    checksum,
    parse,
    plain_object,
    serialize,
)
from spoilerguard.version import __version__

__all__ = ["KIND", "READERS", "kind_of", "parameters_of", "read", "versions", "write"]

KIND = "spoilerguard model"
READERS: Mapping[int, Callable[[dict[str, Any], Callable[[Stamp], bytes]], SpoilerClassifier]] = {1: read_v1}


def versions() -> dict[str, str]:
    """Of what writes a model here and now."""
    return {"spoilerguard": __version__, "numpy": np.__version__, "scikit-learn": sklearn.__version__}


def kind_of(encoder: Encoder | None) -> str | None:
    """The name under which an encoder is stored."""
    kind = next((kind for kind, stored in ENCODERS.items() if isinstance(encoder, stored)), None)
    if kind is None and encoder is not None:
        raise Fault(MODEL_JSON, f"cannot hold an encoder of type {type(encoder).__name__}.")
    return kind


def write(model: SpoilerClassifier) -> tuple[bytes, bytes]:
    """The content of ``model.json`` and of ``weights.safetensors``.

    Parameters are written whatever they are called, but for those that are None: the reader, which `save` asks before
    it writes, refuses what it does not know, so that no parameter is ever lost in silence.
    """
    check_is_fitted(model, ["vectorizer_", "coef_"])
    vectorizer, context = model.vectorizer_, model.context_
    encoder_kind = kind_of(vectorizer.encoder)
    arrays = {COEF: _half_precision(model.coef_), **_document_frequency(model)}
    if vectorizer.encoder is not None:
        arrays |= {ENCODER + name: array for name, array in vectorizer.encoder.arrays().items()}
    if context is not None and context.vector_coef:
        arrays[VECTOR_COEF] = np.array(context.vector_coef, dtype=np.float64)
    if model.severity_ is not None:
        heads = model.severity_.heads.items()
        arrays |= {MAJOR_COEF + standing: np.array(head.vector_coef, dtype=np.float64) for standing, head in heads}
    weights, classes = pack(arrays), model.classes_
    document = {
        "kind": KIND,
        "format": max(READERS),
        "versions": versions(),
        "classifier": parameters_of(model),
        "vectorizer": vectorizer.get_params(deep=False)
        | {"encoder": encoder_kind, "n_sentences": vectorizer.n_sentences_},
        "classes": {"dtype": "str" if classes.dtype.kind == "U" else classes.dtype.name, "values": classes},
        "intercept": model.intercept_,
        "context": None if context is None else {"weights": context.weights, "intercept": context.intercept},
        "operating_points": _points(model.operating_points_),
        **_optional(model),
        "card": model.card_,
        "arrays": describe(arrays),
        "weights": Stamp.of(weights)._asdict(),
    }
    return serialize(plain_object(document, "")), weights


def _optional(model: SpoilerClassifier) -> dict[str, Any]:
    """What not every model has."""
    found: dict[str, Any] = {}
    if model.severity_ is not None:
        found["severity"] = {
            "intercepts": {standing.value: head.intercept for standing, head in model.severity_.heads.items()},
            "operating_points": _points(model.severity_.operating_points),
        }
    if model.review_stages_:
        found["review_stages"] = {str(level): asdict(stage) for level, stage in model.review_stages_.items()}
    if model.story_ is not None:
        found["story"] = {
            str(standing): {name: one._asdict() for name, one in parts.items()}
            for standing, parts in model.story_.weights.items()
        }
    return found


def _points(points: OperatingPoints) -> dict[str, dict[str, Any]]:
    return {
        standing.value: {name: asdict(point) for name, point in points.get(standing, {}).items()}
        for standing in Standing
    }


def parameters_of(model: SpoilerClassifier) -> dict[str, Any]:
    """Those that are not None; labels of `class_weight` as text, which `parse_label` reads alike."""
    given = {name: value for name, value in model.get_params(deep=False).items() if value is not None}
    if isinstance(model.class_weight, Mapping):
        given["class_weight"] = {str(label): weight for label, weight in model.class_weight.items()}
    return given | {"vectorizer": "default" if model.vectorizer is None else "as fitted"}


def _half_precision(coef: NDArray[np.float32]) -> NDArray[np.float16]:
    """The weights as fitting has rounded them."""
    with np.errstate(over="ignore"):
        half = coef.astype(np.float16)
    if not np.array_equal(half, coef):
        raise Fault(MODEL_JSON, "cannot hold coef_: its numbers are NaN, or not in half precision.")
    return half


def _document_frequency(model: SpoilerClassifier) -> Arrays:
    """The whole numbers that `idf_` was computed from, where they give it back exactly; else `idf_` itself."""
    idf, n_sentences = model.vectorizer_.idf_, model.vectorizer_.n_sentences_
    with np.errstate(all="ignore"):  # an `idf_` that nobody has counted may lead anywhere
        frequency = np.rint((1 + n_sentences) / np.exp(idf.astype(np.float64)) - 1)
        counted = 0 <= frequency.min() <= frequency.max() <= n_sentences and np.array_equal(
            idf_of(frequency, n_sentences), idf
        )
    if not counted:
        return {IDF: idf}
    return {DOCUMENT_FREQUENCY: frequency.astype(np.min_scalar_type(int(frequency.max())))}


def read(data: bytes, weights_of: Callable[[Stamp], bytes]) -> SpoilerClassifier:
    """The model that the content of a ``model.json`` describes, or a `Fault`."""
    document = plain_object(parse(data))
    kind, number = document.get("kind"), document.get("format")
    if kind != KIND:
        raise Fault(MODEL_JSON, "does not describe a spoilerguard model.", "Pass the folder that save() wrote.")
    if type(number) is not int or number < 1:
        raise Fault(MODEL_JSON, "has no format number.")
    if number not in READERS:
        raise Fault(MODEL_JSON, f"has format {number}, and this version reads up to {max(READERS)}.", UPGRADE)
    if document.get("checksum") != checksum(document):
        raise Fault(MODEL_JSON, "does not match its own checksum: it was altered or cut.")
    return READERS[number](document, weights_of)
