"""The Open Inference Protocol's gRPC messages, by a descriptor of their own: all fields of the specification.

Source: the protocol's ``grpc_predict_v2.proto``. The decoder has another descriptor, of what it reads.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_STRING, _INT64, _MESSAGE, _BYTES = 9, 3, 11, 12
_CONTENTS = {
    "bool_contents": (1, 8), "int_contents": (2, 5), "int64_contents": (3, 3), "uint_contents": (4, 13),
    "uint64_contents": (5, 4), "fp32_contents": (6, 2), "fp64_contents": (7, 1), "bytes_contents": (8, _BYTES),
}  # fmt: skip
_MESSAGES = {"ModelInferRequest": ("inputs", "outputs", 7), "ModelInferResponse": ("outputs", "", 6)}


def _field(message: Any, name: str, number: int, kind: int, *, many: bool = False, of: str = "") -> None:
    field = message.field.add(name=name, number=number, type=kind, label=3 if many else 1)
    if of:
        field.type_name = f".inference.{of}"


def _parameters(message: Any, path: str, number: int) -> None:
    """Add the map of parameters, which is a message of key and value to protobuf."""
    entry = message.nested_type.add(name="ParametersEntry")
    entry.options.map_entry = True
    _field(entry, "key", 1, _STRING)
    _field(entry, "value", 2, _MESSAGE, of="InferParameter")
    _field(message, "parameters", number, _MESSAGE, many=True, of=f"{path}.ParametersEntry")


def _tensor(message: Any, name: str) -> None:
    tensor = message.nested_type.add(name=name)
    _field(tensor, "name", 1, _STRING)
    _field(tensor, "datatype", 2, _STRING)
    _field(tensor, "shape", 3, _INT64, many=True)
    _parameters(tensor, f"{message.name}.{name}", 4)
    _field(tensor, "contents", 5, _MESSAGE, of="InferTensorContents")


def _file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="grpc_predict_v2.proto", package="inference", syntax="proto3")
    parameter = file.message_type.add(name="InferParameter")
    _field(parameter, "string_param", 3, _STRING)
    contents = file.message_type.add(name="InferTensorContents")
    for name, (number, kind) in _CONTENTS.items():
        _field(contents, name, number, kind, many=True)
    for name, (tensors, asked, raw) in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field in enumerate(("model_name", "model_version", "id"), start=1):
            _field(message, field, number, _STRING)
        _parameters(message, name, 4)
        _tensor(message, "InferTensor")
        _field(message, tensors, 5, _MESSAGE, many=True, of=f"{name}.InferTensor")
        if asked:
            asking = message.nested_type.add(name="InferRequestedOutputTensor")
            _field(asking, "name", 1, _STRING)
            _field(message, asked, 6, _MESSAGE, many=True, of=f"{name}.InferRequestedOutputTensor")
        _field(message, f"raw_{'input' if asked else 'output'}_contents", raw, _BYTES, many=True)
    return file


_POOL = descriptor_pool.DescriptorPool()
_POOL.AddSerializedFile(_file().SerializeToString())


def message(
    name: str, columns: Mapping[str, Sequence[Any]], *, raw: bool = False, request_id: str = "", model: str = "prices"
) -> bytes:
    """Return a ``ModelInferRequest`` or ``ModelInferResponse`` with a tensor for each column of numbers or texts."""
    made = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"inference.{name}"))()
    made.model_name, made.id = model, request_id
    made.parameters["content_type"].string_param = "pd"
    tensors, asked, _ = _MESSAGES[name]
    for column, values in columns.items():
        is_text = any(isinstance(value, str) for value in values)
        tensor = getattr(made, tensors).add(name=column, datatype="BYTES" if is_text else "FP64")
        tensor.shape.extend([len(values), 1])
        encoded = [value.encode() for value in values] if is_text else list(values)
        if not raw:
            getattr(tensor.contents, "bytes_contents" if is_text else "fp64_contents").extend(encoded)
            continue
        data = b"".join(len(one).to_bytes(4, "little") + one for one in encoded) if is_text else _doubles(encoded)
        getattr(made, "raw_input_contents" if asked else "raw_output_contents").append(data)
    return bytes(made.SerializeToString())


def _doubles(values: Sequence[float]) -> bytes:
    return np.array(values, dtype="<f8").tobytes()
