"""CloudEvents 1.0, and 0.3 where it differs: an envelope in the record's headers (binary) or in JSON (structured).

Source: the CloudEvents specification 1.0.2, its JSON format and its Kafka protocol binding. What the envelope says is
reached by paths that begin with "@": ``"@time"``, ``"@type"``, ``"@source"``.
"""

import base64
import binascii
import json
from contextlib import suppress
from typing import Any

from consumers.decode.format import Announced, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.plain import Plain
from consumers.decode.record import Record
from consumers.decode.shape import Shape

_STRUCTURED = "application/cloudevents"
_PREFIX = "ce_"
_DATA = ("data", "data_base64")


class CloudEvents:
    """Opens an event, or a batch of them in the JSON batch format, onto its data."""

    announced = Announced(headers=("ce_specversion", "content-type"), keys=("specversion",))
    is_envelope = True
    shapes = (
        Shape(
            ("data",),
            needs={("specversion",): str, ("type",): str, ("data_base64",): None},
            around=lambda keys: None if keys[0] in _DATA else keys,
            headers=frozenset({"content-type"}),
        ),
    )

    def __init__(self, wanted: Wanted) -> None:
        """Know where a plain event has its features; an envelope itself depends on nothing."""
        self._plain = Plain(wanted) if wanted.event_format.features else None

    def claims(self, record: Record) -> bool:
        """Tell whether the headers say so, or, without such headers, the required attributes are there."""
        # Where it was opened once, what is inside has the same headers.
        if "ce_specversion" in record.headers:
            return not record.around
        if _is_structured(record):
            return not record.around and not self._is_plain(record)
        return record.is_object and _has_required(record.document)

    def _is_plain(self, record: Record) -> bool:
        """Tell whether a plain event is there all the same: quick readers do not look at this header's value."""
        with suppress(Refused):
            return self._plain is not None and bool(record.document) and self._plain.fits(record)
        return False

    def read(self, record: Record) -> list[Record]:
        """Return the data of each event."""
        if "ce_specversion" in record.headers:
            return [_of_binary(record)]
        events = record.parsed if isinstance(record.parsed, list) else [record.document]
        return [_of_structured(record, event) for event in events]


def _is_structured(record: Record) -> bool:
    return record.headers.get("content-type", b"").decode("utf-8", "replace").lower().startswith(_STRUCTURED)


def _has_required(event: Any) -> bool:
    return isinstance(event, dict) and type(event.get("specversion")) is str and type(event.get("type")) is str


def _of_binary(record: Record) -> Record:
    attributes = {
        name.removeprefix(_PREFIX): text.decode("utf-8", "replace")
        for name, text in record.headers.items()
        if name.startswith(_PREFIX)
    }
    if not record.value:
        raise Refused("no_data", f"the CloudEvent of type {attributes.get('type')!r} has no data")
    return record.carrying(record.value, attributes)


def _of_structured(record: Record, event: Any) -> Record:
    if not _has_required(event):
        raise Refused("bad_cloudevent", "the record is no CloudEvent: it has no specversion, or no type")
    attributes = {name: value for name, value in event.items() if name not in _DATA}
    if (encoded := event.get("data_base64")) is not None:
        return record.carrying(_decoded(encoded), attributes)
    data = event.get("data")
    if data is None:
        raise Refused("no_data", f"the CloudEvent of type {event['type']!r} has no data")
    if isinstance(data, str):
        # In 0.3 a text may be base64; in any version, JSON that was put into a text.
        is_base64 = event.get("datacontentencoding") == "base64"
        return record.carrying(_decoded(data) if is_base64 else data.encode("utf-8", "surrogatepass"), attributes)
    if isinstance(data, dict):
        return record.carrying(None, attributes, data)
    return record.carrying(json.dumps(data).encode(), attributes)


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("bad_cloudevent", f"the data is not base64: {error}") from None
