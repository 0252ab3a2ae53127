"""Seldon Core's v1 protocol: ``data`` with names and rows, or ``jsonData``; feedback holds the request it is about.

Requests and responses have the same form; the type of the CloudEvent in which Seldon's logger wraps them tells them
apart, or the header of that name where it writes to Kafka itself.
"""

from typing import Any

from consumers.decode.format import Announced, Opened, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.tables import Names, Objects, Table, numbered, unnamed
from consumers.decode.tensors import Tensor, grid_of

_KINDS = ("ndarray", "tensor")
_OTHER_SIDE = {"request": "io.seldon.serving.inference.response", "response": "io.seldon.serving.inference.request"}


class Seldon:
    """Reads the rows of one message."""

    announced = Announced(keys=("data", "jsonData", "request"))
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        self._features, self._names, self._side = frozenset(wanted.features), wanted.names, wanted.event_format.side

    def claims(self, record: Record) -> bool:
        """Tell whether there are rows where this protocol has them."""
        return _data_of(record.document) is not None

    def read(self, record: Record) -> Opened:
        """Return the rows of a message, or of the message that feedback is about."""
        if _type_of(record) == _OTHER_SIDE[self._side]:
            return None
        inner = record.document.get(self._side)
        data = _data_of(inner) if isinstance(inner, dict) else _data_of(record.document)
        if data is None:
            raise Refused("wrong_format", "there is neither data nor jsonData: this is not Seldon's v1 protocol")
        if not isinstance(data, dict) or not any(kind in data for kind in _KINDS):
            return Objects([data]) if isinstance(data, dict) else unnamed(data, self._names, "jsonData")
        return self._of_data(data)

    def _of_data(self, data: dict[str, Any]) -> Table:
        names = self._names_of(data)
        if "ndarray" in data:
            return unnamed(data["ndarray"], names, "data.ndarray")
        tensor = data["tensor"]
        if not isinstance(tensor, dict):
            raise Refused("wrong_shape", "data.tensor is not an object")
        return grid_of(Tensor("tensor", tensor.get("shape"), tensor.get("values")), names)

    def _names_of(self, data: dict[str, Any]) -> Names | None:
        """Return the names that stand beside the rows, if they are names of features, or any are wanted."""
        names = data.get("names")
        told = tuple(map(str, names)) if isinstance(names, list) else ()
        if self._names is None:
            return None if told in ((), _placeholders(len(told))) else told
        return self._names if self._features.isdisjoint(told) else told


def _type_of(record: Record) -> object:
    told = record.around.get("type")
    return record.headers.get("type", b"").decode("utf-8", "replace") if told is None else told


def _placeholders(width: int) -> Names:
    """Return the names that Seldon gives to values without any."""
    return tuple(f"t:{place}" for place in numbered(width))


def _data_of(document: dict[str, Any]) -> Any:
    """Return what a message holds, or the request in it does; None where there is neither."""
    inner = document.get("request")
    return _own_data(inner if _own_data(document) is None and isinstance(inner, dict) else document)


def _own_data(document: dict[str, Any]) -> Any:
    data = document.get("data")
    if isinstance(data, dict) and any(kind in data for kind in _KINDS):
        return data
    return document.get("jsonData")
