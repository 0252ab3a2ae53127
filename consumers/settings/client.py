"""The keys of [kafka] that go to the Kafka client; its library is imported only where there are any."""

import json
from collections.abc import Mapping
from typing import Any

from consumers.settings.places import Place, nearest
from consumers.settings.sections import KafkaSettings

_OWN = frozenset(Place(KafkaSettings).keys())


def option_value(key: str, text: str) -> object | None:
    """Read text as the client's key writes it; None where the client has no such key."""
    from consumers.kafka_options import known_options, option_type  # noqa: PLC0415  # kafka takes 100 ms to import

    if key not in known_options():
        return None
    if option_type(key) is str and key != "api_version":
        return text
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError:
        return text
    return text if value is None else value


def split_options(table: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return [kafka] with the client's keys gathered under "options", and per wrong key what to write instead."""
    own = {key: value for key, value in table.items() if key in _OWN}
    rest = {key: value for key, value in table.items() if key not in _OWN}
    if not rest:
        return own, {}
    problems = {key: problem for key, value in rest.items() if (problem := _problem(key, value)) is not None}
    return {**own, "options": {key: value for key, value in rest.items() if key not in problems}}, problems


def _problem(key: str, value: object) -> str | None:
    from consumers.kafka_options import OWNED, known_options, option_error  # noqa: PLC0415

    if key in OWNED:
        return f"is not yours to set: {OWNED[key]}"
    known = known_options()
    if key in known:
        return option_error(key, value)
    guess = nearest(key, [*_OWN, *known])
    return f"unknown key; write {guess}" if guess else "unknown key, here and to the Kafka client; leave it out"
