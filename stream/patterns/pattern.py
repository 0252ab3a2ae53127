"""A recognised pattern: what kind of fault a move looks like, and the sentence that says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Pattern:
    """One feature's pattern: ``kind``, a ``sentence`` that names the feature, and the facts behind it.

    ``facts`` are numbers, column names or category names, under the keys that the schema of drift events lists.
    """

    kind: str
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the pattern as it stands in drift events."""
        return {"kind": self.kind, **self.facts, "sentence": self.sentence}
