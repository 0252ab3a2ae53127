"""The JSON Schema of drift events, as it ships in the package."""

from importlib import resources
from typing import Any

import orjson

_PLACE = "schemas/drift-event.schema.json"


def event_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every value on the alerts topic validates against.

    >>> event_schema()["title"]
    'Drift event'
    """
    schema: dict[str, Any] = orjson.loads(resources.files("stream").joinpath(_PLACE).read_bytes())
    return schema
