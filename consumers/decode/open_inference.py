"""The Open Inference Protocol (KServe v2; Triton, MLServer, Seldon Core 2) over JSON, with its binary tensors.

Source: the protocol's HTTP/REST specification and its binary tensor data extension. MLServer's Kafka records are
requests and responses of it in JSON. Model, version and id are fields of the event: ``model_name``, ``model_version``,
``id``.
"""

import json
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from consumers.decode.format import Announced, Opened, Wanted
from consumers.decode.frame import Frame, Numbers
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.tensors import Tensor, from_bytes, numbers_of_bytes, table_of

# Where the JSON ends and the tensors begin, in HTTP's header.
LENGTH_HEADER = "inference-header-content-length"
_SIZE = "binary_data_size"
_TOLD = itemgetter("shape", "datatype", "parameters")


class OpenInference:
    """Reads the half of the traffic that is wanted; the other one is somebody else's."""

    announced = Announced(headers=(LENGTH_HEADER,), prefixes=(b"{",), keys=("inputs", "outputs"))
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        self._features, self._names = frozenset(wanted.features), wanted.names
        self._side = wanted.event_format.side

    def claims(self, record: Record) -> bool:
        """Tell whether there are tensors, or bytes behind the JSON that are."""
        if LENGTH_HEADER in record.headers:
            return True
        if not record.is_object:
            return _has_tail(record)
        tensors = record.document.get("inputs") or record.document.get("outputs")
        return isinstance(tensors, list) and all(isinstance(one, dict) and "name" in one for one in tensors)

    def read(self, record: Record) -> Opened:
        """Return the rows of a request, or of a response."""
        document, tail = _split(record)
        # A request may name the outputs that it asks for.
        side = "request" if document.get("inputs") is not None else "response"
        listed = document.get("inputs" if side == "request" else "outputs")
        if not isinstance(listed, list) or not set(map(type, listed)) <= {dict}:
            raise Refused("wrong_format", "there are no tensors at inputs or outputs, as in the inference protocol")
        if side != self._side:
            return None
        if tail and (numbers := _alike(listed, tail)) and not self._features.isdisjoint(numbers.names):
            return Frame({}, numbers.values.shape[1], numbers)
        return table_of(list(_tensors(listed, tail)), self._features, self._names)


def _split(record: Record) -> tuple[dict[str, Any], bytes]:
    """Return the JSON object, and the bytes behind it."""
    length = record.headers.get(LENGTH_HEADER)
    if record.value is None or (length is None and not _has_tail(record)):
        return record.document, b""
    if length is not None and not length.strip().isdigit():
        raise Refused("wrong_format", f"{LENGTH_HEADER} is no number")
    end = _end_of_json(record.value) if length is None else int(length)
    tail = record.value[end:]
    record.end_at(end)
    return record.document, tail


def _has_tail(record: Record) -> bool:
    """Tell whether there may be tensors behind JSON that does not stand alone."""
    if record.value is None or _SIZE.encode() not in record.value:
        return False
    try:
        return not record.document
    except Refused:
        return True


def _end_of_json(value: bytes) -> int:
    """Return where the JSON ends, whatever stands behind it; every byte is a character here."""
    try:
        return json.JSONDecoder().raw_decode(value.decode("latin-1"))[1]
    except (ValueError, RecursionError) as error:
        raise Refused("bad_json", str(error)) from None


def _alike(listed: list[dict[str, Any]], tail: bytes) -> Numbers | None:
    """Return the columns of numbers of tensors that differ in nothing but their names; None where they do."""
    try:
        told = list(map(_TOLD, listed))
        names = tuple(str(one["name"]) for one in listed)
    except KeyError:
        return None
    shape, datatype, parameters = told[0]
    if told.count(told[0]) < len(told) or not isinstance(parameters, dict):
        return None
    if not isinstance(shape, list) or set(map(type, shape)) != {int} or shape[1:] not in ([], [1]):
        return None
    if len(set(names)) < len(names) or parameters.get(_SIZE) != len(tail) // len(listed):
        return None
    return numbers_of_bytes(str(datatype), names, shape[0], tail)


def _tensors(listed: list[dict[str, Any]], tail: bytes) -> Iterator[Tensor]:
    """Yield tensors; those with a size in bytes lie in the tail, one behind the other."""
    at = 0
    for one in listed:
        name, parameters = str(one.get("name")), one.get("parameters")
        size = parameters.get(_SIZE) if isinstance(parameters, dict) else None
        values = one.get("data")
        if size is not None:
            if type(size) is not int or size < 0 or at + size > len(tail):
                raise Refused("wrong_length", f"{name} has {len(tail) - at} bytes left of {size}")
            values = from_bytes(str(one.get("datatype")), name, tail[at : at + size])
            at += size
        yield Tensor(name, one.get("shape"), values)
    if at != len(tail):
        raise Refused("wrong_length", f"{len(tail) - at} bytes behind the last tensor belong to none")
