"""Which ONNX graphs a model folder may hold: those of our own exporter, with any finite weights.

A graph is a program. External data makes onnxruntime read files or ends the process, and a handful of nodes takes all
memory. A list of allowed operators does not help: forty times ``Concat`` of an array with itself is a terabyte.
Therefore everything in the file but the weights must be equal, byte for byte, to a graph that
``models/export_accurate.py`` wrote. This fixes operators, names, shapes, constants, sizes and the work for each piece.

The file is read only to find where the weights lie. Four fields of ONNX's format are enough for that (onnx.proto:
``ModelProto.graph.initializer`` with ``data_type`` and ``raw_data``). The package ``onnx`` would be a large dependency,
and would parse everything that a stranger wrote.
"""

from hashlib import sha256

import numpy as np

__all__ = ["KNOWN_STRUCTURES", "check_graph", "structure_of"]

# SHA-256 of all bytes but the weights; `structure_of` gives it for a new export. What was once here stays, since model
# folders hold such graphs.
KNOWN_STRUCTURES = frozenset(
    {
        "6aa051b5ada2a850122b9f09a3acb0c4f4ddc8c664c9fcdfcc0d3a47069301a0",  # MiniLM, 6 layers, 8 bits a weight
    }
)

# A field's key: 8 times its number, plus 2 where its length comes first, plus 0 where it is a whole number.
_GRAPH, _INITIALIZER, _DATA_TYPE, _RAW_DATA = 8 * 7 + 2, 8 * 5 + 2, 8 * 2, 8 * 9 + 2
_ENTERED = {1: _GRAPH, 2: _INITIALIZER}  # the messages that are read, by depth
_IN_INITIALIZER = 3  # their depth
_FLOAT = b"\x01"  # data type of single-precision numbers
_FIXED_LENGTHS = {1: 8, 5: 4}  # of the two kinds of fields that state no length
_MAX_FIELDS = 1 << 13  # the known graphs have less than 1,500 that are looked at
_MAX_DIGITS = 10  # bytes of a whole number of 64 bits


def check_graph(graph: bytes) -> None:
    """Whether a model folder may hold this graph.

    Parameters
    ----------
    graph : bytes
        An ONNX model.

    Raises
    ------
    ValueError
        Where the graph is none, is not one of `KNOWN_STRUCTURES`, or has a weight that is infinite or no number.
    """
    weights = _weights(graph)
    structure = _structure(graph, weights)
    if structure not in KNOWN_STRUCTURES:
        raise ValueError(
            f"The encoder's graph is not one that this version of spoilerguard wrote (its structure is {structure})."
        )
    for is_float, start, end in weights:
        if is_float and not np.isfinite(np.frombuffer(graph[start:end], dtype="<f4")).all():
            raise ValueError("The encoder's graph has weights that are infinite or no numbers.")


def structure_of(graph: bytes) -> str:
    """SHA-256 of everything in the graph but the numbers of its weights, in hexadecimal digits.

    The length of each weight stands in front of it and is part of the structure. So where two structures are equal, the
    weights lie at the same places, and nothing else differs.
    """
    return _structure(graph, _weights(graph))


def _structure(graph: bytes, weights: list[tuple[bool, int, int]]) -> str:
    digest, place = sha256(), 0
    for _, start, end in weights:
        digest.update(graph[place:start])
        place = end
    digest.update(graph[place:])
    return digest.hexdigest()


def _weights(graph: bytes) -> list[tuple[bool, int, int]]:
    """Whether they are floats, first byte and end of the numbers of each initializer, in the order of the file."""
    weights: list[tuple[bool, int, int]] = []
    place, ends, is_float = 0, [len(graph)], False  # where the messages end that are being read, the innermost last
    for _ in range(_MAX_FIELDS):
        while ends and place == ends[-1]:
            ends.pop()
        if not ends:
            return weights
        key, start, end = _field(graph, place, ends[-1])
        place = end
        if key == _ENTERED.get(len(ends)):
            place, is_float = start, False
            ends.append(end)
        elif len(ends) == _IN_INITIALIZER and key == _DATA_TYPE:
            is_float = graph[start:end] == _FLOAT
        elif len(ends) == _IN_INITIALIZER and key == _RAW_DATA:
            weights.append((is_float, start, end))
    raise ValueError(f"The encoder's graph has more than {_MAX_FIELDS} parts.")


def _field(graph: bytes, place: int, end: int) -> tuple[int, int, int]:
    """Key, first byte and end of the field that begins at `place`, in a message that ends at `end`."""
    key, start = _whole_number(graph, place, end)
    kind = key % 8
    if kind == 0:
        _, stop = _whole_number(graph, start, end)
    elif kind == 2:
        length, start = _whole_number(graph, start, end)
        stop = start + length
    elif kind in _FIXED_LENGTHS:
        stop = start + _FIXED_LENGTHS[kind]
    else:
        raise ValueError("The encoder's graph is no ONNX model.")
    if stop > end:
        raise ValueError("The encoder's graph is cut off.")
    return key, start, stop


def _whole_number(graph: bytes, place: int, end: int) -> tuple[int, int]:
    """The number that begins at `place`, 7 bits a byte and the lowest first, and where it ends."""
    number = 0
    for digit, byte in enumerate(graph[place : min(end, place + _MAX_DIGITS)]):
        number |= (byte & 0x7F) << 7 * digit
        if byte < 0x80:
            return number, place + digit + 1
    raise ValueError("The encoder's graph is cut off, or no ONNX model.")
