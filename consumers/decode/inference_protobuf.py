"""The Open Inference Protocol over gRPC: ``ModelInferRequest`` and ``ModelInferResponse``, as Seldon Core 2 keeps them.

Source: the protocol's gRPC specification. Its messages are written down here as a descriptor, so that nothing has to be
generated. Tensors have typed contents, or lie one behind the other as raw bytes.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from consumers.decode.extras import needed
from consumers.decode.format import Announced, Opened, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.protobuf import MessageReader
from consumers.decode.record import Record
from consumers.decode.tensors import Tensor, from_bytes, table_of

_INT64, _INT32, _UINT64, _UINT32, _BOOL, _STRING, _BYTES, _FLOAT, _DOUBLE, _MESSAGE = 3, 5, 4, 13, 8, 9, 12, 2, 1, 11
_ONE, _MANY = 1, 3
_CONTENTS = (
    ("bool_contents", 1, _BOOL), ("int_contents", 2, _INT32), ("int64_contents", 3, _INT64),
    ("uint_contents", 4, _UINT32), ("uint64_contents", 5, _UINT64), ("fp32_contents", 6, _FLOAT),
    ("fp64_contents", 7, _DOUBLE), ("bytes_contents", 8, _BYTES),
)  # fmt: skip
# By side: the message, the number of its tensors and that of their raw contents.
_SIDES = {"request": ("ModelInferRequest", "inputs", 5, 7), "response": ("ModelInferResponse", "outputs", 5, 6)}


class InferenceProtobuf:
    """Reads one half of the traffic. A topic has one of them: bytes of the other half cannot be told apart."""

    announced = Announced()
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        self._features, self._names = frozenset(wanted.features), wanted.names
        self._message, self._tensors, _, _ = _SIDES[wanted.event_format.side]

    def claims(self, record: Record) -> bool:
        """Claim nothing: a message says nowhere what it is."""
        return False

    def read(self, record: Record) -> Opened:
        """Return the rows of the tensors."""
        if not record.value:
            raise Refused("tombstone" if record.value is None else "empty", "the record has no value")
        message = _reader(self._message).parsed(record.value)
        about = {"model_name": message.model_name, "model_version": message.model_version, "id": message.id}
        record.tell(about)
        try:
            return table_of(list(self._read(message)), self._features, self._names)
        except Refused:
            # Whoever looks for the names of values finds those of the tensors here.
            tensors = [{"name": one.name, "shape": list(one.shape)} for one in getattr(message, self._tensors)]
            record.tell({**about, self._tensors: tensors})
            raise

    def _read(self, message: Any) -> Iterator[Tensor]:
        tensors, raw = getattr(message, self._tensors), message.raw_contents
        if raw and len(raw) != len(tensors):
            raise Refused("wrong_length", f"there are {len(tensors)} tensors, and raw contents of {len(raw)}")
        for place, one in enumerate(tensors):
            values = from_bytes(one.datatype, one.name, raw[place]) if raw else _contents(one)
            yield Tensor(one.name, list(one.shape), values)


def _contents(tensor: Any) -> list[Any]:
    """Return the values of a tensor: those of the one kind of contents that it has."""
    return next((list(values) for name, _, _ in _CONTENTS if len(values := getattr(tensor.contents, name))), [])


@cache
def _reader(message: str) -> MessageReader:
    return MessageReader([_descriptor(message)], f"inference.{message}")


def _descriptor(message: str) -> bytes:
    """Return a file that describes one of the messages, as far as it is read."""
    _, tensors, tensors_number, raw_number = next(side for side in _SIDES.values() if side[0] == message)
    pb2 = needed("google.protobuf.descriptor_pb2", "protobuf", "protobuf")
    file = pb2.FileDescriptorProto(name=f"{message}.proto", package="inference", syntax="proto3")
    contents = file.message_type.add(name="InferTensorContents")
    for name, number, kind in _CONTENTS:
        contents.field.add(name=name, number=number, type=kind, label=_MANY)
    tensor = file.message_type.add(name="InferTensor")
    tensor.field.add(name="name", number=1, type=_STRING, label=_ONE)
    tensor.field.add(name="datatype", number=2, type=_STRING, label=_ONE)
    tensor.field.add(name="shape", number=3, type=_INT64, label=_MANY)
    inner = tensor.field.add(name="contents", number=5, type=_MESSAGE, label=_ONE)
    inner.type_name = ".inference.InferTensorContents"
    outer = file.message_type.add(name=message)
    for number, name in enumerate(("model_name", "model_version", "id"), start=1):
        outer.field.add(name=name, number=number, type=_STRING, label=_ONE)
    listed = outer.field.add(name=tensors, number=tensors_number, type=_MESSAGE, label=_MANY)
    listed.type_name = ".inference.InferTensor"
    outer.field.add(name="raw_contents", number=raw_number, type=_BYTES, label=_MANY)
    return bytes(file.SerializeToString())
