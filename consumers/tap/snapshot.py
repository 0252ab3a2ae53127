"""Copies of what a model is given and answers, made on the model's own thread: the only work that it has to wait for.

A reference would not do. Servers reuse their buffers, and modules with ``inplace=True`` write into their input: by the
time the tap's thread looks, the numbers would be others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    Array: TypeAlias = torch.Tensor | NDArray[Any]

RowNumbers: TypeAlias = NDArray[np.intp]


class Unsupported(TypeError):
    """The tap does not copy such a thing: another device, a tensor that is none, a CUDA graph being captured."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy in the CPU's memory, or on its way there: ``ready`` is the CUDA event behind it, None for none."""

    data: Any
    size_bytes: int
    ready: Any = None

    def settled(self) -> Any:
        """Return the copy, when it is there; only the tap's own thread waits for a GPU."""
        if self.ready is not None:
            self.ready.synchronize()
        return self.data


def main_tensor(value: Any) -> Any:
    """Return the tensor of an output: itself, its ``logits``, or the first of a tuple; None where there is none."""
    if isinstance(value, Mapping) or hasattr(value, "logits"):
        value = value.get("logits") if isinstance(value, Mapping) else value.logits
    elif isinstance(value, (tuple, list)):
        value = value[0] if value else None
    return value if hasattr(value, "detach") else None


def is_array(values: Any) -> bool:
    """Say whether this is a tensor or an array, and not a sequence of other things."""
    return isinstance(values, np.ndarray) or hasattr(values, "detach")


def size_of(values: Array) -> int:
    """Return the size in bytes of a tensor or an array; of a sparse tensor, that of a dense one."""
    return values.nbytes if isinstance(values, np.ndarray) else values.numel() * values.element_size()


def snapshot(values: Array, rows: RowNumbers | None) -> Snapshot:
    """Copy a tensor or an array, or these rows of it. On CUDA it starts the copy and does not wait.

    Raises Unsupported.
    """
    if isinstance(values, np.ndarray):
        array = values.copy() if rows is None else values[rows]
        return Snapshot(array, size_of(array))
    # Fakes and other subclasses stand for data that is elsewhere, or nowhere.
    if type(values).__name__ not in {"Tensor", "Parameter"} or str(values.layout) != "torch.strided":
        raise Unsupported(f"{type(values).__name__} of layout {values.layout}")
    tensor = values.detach()
    if tensor.device.type == "cuda":
        return _from_cuda(tensor, rows)
    if tensor.device.type != "cpu":
        raise Unsupported(f"a tensor on {tensor.device.type}")
    copy = tensor.clone() if rows is None else tensor[rows]
    return Snapshot(copy, size_of(copy))


def _from_cuda(tensor: torch.Tensor, rows: RowNumbers | None) -> Snapshot:
    """Queue the copy on the current stream, into page-locked memory: anything else would wait for the GPU."""
    import torch  # noqa: PLC0415 - an optional extra

    if torch.cuda.is_current_stream_capturing():
        raise Unsupported("a CUDA graph is being captured")
    with torch.cuda.device(tensor.device):
        if rows is not None:
            numbers = torch.from_numpy(rows).pin_memory().to(tensor.device, non_blocking=True)
            tensor = tensor.index_select(0, numbers)
        copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        copy.copy_(tensor, non_blocking=True)
        ready = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
        ready.record()
    return Snapshot(copy, size_of(copy), ready)
