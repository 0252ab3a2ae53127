"""What kafka-python's clients can be told, and which of it driftline keeps to itself."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

# A member is a consumer in a group; a plain consumer only looks, and must not be known by the member's own name.
Client = Literal["member", "consumer", "producer", "admin"]
_CLIENTS: Mapping[Client, Any] = {
    "member": KafkaConsumer,
    "consumer": KafkaConsumer,
    "producer": KafkaProducer,
    "admin": KafkaAdminClient,
}
_OF_MEMBERS = "group_instance_id"
_EXACTNESS = "driftline sets it so that counts stay exact; leave it out"
_BYTES = "driftline reads and writes bytes; leave it out"
OWNED: Mapping[str, str] = {
    "group_id": "driftline's groups are named after the monitor; leave it out",
    "enable_auto_commit": _EXACTNESS,
    "auto_commit_interval_ms": _EXACTNESS,
    "auto_offset_reset": _EXACTNESS,
    "isolation_level": _EXACTNESS,
    "transactional_id": _EXACTNESS,
    "enable_idempotence": _EXACTNESS,
    "acks": _EXACTNESS,
    "allow_auto_create_topics": "driftline creates its topics with the right settings; see [topics] create",
    "key_serializer": _BYTES,
    "value_serializer": _BYTES,
    "key_deserializer": _BYTES,
    "value_deserializer": _BYTES,
}
_PLAIN = (bool, int, float, str)
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


@cache
def _defaults() -> dict[str, object]:
    return {key: default for client in _CLIENTS.values() for key, default in client.DEFAULT_CONFIG.items()}


def known_options() -> list[str]:
    """Return the keys that a configuration file may hold: plain values that driftline does not own."""
    return [
        key
        for key, default in _defaults().items()
        if key not in OWNED and key != "bootstrap_servers" and (default is None or isinstance(default, _PLAIN))
        if key not in {"ssl_context", "sasl_oauth_token_provider"}
    ]


def option_type(key: str) -> type:
    """Return the type that the client takes: bool, int, float or str."""
    default = _defaults()[key]
    if default is None:
        return int if key.endswith("_bytes") else str
    return type(default)


def option_error(key: str, value: object) -> str | None:
    """Return what is wrong with a known key's value and what to write instead, or None. Never repeats the value."""
    if key == "api_version":
        return None if isinstance(value, list) else "must be a list of numbers; write for example [3, 9]"
    wanted = option_type(key)
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) if wanted is float else type(value) is wanted
    return None if fits else f"must be {_WORDS[wanted]}"


def options_for(client: Client, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the options that this client takes; the others are meant for the other clients."""
    known = set(_CLIENTS[client].DEFAULT_CONFIG) - ({_OF_MEMBERS} if client == "consumer" else set())
    return {key: tuple(value) if key == "api_version" else value for key, value in options.items() if key in known}
