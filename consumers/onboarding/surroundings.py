"""How broker and registry are reached, as the written file says it: what the environment says, less secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

from consumers.settings import Settings
from consumers.settings.problems import toml_value

_SECRET = ("password", "secret", "token")


def surroundings_lines(around: Settings) -> Iterator[str]:
    """Yield the lines of [kafka] and [schema_registry]; for a secret, where it comes from."""
    yield "\n[kafka]"
    yield f"bootstrap_servers = {toml_value(list(around.kafka.bootstrap_servers))}"
    yield from _given("KAFKA", around.kafka.options)
    registry = around.schema_registry
    if registry.url:
        yield "\n[schema_registry]"
        yield from _given("SCHEMA_REGISTRY", registry.model_dump())


def _given(section: str, values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if value is None:
            continue
        if any(part in key for part in _SECRET):
            variable = f"DRIFTLINE_{section}__{key.upper()}"
            yield f'# {key} is not written down here: set {variable}, or write {key}_file = "PATH"'
        else:
            yield f"{key} = {toml_value(value)}"
