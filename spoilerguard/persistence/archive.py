"""``weights.npz``: a zip whose bytes follow from its arrays alone, and of which no more is unpacked than was declared.

Every byte of an ``.npy`` header follows from a name, a dtype and a shape. So it is written here, by one rule, and read
by comparison: nothing in the file is ever parsed into a size. `numpy.load` reads these files, too.
"""

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spoilerguard.persistence.document import Fields
from spoilerguard.persistence.layout import LIMITS, MODEL_JSON, WEIGHTS, Fault

__all__ = ["ArraySpec", "checked_specs", "pack", "specs_of", "unpack"]

_LARGEST = LIMITS[WEIGHTS]  # unpacked as well as packed
_HEAVIEST = 1e9  # beyond any weight that works, and three of them multiply to a finite float32
_WORTH_IT = 0.8
_MOST_ARRAYS = 32
_NAME = re.compile(r"[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,30})?")
_DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<f2", "<f4", "<f8")
_END = struct.Struct("<4s4H2LH")  # the zip's last record: signature, disks, entries, size and place of the directory
_ENTRY = 256  # bytes that one entry of the directory may take

# What zipfile and zlib raise on a file that is none: damage, an unknown method, a wrong offset.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


class ArraySpec(NamedTuple):
    """What ``model.json`` says about one array."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def n_bytes(self) -> int:
        """Size of the values, in exact arithmetic whatever the shape claims."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def header(self) -> bytes:
        """The ``.npy`` header, version 1.0, padded to a multiple of 64 bytes."""
        described = f"{{'descr': '{self.dtype}', 'fortran_order': False, 'shape': {self.shape!r}, }}"
        padding = " " * (-(10 + len(described) + 1) % 64)
        return (
            b"\x93NUMPY\x01\x00"
            + struct.pack("<H", len(described) + len(padding) + 1)
            + f"{described}{padding}\n".encode()
        )


def specs_of(arrays: Mapping[str, NDArray[Any]]) -> list[ArraySpec]:
    """What there is to say about `arrays`, little-endian, in the order of their names."""
    return [ArraySpec(name, arrays[name].dtype.newbyteorder("<").str, arrays[name].shape) for name in sorted(arrays)]


def checked_specs(listed: Fields) -> list[ArraySpec]:
    """The manifest as it stands in ``model.json``, or a `Fault`: here huge shapes and tricks in names end."""
    with listed:
        specs = [_checked_spec(name, listed.fields(name)) for name in listed.names()[: _MOST_ARRAYS + 1]]
    if len(specs) > _MOST_ARRAYS or sum(spec.n_bytes for spec in specs) > _LARGEST:
        raise Fault(MODEL_JSON, f"is wrong: it lists more than {_MOST_ARRAYS} arrays or {_LARGEST >> 20} MiB.")
    return specs


def _checked_spec(name: str, listed: Fields) -> ArraySpec:
    with listed:
        dtype, shape = listed.text("dtype", _DTYPES), listed.items("shape", at_most=2)
    axes = tuple(axis for axis in shape if type(axis) is int and 0 <= axis <= _LARGEST)
    if not _NAME.fullmatch(name) or not 0 < len(axes) == len(shape):
        raise Fault(MODEL_JSON, f"is wrong: {name!r:.60} of shape {shape!s:.60} is no array of a model.")
    return ArraySpec(name, dtype, axes)


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The archive: names in order, no dates, no attributes of any machine, so that equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for spec in specs_of(arrays):
            entry = zipfile.ZipInfo(f"{spec.name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, wherever it is written
            content = spec.header + np.ascontiguousarray(arrays[spec.name], dtype=spec.dtype).tobytes()
            archive.writestr(entry, content, _method(content))
    return buffer.getvalue()


def _method(content: bytes) -> int:
    """Deflate what shrinks by a fifth; the rest would only be slower to load."""
    shrinks = len(zlib.compress(content)) < _WORTH_IT * len(content)
    return zipfile.ZIP_DEFLATED if shrinks else zipfile.ZIP_STORED


def unpack(data: bytes, specs: Sequence[ArraySpec]) -> dict[str, NDArray[Any]]:
    """The arrays of an archive, read-only and within bounds, if it holds exactly those of `specs`; else a `Fault`."""
    try:
        _check_directory(data, len(specs))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if len(archive.infolist()) != len(specs) or set(entries) != {f"{spec.name}.npy" for spec in specs}:
                raise Fault(WEIGHTS, f"does not hold the arrays that {MODEL_JSON} lists.")
            return {spec.name: _values(archive, entries[f"{spec.name}.npy"], spec) for spec in specs}
    except _UNREADABLE as fault:
        raise Fault(WEIGHTS, f"is no readable archive ({fault!s:.80}).") from None


def _check_directory(data: bytes, n_entries: int) -> None:
    """Refuse a directory that is larger than our own would be, before zipfile makes an object of each entry."""
    if len(data) < _END.size:
        raise Fault(WEIGHTS, "is cut short.")
    signature, _, _, _, found, size, place, comment = _END.unpack(data[-_END.size :])
    is_zip64 = data[-_END.size - 20 :].startswith(b"PK\x06\x07")
    is_ours = signature == b"PK\x05\x06" and not comment and not is_zip64 and place + size + _END.size == len(data)
    if not is_ours or found != n_entries or size > _ENTRY * n_entries:
        raise Fault(WEIGHTS, f"does not end like an archive of {n_entries} arrays.")


def _values(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, spec: ArraySpec) -> NDArray[Any]:
    header = spec.header
    size = len(header) + spec.n_bytes
    if entry.file_size != size or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Fault(WEIGHTS, f"is wrong: {spec.name} does not have the {size} bytes that {MODEL_JSON} gives it.")
    with archive.open(entry) as file:
        content = file.read(size)  # with its size: without one, zipfile inflates all that a bomb holds
    if len(content) != size or not content.startswith(header):
        raise Fault(WEIGHTS, f"is wrong: {spec.name} is not the {spec.dtype} array of shape {spec.shape} it should be.")
    values = np.frombuffer(content, dtype=spec.dtype, offset=len(header)).reshape(spec.shape)
    if not _is_within_bounds(values):
        raise Fault(WEIGHTS, f"is wrong: {spec.name} holds NaN, infinity or a number beyond {_HEAVIEST:g}.")
    return values


def _is_within_bounds(values: NDArray[Any]) -> bool:
    """No NaN, no infinity, nothing beyond all measure; half precision, slow to compare, cannot get there."""
    if values.dtype.kind != "f" or values.dtype.itemsize == 2:
        return bool(np.isfinite(values).all())
    return bool((np.abs(values) <= _HEAVIEST).all())
