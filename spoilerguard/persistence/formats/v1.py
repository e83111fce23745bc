"""Format 1, read: every field, every array and what ties them together is checked before a model is built.

The names and bounds of the format stand here and not where the live code has them, so a later version that knows more
still reads this format as it was. Extreme values within these bounds are harmless: `predict` multiplies at most three
arrays (each up to 1e9) before it limits the result, or sums it in double precision, so every logit is a finite number.
"""

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard.calibration.operating_points import resolve_thresholds
from spoilerguard.context import ReviewContext
from spoilerguard.encoders import ENCODERS, Encoder
from spoilerguard.errors import OperatingPointError
from spoilerguard.features import Vectorizer
from spoilerguard.features.normalization import NORMALIZATIONS
from spoilerguard.linear_model import LinearModel
from spoilerguard.persistence.arrays import ARRAYS, MAX_BYTES, WEIGHTS, Arrays, unpack
from spoilerguard.persistence.formats.levels_v1 import POINTS, read_points, read_severity, read_stages
from spoilerguard.persistence.formats.memory_v1 import read_memory
from spoilerguard.persistence.formats.profile_v1 import read_profile
from spoilerguard.persistence.formats.story_v1 import read_story
from spoilerguard.persistence.layout import (
    ANYTHING,
    TEXT,
    Layout,
    Rule,
    ascending,
    check,
    number,
    one_of,
    optional,
    whole,
)
from spoilerguard.persistence.manifest import MODEL_JSON, UPGRADE, Fault, Stamp

__all__ = [
    "COEF",
    "DOCUMENT_FREQUENCY",
    "ENCODER",
    "IDF",
    "VECTOR_COEF",
    "idf_of",
    "read_v1",
]

COEF, IDF, DOCUMENT_FREQUENCY = "coef", "idf", "document_frequency"
VECTOR_COEF = "context.vector_coef"
ENCODER = "encoder."  # before the names of the encoder's arrays

