"""Format 1, read: every field, every array and what ties them together is checked before a model is built.

This module is kept for as long as models of format 1 exist; a new format gets a module of its own, which says only what
has changed.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spoilerguard import context
from spoilerguard.context import ReviewContext
from spoilerguard.encoders import Encoder, PooledEncoder
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier
from spoilerguard.operating_points import OperatingPoint
from spoilerguard.persistence.archive import checked_specs, unpack
from spoilerguard.persistence.document import SHA256, Fields, Json, plain_object
from spoilerguard.persistence.layout import LIMITS, MODEL_JSON, README, WEIGHTS, Arrays, ContentOf, Fault, Stamp

__all__ = ["ENCODER", "EncoderOf", "idf_of", "read_document", "read_format_1", "taken_encoder"]

ENCODER = "encoder."  # before the names of the encoder's arrays
_LONGEST_NGRAM = 64
_MOST_SENTENCES = 2**48
_NUMBERS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")


EncoderOf = Callable[[Fields, Arrays], Encoder | None]
DirectionOf = Callable[[Arrays], tuple[float, ...]]


def read_format_1(document: dict[str, Json], content_of: ContentOf) -> SpoilerClassifier:
    """The model of a document whose checksum and format number hold; companions come from `content_of`."""
    return read_document(document, content_of, _encoder, lambda _: ())


def read_document(
    document: dict[str, Json], content_of: ContentOf, encoder_of: EncoderOf, direction_of: DirectionOf
) -> SpoilerClassifier:
    """Read a document, given how its format tells of the encoder and of the context's direction."""
    with Fields(document) as top:
        for known in ("kind", "format", "checksum"):
            top.take(known)
        with top.fields("versions") as made_by:
            for name in made_by.names():
                made_by.text(name)
        specs = checked_specs(top.fields("arrays"))
        with top.fields("files") as files:
            content_of(README, _stamp(files.fields(README)))
            arrays = unpack(content_of(WEIGHTS, _stamp(files.fields(WEIGHTS))), specs)
        vectorizer = _vectorizer(top.fields("vectorizer"), arrays, encoder_of)
        model = _classifier(top.fields("classifier"), vectorizer)
        model.coef_ = _coef(arrays, vectorizer)
        model.intercept_ = top.number("intercept")
        model.classes_ = _classes(top.fields("classes"))
        stage = top.take("context")
        model.context_ = None if stage is None else _context(Fields(stage, "context"), direction_of(arrays))
        model.operating_points_ = _operating_points(top.fields("operating_points"))
        model.card_ = plain_object(top.take("card"), "card")
    if arrays:
        raise Fault(WEIGHTS, f"is wrong: this model has no use for {', '.join(sorted(arrays))}.")
    return model


def _stamp(fields: Fields) -> Stamp:
    with fields:
        stamp = Stamp(fields.integer("n_bytes", 0, max(LIMITS.values())), fields.text("sha256"))
    if not SHA256.fullmatch(stamp.sha256):
        raise Fault(MODEL_JSON, "is wrong: a file's sha256 must be 64 hexadecimal digits.")
    return stamp


def _vectorizer(fields: Fields, arrays: Arrays, encoder_of: EncoderOf) -> SentenceVectorizer:
    with fields:
        n_buckets = fields.integer("n_buckets", 2**4, 2**24)
        if n_buckets & (n_buckets - 1):
            raise Fault(MODEL_JSON, f"is wrong: vectorizer['n_buckets'] must be a power of two, not {n_buckets}.")
        shortest, longest = fields.interval("char_ngrams", 2, _LONGEST_NGRAM)
        if type(shortest) is not int or type(longest) is not int:
            raise Fault(MODEL_JSON, "is wrong: vectorizer['char_ngrams'] must hold whole numbers.")
        vectorizer = SentenceVectorizer(
            word_ngrams=fields.integer("word_ngrams", 1, _LONGEST_NGRAM),
            char_ngrams=(shortest, longest),
            n_buckets=n_buckets,
            encoder=encoder_of(fields, arrays),
        )
        vectorizer.n_sentences_ = fields.integer("n_sentences", 1, _MOST_SENTENCES)
    vectorizer.idf_ = _checked_idf(arrays, vectorizer.n_sentences_)
    if vectorizer.idf_.shape != (2 * n_buckets,):
        raise Fault(WEIGHTS, f"is wrong: rarity is told of {vectorizer.idf_.shape} buckets, not of {2 * n_buckets}.")
    return vectorizer


