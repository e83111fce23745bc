"""Tokens → dense vectors that were learnt elsewhere, from far more text than is labelled.

`ConvolutionalEncoder`, in numpy, is the default; `TransformerEncoder` is for those who pay time for quality (extra
``accurate``). A new kind is a class that keeps the `Encoder` protocol and an entry of `ENCODERS`.
"""

from collections.abc import Mapping

from spoilerguard.encoders.convolutional import ConvolutionalEncoder
from spoilerguard.encoders.transformer import TransformerEncoder
from spoilerguard.encoders.vocabulary import Vocabulary
from spoilerguard.features.encoder import Encoder

__all__ = ["ENCODERS", "ConvolutionalEncoder", "Encoder", "TransformerEncoder", "Vocabulary"]

# The name under which a model file stores each kind.
ENCODERS: Mapping[str, type[ConvolutionalEncoder | TransformerEncoder]] = {
    "convolutional": ConvolutionalEncoder,
    "transformer": TransformerEncoder,
}