_CONTEXT_FEATURES = (
    "own logit",
    "logit before",
    "logit two before",
    "logit after",
    "logit two after",
    "mean of the five before",
    "mean of the five after",
    "highest before",
    "mean of the review",
    "highest of the review",
    "place",
    "last sentence",
    "log length of the review",
    "log length of the sentence",
    "warned before",
    "warning itself",
)
_LABEL_TYPES = (
    *("str", "object", "bool", "float32", "float64"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
_READ_ELSEWHERE = ("story", "severity", "review_stages", "profile")
_MAX_DIMENSIONS = 4096  # of an encoder's vector: so many double-precision numbers are kept for each sentence
_SHARE, _WEIGHT = number(0, 1), number(-1e30, 1e30)  # no weight of a model that works comes near
_THRESHOLD = Rule(
    "a number from 0 to 1 or the name of an operating point",
    lambda value: _SHARE.accepts(value) or isinstance(value, str),
)
_CLASSIFIER: Mapping[str, Layout] = {
    "vectorizer": one_of("default", "as fitted"),
    "C": number(sys.float_info.min, 1e30),
    "random_state": whole(0, 2**32 - 1),
}
_LAYOUT: Mapping[str, Layout] = {
    "kind": TEXT,
    "format": one_of(1),
    "versions": {...: TEXT},
    "classifier": _CLASSIFIER,
    "vectorizer": {
        "normalization": whole(1, 2**31),
        "word_ngrams": whole(1, 8),
        "char_ngrams": ascending(whole(2, 16)),
        "n_buckets": one_of(*(2**power for power in range(4, 25))),
        "encoder": one_of(None, "convolutional", "transformer"),
        "n_sentences": whole(1, 2**48),
    },
    "classes": {
        "dtype": one_of(*_LABEL_TYPES),
        "values": Rule("two labels", lambda values: type(values) is list and len(values) == 2),
    },
    "intercept": _WEIGHT,
    "gate": optional(_WEIGHT),
    "context": {"weights": dict.fromkeys(_CONTEXT_FEATURES, _WEIGHT), "intercept": _WEIGHT},
    "operating_points": POINTS,
    "card": {...: ANYTHING},
    "arrays": ARRAYS,
    "weights": {
        "n_bytes": whole(0, MAX_BYTES),
        "sha256": Rule("64 hexadecimal digits", lambda text: bool(re.fullmatch("[0-9a-f]{64}", str(text)))),
    },
    "checksum": TEXT,
}


def read_v1(document: dict[str, Any], weights_of: Callable[[Stamp], bytes]) -> LinearModel:
    """The model of a document whose checksum and format number hold; `weights_of` gives the file of a stamp."""
    has_context = document.get("context") is not None
    check(document, {**_LAYOUT, **_optional(document), **({} if has_context else {"context": one_of(None)})})
    arrays = unpack(weights_of(Stamp(**document["weights"])), document["arrays"])
    vectorizer = _vectorizer(document["vectorizer"], arrays)
    sizes = {"alone": vectorizer.n_dimensions, "in review": vectorizer.n_review_dimensions}
    model = LinearModel.from_parts(
        params=_params(document["classifier"], vectorizer.unfitted()),
        vectorizer=vectorizer,
        classes=_classes(**document["classes"]),
        coef=_take(arrays, COEF, vectorizer.n_columns, "float16").astype(np.float32),
        intercept=document["intercept"],
        context=_context(document["context"], arrays, vectorizer.n_review_dimensions) if has_context else None,
        story=read_story(document["story"]) if "story" in document else None,
        gate=document.get("gate"),
        operating_points=read_points(document["operating_points"]),
        severity=read_severity(document["severity"], arrays, sizes) if "severity" in document else None,
        review_stages=read_stages(document["review_stages"]) if "review_stages" in document else None,
        card=document["card"],
        memory=read_memory(arrays),
        profile=read_profile(document["profile"], arrays, vectorizer.n_dimensions) if "profile" in document else None,
    )
    if arrays:
        raise Fault(WEIGHTS, f"is wrong: this model has no use for {', '.join(sorted(arrays))}.")
    try:
        resolve_thresholds(model.operating_points_, None, model.threshold)
    except OperatingPointError as error:
        raise Fault(MODEL_JSON, f"is wrong: classifier.threshold must fit the model. {error}") from None
    return model


def _optional(document: Mapping[str, Any]) -> Mapping[str, Layout]:
    """The layout of what not every model has; most of it is checked by a reader of its own."""
    found: dict[str, Layout] = {name: ANYTHING for name in _READ_ELSEWHERE if name in document}
    classifier = document.get("classifier")
    if not isinstance(classifier, dict):
        return found
    named: Layout = {...: number(0, 1e30)}
    layouts: Mapping[str, Layout] = {
        "threshold": _THRESHOLD,
        "class_weight": named if isinstance(classifier.get("class_weight"), dict) else one_of("balanced"),
    }
    given = {name: one for name, one in layouts.items() if name in classifier}
    return found | {"classifier": {**_CLASSIFIER, **given}}


def _params(fields: Mapping[str, Any], vectorizer: Vectorizer) -> dict[str, Any]:
    """The parameters of the classifier; `vectorizer` is the one that was fitted, as it was before."""
    return {**fields, "vectorizer": None if fields["vectorizer"] == "default" else vectorizer}


def _vectorizer(fields: Mapping[str, Any], arrays: Arrays) -> Vectorizer:
    if fields["normalization"] not in NORMALIZATIONS:
        known = ", ".join(map(str, NORMALIZATIONS))
        what = f"names text normalization {fields['normalization']}, and this version knows {known}."
        raise Fault(MODEL_JSON, what, UPGRADE)
    vectorizer = Vectorizer(
        word_ngrams=fields["word_ngrams"],
        char_ngrams=tuple(fields["char_ngrams"]),
        n_buckets=fields["n_buckets"],
        encoder=_encoder(fields["encoder"], arrays),
        normalization=fields["normalization"],
    )
    n_sentences, n_columns = fields["n_sentences"], 2 * vectorizer.n_buckets
    vectorizer.n_sentences_ = n_sentences
    if DOCUMENT_FREQUENCY not in arrays:
        vectorizer.idf_ = _take(arrays, IDF, n_columns, "float32")
        return vectorizer
    frequency = _take(arrays, DOCUMENT_FREQUENCY, n_columns, "uint8", "uint16", "uint32", "uint64")
    if int(frequency.max()) > n_sentences:
        raise Fault(WEIGHTS, f"is wrong: document_frequency must hold counts of at most {n_sentences} sentences.")
    vectorizer.idf_ = idf_of(frequency, n_sentences)
    return vectorizer


def idf_of(frequency: NDArray[Any], n_sentences: int) -> NDArray[np.float32]:
    """As `SentenceVectorizer.fit` computes it; read-only."""
    idf = np.log((1 + n_sentences) / (1 + frequency.astype(np.float64))).astype(np.float32)
    idf.flags.writeable = False
    return idf


def _encoder(kind: str | None, arrays: Arrays) -> Encoder | None:
    if kind is None:
        return None
    mine = {name.removeprefix(ENCODER): arrays.pop(name) for name in sorted(arrays) if name.startswith(ENCODER)}
    try:
        encoder = ENCODERS[kind].from_arrays(mine)
    except ValueError as error:
        raise Fault(WEIGHTS, f"is wrong: {error}") from None
    if max(encoder.n_dimensions, encoder.n_review_dimensions) > _MAX_DIMENSIONS:
        raise Fault(WEIGHTS, f"is wrong: the encoder's vectors have more than {_MAX_DIMENSIONS} dimensions.")
    return encoder


def _take(arrays: Arrays, name: str, length: int, *dtypes: str) -> NDArray[Any]:
    """Take an array of this length and one of these dtypes."""
    found = arrays.pop(name, None)
    if found is None or found.dtype.name not in dtypes or found.shape != (length,):
        raise Fault(WEIGHTS, f"is wrong: it must hold {name}, {length} numbers as {' or '.join(dtypes)}.")
    return found


def _classes(dtype: str, values: list[Any]) -> NDArray[Any]:
    """Two ascending labels in the dtype that they had, if it holds exactly them."""
    wrong = Fault(MODEL_JSON, "is wrong: classes['values'] must be two ascending labels of their dtype.")
    kind = type(values[0])
    if kind not in (bool, int, float, str) or type(values[1]) is not kind:
        raise wrong
    try:
        with np.errstate(invalid="ignore"):
            classes = np.array(values).astype(dtype)  # what does not fit wraps around, and is found below
    except (OverflowError, ValueError):
        raise wrong from None
    kept = classes.tolist()
    if kept != values or type(kept[0]) is not kind or not kept[0] < kept[1]:
        raise wrong
    return classes


def _context(fields: Mapping[str, Any], arrays: Arrays, n_dimensions: int) -> ReviewContext:
    weights = {name: fields["weights"][name] for name in _CONTEXT_FEATURES}
    vector_coef = _take(arrays, VECTOR_COEF, n_dimensions, "float64").tolist() if VECTOR_COEF in arrays else []
    return ReviewContext(weights, fields["intercept"], tuple(vector_coef))
