"""Protobuf messages by a descriptor: read into plain values, without generated code.

Source: the protobuf encoding, and Confluent's wire format, where the message's place in its file stands before the
value. protobuf is the extra ``protobuf``.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from consumers.decode.extras import needed
from consumers.decode.lenient import Refused

_WHAT, _EXTRA = "protobuf", "protobuf"
_LAST_SHIFT = 63


class MessageReader:
    """Reads messages of one type into dicts by the fields' names; what is not set and can say so is None."""

    def __init__(self, files: Sequence[bytes], path: Sequence[int] | str) -> None:
        """Take serialized file descriptors, each after those it imports, and which message: a name, or a path.

        A path holds places in the last file, from the outermost message inwards.
        """
        needed("google.protobuf", _EXTRA, _WHAT)
        self._errors = needed("google.protobuf.message", _EXTRA, _WHAT).DecodeError
        pool = needed("google.protobuf.descriptor_pool", _EXTRA, _WHAT).DescriptorPool()
        _add_well_known(pool)
        try:
            for file in files:
                last = pool.AddSerializedFile(file)
            descriptor = pool.FindMessageTypeByName(path) if isinstance(path, str) else _nested(last, path)
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise Refused("bad_schema", f"the registry's protobuf schema cannot be used: {str(error)[:100]}") from None
        self._message = needed("google.protobuf.message_factory", _EXTRA, _WHAT).GetMessageClass(descriptor)

    def parsed(self, value: bytes) -> Any:
        """Return the message that these bytes are."""
        try:
            return self._message.FromString(value)
        except (self._errors, ValueError, RecursionError) as error:
            raise Refused("bad_protobuf", f"the value is no such message: {str(error)[:100]}") from None

    def read(self, value: bytes) -> dict[str, Any]:
        """Return the message as plain values."""
        return _plain(self.parsed(value))


class FramedMessages:
    """Reads values behind Confluent's frame: their first bytes say which message of the file they are."""

    def __init__(self, text: str, references: Mapping[str, str]) -> None:
        try:
            self._files = [base64.b64decode(one, validate=True) for one in (*references.values(), text)]
        except (binascii.Error, ValueError):
            raise Refused("bad_schema", "the registry has no descriptor of this protobuf schema") from None
        self._readers: dict[tuple[int, ...], MessageReader] = {}

    def read(self, value: bytes) -> dict[str, Any]:
        """Return the message as plain values."""
        path, start = _message_path(value)
        if path not in self._readers:
            self._readers[path] = MessageReader(self._files, path)
        return self._readers[path].read(value[start:])


def _add_well_known(pool: Any) -> None:
    """Let files import Google's own types, which no registry keeps."""
    known = needed("google.protobuf.descriptor_pool", _EXTRA, _WHAT).Default()
    for name in ("timestamp", "duration", "wrappers", "struct", "any"):
        needed(f"google.protobuf.{name}_pb2", _EXTRA, _WHAT)
        pool.AddSerializedFile(known.FindFileByName(f"google/protobuf/{name}.proto").serialized_pb)


def _nested(file: Any, path: Sequence[int]) -> Any:
    descriptor = list(file.message_types_by_name.values())[path[0]]
    for place in path[1:]:
        descriptor = descriptor.nested_types[place]
    return descriptor


def _message_path(value: bytes) -> tuple[tuple[int, ...], int]:
    """Return the places of the message in its file, and where the message begins; no place means the first one."""
    length, at = _zigzag(value, 0)
    if not 0 <= length <= len(value):
        raise Refused("bad_protobuf", "the value names no message of its file")
    places = []
    for _ in range(length):
        place, at = _zigzag(value, at)
        if place < 0:
            raise Refused("bad_protobuf", "the value names no message of its file")
        places.append(place)
    return tuple(places) or (0,), at


def _zigzag(value: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and where the next one begins."""
    number = shift = 0
    while at < len(value) and shift <= _LAST_SHIFT:
        byte = value[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at
    raise Refused("bad_protobuf", "the value ends before its message begins")


def _plain(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
            found[field.name] = _plain_map(value) if is_map else [_plain_value(one) for one in value]
        elif field.has_presence and not message.HasField(field.name):
            found[field.name] = None
        else:
            found[field.name] = _named(field, value)
    return found


def _plain_map(value: Any) -> dict[str, Any]:
    return {str(key): _plain_value(one) for key, one in value.items()}


def _named(field: Any, value: Any) -> Any:
    """Return a value; an enum's by its name, if it has one."""
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return value if known is None else known.name
    return _plain_value(value)


def _plain_value(value: Any) -> Any:
    if not hasattr(value, "DESCRIPTOR"):
        return value
    if value.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
        return value.seconds * 1_000_000_000 + value.nanos
    if value.DESCRIPTOR.file.name == "google/protobuf/wrappers.proto":
        return value.value
    return _plain(value)
