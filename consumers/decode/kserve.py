"""KServe's (and TensorFlow Serving's) v1 protocol: ``instances`` in requests, ``predictions`` in responses.

Instances are rows without names, objects, or single values; TensorFlow Serving's columns are an object under
``inputs``. KServe's inference logger wraps both halves in CloudEvents, whose type says which one it is.
"""

from typing import Any

from consumers.decode.format import Announced, Opened, Wanted
from consumers.decode.frame import Frame
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.shape import Keys, Shape
from consumers.decode.tables import unnamed


class KServe:
    """Reads the half of the traffic that is wanted; the other one is somebody else's."""

    announced = Announced(keys=("instances", "predictions", "inputs"))
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        self._names = wanted.names
        self._is_request = wanted.event_format.side == "request"
        self.shapes: tuple[Shape, ...] = ()
        if self._names:
            no_request: dict[Keys, None] = {("instances",): None, ("inputs",): None}
            response = Shape(("predictions",), self._names, no_request)
            self.shapes = (Shape(("instances",), self._names) if self._is_request else response,)

    def claims(self, record: Record) -> bool:
        """Tell whether there are rows where this protocol has them."""
        document = record.document
        is_list = any(isinstance(document.get(key), list) for key in ("instances", "predictions"))
        return is_list or _is_columns(document.get("inputs"))

    def read(self, record: Record) -> Opened:
        """Return the rows of a request, or of a response."""
        document = record.document
        if document.get("instances") is not None or document.get("inputs") is not None:
            if not self._is_request:
                return None
            if document.get("instances") is not None:
                return unnamed(document["instances"], self._names, "instances")
            return _columns(document["inputs"])
        if document.get("predictions") is None:
            raise Refused("wrong_format", "there are neither instances nor predictions, as in KServe's v1 protocol")
        return None if self._is_request else unnamed(document["predictions"], self._names, "predictions")


def _columns(inputs: Any) -> Frame:
    if not _is_columns(inputs):
        raise Refused("wrong_shape", "inputs is not an object of columns")
    return Frame(inputs)


def _is_columns(inputs: Any) -> bool:
    return isinstance(inputs, dict) and set(map(type, inputs.values())) == {list}
