"""Format 2, read: as format 1, but there are several kinds of encoder, and the context stage may use its vectors.

What is new: ``vectorizer["encoder"]`` names the kind, or is null; the array ``context.direction`` holds the stage's
weight for each dimension of the encoder's vector of a sentence in its review.
"""

from collections.abc import Callable, Mapping

import numpy as np

from spoilerguard.encoders import ConvolutionalEncoder, Encoder, PooledEncoder, TransformerEncoder
from spoilerguard.model import SpoilerClassifier
from spoilerguard.persistence.document import Fields, Json
from spoilerguard.persistence.format_1 import read_document, taken_encoder
from spoilerguard.persistence.layout import MODEL_JSON, WEIGHTS, Arrays, ContentOf, Fault

__all__ = ["DIRECTION", "kind_of", "read_format_2"]

DIRECTION = "context.direction"
_KINDS: Mapping[str, Callable[[Arrays], Encoder]] = {
    "pooled": PooledEncoder.from_arrays,
    "convolutional": ConvolutionalEncoder.from_arrays,
    "transformer": TransformerEncoder.from_arrays,
}
_CLASSES = {"pooled": PooledEncoder, "convolutional": ConvolutionalEncoder, "transformer": TransformerEncoder}


def kind_of(encoder: Encoder | None) -> str | None:
    """The name under which an encoder is stored."""
    for kind, of_kind in _CLASSES.items():
        if isinstance(encoder, of_kind):
            return kind
    if encoder is None:
        return None
    raise Fault(MODEL_JSON, f"cannot hold an encoder of type {type(encoder).__name__}.")


def read_format_2(document: dict[str, Json], content_of: ContentOf) -> SpoilerClassifier:
    """The model of a document whose checksum and format number hold; companions come from `content_of`."""
    model = read_document(document, content_of, _encoder, _direction)
    encoder = model.vectorizer_.encoder
    wanted = 0 if encoder is None else encoder.n_review_dimensions
    if model.context_ is not None and len(model.context_.direction) not in {0, wanted}:
        raise Fault(WEIGHTS, f"is wrong: {DIRECTION} must have {wanted} numbers, as the encoder's vectors have.")
    return model


def _encoder(fields: Fields, arrays: Arrays) -> Encoder | None:
    kind = fields.take("encoder")
    if kind is None:
        return None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Fault(MODEL_JSON, f"is wrong: vectorizer['encoder'] must be null or one of {', '.join(_KINDS)}.")
    try:
        return _KINDS[kind](taken_encoder(arrays))
    except ValueError as fault:
        raise Fault(WEIGHTS, f"is wrong: {fault}") from None


def _direction(arrays: Arrays) -> tuple[float, ...]:
    found = arrays.pop(DIRECTION, None)
    if found is None:
        return ()
    if found.dtype != np.float64 or found.ndim != 1 or not len(found):
        raise Fault(WEIGHTS, f"is wrong: {DIRECTION} must be a row of numbers in double precision.")
    return tuple(found.tolist())
