"""The formats of a model folder: a fitted model → the newest one; and which reader reads which number.

To add format 2: leave ``v1.py`` and the stored model of format 1 under ``tests/data`` as they are; write ``v2.py``; let
`write` write the new layout; add ``2: read_v2`` to `READERS` and a stored model to the tests. Once there is a release,
one field more is a new format: a reader refuses what it does not know, for it may change the model. Until then it is an
optional part of format 1.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.encoders import ENCODERS, Encoder
from spoilerguard.features.estimators import check_fitted
from spoilerguard.linear_model import LinearModel
from spoilerguard.persistence.arrays import Arrays, describe, pack
from spoilerguard.persistence.formats.levels_v1 import describe_levels, describe_points, level_arrays
from spoilerguard.persistence.formats.memory_v1 import MEMORY
from spoilerguard.persistence.formats.profile_v1 import describe_profile, profile_arrays
from spoilerguard.persistence.formats.story_v1 import describe_story
from spoilerguard.persistence.formats.v1 import (
    COEF,
    DOCUMENT_FREQUENCY,
    ENCODER,
    IDF,
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

if TYPE_CHECKING:
    from spoilerguard.model import SpoilerClassifier

__all__ = ["KIND", "READERS", "kind_of", "parameters_of", "read", "versions", "write"]

KIND = "spoilerguard model"
READERS: Mapping[int, Callable[[dict[str, Any], Callable[[Stamp], bytes]], LinearModel]] = {1: read_v1}


def versions() -> dict[str, str]:
    """Of what writes a model here and now."""
    import sklearn  # who only reads models does without it

    return {"spoilerguard": __version__, "numpy": np.__version__, "scikit-learn": sklearn.__version__}


def kind_of(encoder: Encoder | None) -> str | None:
    """The name under which an encoder is stored."""
    kind = next((kind for kind, stored in ENCODERS.items() if isinstance(encoder, stored)), None)
    if kind is None and encoder is not None:
        raise Fault(MODEL_JSON, f"cannot hold an encoder of type {type(encoder).__name__}.")
    return kind


def write(model: "SpoilerClassifier") -> tuple[bytes, bytes]:
    """The content of ``model.json`` and of ``weights.safetensors``.

    Parameters are written whatever they are called, but for those that are None: the reader, which `save` asks before
    it writes, refuses what it does not know, so that no parameter is ever lost in silence.
    """
    check_fitted(model, "coef_")
    vectorizer, context = model.vectorizer_, model.context_
    parameters = vectorizer_parameters_of(model)
    arrays = {COEF: _half_precision(model.coef_), **_document_frequency(model)}
    if vectorizer.encoder is not None:
        arrays |= {ENCODER + name: array for name, array in vectorizer.encoder.arrays().items()}
    if context is not None and context.vector_coef:
        arrays[VECTOR_COEF] = np.array(context.vector_coef, dtype=np.float64)
    arrays |= level_arrays(model)
    if model.memory_ is not None:
        arrays |= {f"{MEMORY}{place}": layer for place, layer in enumerate(model.memory_.layers)}
    profile = model.profile_
    if profile is not None:
        arrays |= profile_arrays(profile)
    weights, classes = pack(arrays), model.classes_
    document = {
        "kind": KIND,
        "format": max(READERS),
        "versions": versions(),
        "classifier": parameters_of(model),
        "vectorizer": parameters | {"n_sentences": vectorizer.n_sentences_},
        "classes": {"dtype": "str" if classes.dtype.kind == "U" else classes.dtype.name, "values": classes},
        "intercept": model.intercept_,
        **({} if model.gate_ is None else {"gate": model.gate_}),
        "context": None if context is None else {"weights": context.weights, "intercept": context.intercept},
        "operating_points": describe_points(model.operating_points_),
        **describe_levels(model),
        **({} if model.story_ is None else {"story": describe_story(model.story_)}),
        "card": model.card_,
        "arrays": describe(arrays),
        "weights": Stamp.of(weights)._asdict(),
        **({} if profile is None else {"profile": describe_profile(profile)}),
    }
    return serialize(plain_object(document, "")), weights


def parameters_of(model: "SpoilerClassifier") -> dict[str, Any]:
    """Those that are not None; labels of `class_weight` as text, which `parse_label` reads alike."""
    given = {name: value for name, value in model.get_params(deep=False).items() if value is not None}
    if isinstance(model.class_weight, Mapping):
        given["class_weight"] = {str(label): weight for label, weight in model.class_weight.items()}
    return given | {"vectorizer": "default" if model.vectorizer is None else "as fitted"}


def vectorizer_parameters_of(model: "SpoilerClassifier") -> dict[str, Any]:
    """Those of the fitted vectorizer, the encoder by its kind; the file of its memory is no part of a model."""
    parameters: dict[str, Any] = model.vectorizer_.get_params(deep=False)
    del parameters["memory"]
    return parameters | {"encoder": kind_of(model.vectorizer_.encoder)}


def _half_precision(coef: NDArray[np.float32]) -> NDArray[np.float16]:
    """The weights as fitting has rounded them."""
    with np.errstate(over="ignore"):
        half = coef.astype(np.float16)
    if not np.array_equal(half, coef):
        raise Fault(MODEL_JSON, "cannot hold coef_: its numbers are NaN, or not in half precision.")
    return half


def _document_frequency(model: LinearModel) -> Arrays:
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


def read(data: bytes, weights_of: Callable[[Stamp], bytes]) -> LinearModel:
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
