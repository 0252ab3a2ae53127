"""The values at one place of all events, as the decoder would find them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from consumers.decode.event_format import split_path
from consumers.onboarding.opened import Event
from consumers.onboarding.walk import leaves


@dataclass(frozen=True, slots=True)
class Column:
    """A path and its value for each event, None where it has none; of several rows, the first one's."""

    path: str
    values: Sequence[Any]

    @property
    def present(self) -> list[Any]:
        """The values that are there."""
        return [value for value in self.values if value is not None]

    @property
    def share(self) -> float:
        """In how much of the events there is a value."""
        return len(self.present) / max(1, len(self.values))

    @property
    def distinct(self) -> Counter[str]:
        """The different values, as text, most frequent first."""
        return Counter(str(value) for value in self.present)


def columns_of(events: Sequence[Event], rows: Sequence[str]) -> Iterator[Column]:
    """Yield what stands beside the features: single values of events, of their envelopes, and columns of ``rows``."""
    paths: dict[str, None] = {}
    for event in events[:50]:
        if event.record.is_object:
            paths.update(dict.fromkeys(path for path, _ in leaves(event.record.parsed)))
        paths.update(dict.fromkeys(f"@{path}" for path, _ in leaves(dict(event.record.around))))
    paths.update(dict.fromkeys(name for name in rows if "." not in name))
    for path in paths:
        yield Column(path, [value_at(event, path) for event in events])


def value_at(event: Event, path: str) -> Any:
    """Return the single value at a path, of several rows the first one's; None where there is none."""
    value = event.record.at(split_path(path))
    if value is None or isinstance(value, list | dict):
        column = event.table.column(path)
        value = column[0] if column is not None and len(column) else None
    if isinstance(value, np.datetime64):
        # Arrow's times: as text they are what the decoder makes of them.
        return None if np.isnat(value) else str(np.datetime_as_string(value, unit="ms", timezone="UTC"))
    return None if isinstance(value, list | dict) else value


def rows_of(events: Sequence[Event], most: int) -> list[Mapping[str, Any]]:
    """Return the rows of events, at most so many."""
    rows: list[Mapping[str, Any]] = []
    for event in events:
        names = event.table.names
        for row in event.table.rows(names) if names else ():
            rows.append({name: value for name, value in zip(names, row, strict=True) if value is not None})
            if len(rows) == most:
                return rows
    return rows
