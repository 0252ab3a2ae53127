"""Schemas as a registry has them, and the seam behind which one is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Schema:
    """``kind`` is AVRO, JSON or PROTOBUF; ``references`` are the texts of what it refers to, by name, in order."""

    kind: str
    text: str
    references: Mapping[str, str] = field(default_factory=dict)


class Registry(Protocol):
    """Knows schemas by number or GUID."""

    def schema(self, ref: int | str) -> Schema:
        """Return a schema; raises Refused for one that is not known, LogUnavailable where nobody answers."""
        ...
