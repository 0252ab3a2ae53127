"""Tensors of the inference protocols -> rows or columns; what does not fit its shape is refused."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import countOf
from typing import Any

import numpy as np

from consumers.decode.frame import Frame, Numbers
from consumers.decode.lenient import Refused
from consumers.decode.tables import Grid, Names, Table, numbered

# The protocol's names of numbers as numpy's; bytes are little-endian.
NUMBERS: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(kind)
    for name, kind in {
        "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
        "INT8": "i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
    }.items()
}  # fmt: skip
_LENGTH_BYTES = 4
# Of a shape with a million sizes, the product alone takes minutes.
_MOST_SIZES = 32


@dataclass(slots=True)
class Tensor:
    """A name, a shape and values: a list, nested or flat, or an array of numpy (n,)."""

    name: str
    shape: Any
    values: Any

    def flat(self) -> Any:
        """Return the values one behind the other; raises Refused where they are not as many as the shape says."""
        shape = self.shape
        if not isinstance(shape, list) or set(map(type, shape)) != {int} or min(shape) < 0:
            raise Refused("wrong_shape", f"the shape of {self.name} is no list of sizes")
        if len(shape) > _MOST_SIZES:
            raise Refused("wrong_shape", f"the shape of {self.name} has {len(shape)} sizes")
        values = self.values
        if isinstance(values, list):
            values = _flattened(values)
        elif not isinstance(values, np.ndarray):
            raise Refused("wrong_shape", f"{self.name} has no data")
        if len(values) != math.prod(shape):
            raise Refused("wrong_length", f"{self.name} has {len(values)} values; its shape is {shape}")
        return values


def table_of(tensors: Sequence[Tensor], features: frozenset[str], names: Names | None) -> Table:
    """Return the rows of a tensor for each feature, by name, or of one tensor with all of them.

    The first size of a shape is the number of rows. One tensor without a feature's name has the values of each row
    under ``names``. Where these are None, all tensors are read, by their names. Raises Refused for everything else.
    """
    if names is None:
        return Frame({tensor.name: _values_by_row(tensor) for tensor in tensors})
    if not features.isdisjoint(tensor.name for tensor in tensors):
        read = [tensor for tensor in tensors if tensor.name in features or _is_column(tensor)]
        return Frame({tensor.name: _column(tensor) for tensor in read})
    if len(tensors) == 1:
        return grid_of(tensors[0], names)
    told = ", ".join(tensor.name for tensor in tensors[:5])
    raise Refused("unknown_names", f"none of the tensors is a feature: {told or 'there are none'}")


def grid_of(tensor: Tensor, names: Names | None) -> Grid:
    """Return the rows of a tensor under these names, or under numbers."""
    if names is not None:
        return Grid(names, rows_of_tensor(tensor, len(names)))
    rows = rows_of_tensor(tensor, None)
    return Grid(numbered(len(rows[0]) if rows else 0), rows)


def rows_of_tensor(tensor: Tensor, width: int | None) -> list[Any]:
    """Return the rows of a tensor of ``width`` values a row, None for any number but none."""
    flat, rows = tensor.flat(), tensor.shape[0]
    each = math.prod(tensor.shape[1:])
    if each == 0 or (width is not None and each != width):
        raise Refused(
            "wrong_length", f"{tensor.name} has {each} values a row; there are {width or 'no'} names for them"
        )
    if isinstance(flat, np.ndarray):
        flat = flat.tolist()
    elif len(tensor.shape) == 2 and tensor.values and isinstance(tensor.values[0], list):
        return list(tensor.values)
    return [flat[i * each : (i + 1) * each] for i in range(rows)]


def from_bytes(datatype: str, name: str, data: bytes) -> Any:
    """Return the values (n,) of a tensor in the binary form; texts as the list of their bytes."""
    if datatype == "BYTES":
        return _texts(name, data)
    if datatype not in NUMBERS:
        raise Refused("wrong_shape", f"{name} has the datatype {datatype!r}, which is not read")
    kind = NUMBERS[datatype]
    if len(data) % kind.itemsize:
        raise Refused("wrong_length", f"{name} has {len(data)} bytes, no whole number of {datatype}")
    return np.frombuffer(data, kind)


def numbers_of_bytes(datatype: str, names: Names, rows: int, data: bytes) -> Numbers | None:
    """Return columns of one type that lie one behind the other in the binary form; None where they do not."""
    kind = NUMBERS.get(datatype)
    if kind is None or kind.kind == "b" or len(data) != kind.itemsize * rows * len(names):
        return None
    return Numbers(names, np.frombuffer(data, kind).reshape(len(names), rows).astype(np.float64, copy=False))


def _texts(name: str, data: bytes) -> list[bytes]:
    """Split what has the length of each text before it, in four bytes."""
    found, at = [], 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start], "little")
        if at > len(data) or start > len(data):
            raise Refused("wrong_length", f"{name} ends in the middle of a text")
        found.append(data[start:at])
    return found


def _flattened(values: list[Any]) -> list[Any]:
    # A list behind values is a value of the wrong type; to look for it would cost as much as all the rest.
    while values and type(values[0]) is list:
        if countOf(map(type, values), list) != len(values):
            raise Refused("wrong_shape", "lists and values stand beside each other in a tensor")
        values = [value for inner in values for value in inner]
    return values


def _values_by_row(tensor: Tensor) -> Any:
    return _column(tensor) if _is_column(tensor) else rows_of_tensor(tensor, None)


def _is_column(tensor: Tensor) -> bool:
    shape = tensor.shape
    return isinstance(shape, list) and 0 < len(shape) <= _MOST_SIZES and math.prod(shape[1:]) == 1


def _column(tensor: Tensor) -> Any:
    flat = tensor.flat()
    if not _is_column(tensor):
        raise Refused("wrong_shape", f"{tensor.name} has more than one value a row: its shape is {tensor.shape}")
    return flat
