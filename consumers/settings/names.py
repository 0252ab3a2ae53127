"""Names, paths into events, and addresses: text of the file that must have a form, and what to write instead."""

import json
import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from consumers.decode.format_names import FORMAT_NAMES

_CLASS = re.compile(r"[\w.]+:\w+")
_LEGAL_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _kafka_name(text: str) -> str:
    if not _LEGAL_NAME.fullmatch(text) or len(text) > 200 or text in {".", ".."}:
        raise ValueError(
            "may hold letters, digits, '.', '_' and '-' only, 200 at most; write for example \"house-prices\""
        )
    return text


def _event_path(text: str) -> str:
    if text and not all(text.split(".")):
        raise ValueError('is no path into the event; write names joined by dots, for example "payload.ts"')
    return text


def _value_path(text: str) -> str:
    if not text:
        raise ValueError('must name a field of the event; write for example "ts", or leave the key out')
    return _event_path(text)


def _server_list(servers: object) -> object:
    return [part.strip() for part in servers.split(",") if part.strip()] if isinstance(servers, str) else servers


def _server(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f'{json.dumps(address)} is no host:port; write for example ["localhost:9092"]')
    return address


def _listen_address(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if address and not (host and colon and port.isdecimal() and int(port) < 65536):
        raise ValueError('is no host:port; write for example "127.0.0.1:9464", or "" for none')
    return address


def _plain_value(value: object) -> object:
    if not isinstance(value, (str, int, float)):
        raise ValueError('must be text, a number, true or false; write for example where = {model = "house-prices"}')  # noqa: TRY004  # pydantic takes ValueError
    return value


def _format_name(text: str) -> str:
    if text in FORMAT_NAMES or _CLASS.fullmatch(text):
        return text
    known = ", ".join(f'"{name}"' for name in FORMAT_NAMES)
    raise ValueError(
        f'{json.dumps(text)} is not known here; write one of {known}, or a class of your own as "module:Class"'
    )


# Topic names are made from the monitor's name, so both keep to what Kafka allows in a topic.
KafkaName: TypeAlias = Annotated[str, AfterValidator(_kafka_name)]
FormatName: TypeAlias = Annotated[str, AfterValidator(_format_name)]
KafkaNameOrNone: TypeAlias = Annotated[str, AfterValidator(lambda name: name and _kafka_name(name))]
EventPath: TypeAlias = Annotated[str, AfterValidator(_event_path)]
ValuePath: TypeAlias = Annotated[str, AfterValidator(_value_path)]
PlainValue: TypeAlias = Annotated[Any, AfterValidator(_plain_value)]
Servers: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(_server)], ...],
    Field(strict=False, min_length=1),
    BeforeValidator(_server_list),
]
ListenAddress: TypeAlias = Annotated[str, AfterValidator(_listen_address)]