def _checked_idf(arrays: Arrays, n_sentences: int) -> NDArray[np.float32]:
    frequency = arrays.pop("document_frequency", None)
    if frequency is None:
        return _array(arrays, "idf", "<f4")
    if frequency.dtype.kind != "u" or int(frequency.max(initial=0)) > n_sentences:
        raise Fault(WEIGHTS, f"is wrong: document_frequency must hold counts of at most {n_sentences} sentences.")
    return idf_of(frequency, n_sentences)


def idf_of(frequency: NDArray[Any], n_sentences: int) -> NDArray[np.float32]:
    """As `SentenceVectorizer.fit` computes it."""
    return np.log((1 + n_sentences) / (1 + frequency.astype(np.float64))).astype(np.float32)


def taken_encoder(arrays: Arrays) -> Arrays:
    """Take the encoder's arrays."""
    return {name.removeprefix(ENCODER): arrays.pop(name) for name in sorted(arrays) if name.startswith(ENCODER)}


def _encoder(fields: Fields, arrays: Arrays) -> PooledEncoder | None:
    if not fields.flag("encoder"):
        return None
    try:
        return PooledEncoder.from_arrays(taken_encoder(arrays))
    except ValueError as fault:
        raise Fault(WEIGHTS, f"is wrong: {fault}") from None


def _array(arrays: Arrays, name: str, *dtypes: str) -> NDArray[np.float32]:
    """Take an array of one of `dtypes`, as float32."""
    found = arrays.pop(name, None)
    if found is None or found.dtype.str not in dtypes:
        raise Fault(WEIGHTS, f"is wrong: it must hold {name} as {' or '.join(dtypes)}.")
    return found.astype(np.float32)


def _coef(arrays: Arrays, vectorizer: SentenceVectorizer) -> NDArray[np.float32]:
    coef = _array(arrays, "coef", "<f2", "<f4")
    if coef.shape != (vectorizer.n_columns,):
        raise Fault(WEIGHTS, f"is wrong: coef has shape {coef.shape}, and the vectors {vectorizer.n_columns} columns.")
    return coef


def _classifier(fields: Fields, fitted: SentenceVectorizer) -> SpoilerClassifier:
    """A model with its parameters and its vectoriser, as one that has just started to fit."""
    with fields:
        is_default = fields.text("vectorizer", ("default", "as fitted")) == "default"
        model = SpoilerClassifier(
            vectorizer=None if is_default else SentenceVectorizer(**fitted.get_params(deep=False)),
            C=fields.number("C", low=sys.float_info.min),
            threshold=fields.number("threshold", 0, 1),
            random_state=fields.integer("random_state", 0, 2**32 - 1),
        )
    model._start_afresh()  # noqa: SLF001 - loading is the other way to begin a model
    model.vectorizer_ = fitted
    return model


def _classes(fields: Fields) -> NDArray[Any]:
    """Two labels in the dtype that they had, if it holds exactly them."""
    with fields:
        dtype, values = fields.text("dtype", ("str", "object", *_NUMBERS)), fields.items("values", 2)
    wrong = Fault(MODEL_JSON, "is wrong: classes['values'] must be two ascending labels of their dtype.")
    kind = type(values[0]) if values else None
    if len(values) != 2 or kind not in (bool, int, float, str) or type(values[1]) is not kind:
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


def _context(fields: Fields, direction: tuple[float, ...]) -> ReviewContext:
    with fields, fields.fields("weights") as weights:
        by_name = [weights.number(name) for name in context.FEATURES]
        return ReviewContext(tuple(by_name), fields.number("intercept"), direction)


def _operating_points(fields: Fields) -> dict[str, OperatingPoint]:
    with fields:
        return {name: _operating_point(fields.fields(name)) for name in fields.names()}


def _operating_point(fields: Fields) -> OperatingPoint:
    with fields:
        return OperatingPoint(
            threshold=fields.number("threshold", 0, 1),
            precision=fields.number("precision", 0, 1),
            recall=fields.number("recall", 0, 1),
            precision_interval=fields.interval("precision_interval", 0, 1),
            recall_interval=fields.interval("recall_interval", 0, 1),
        )
