"""A batch as it lies in the backlog: copies, and how they are to be read later."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from consumers.tap.lines import event_lines
from consumers.tap.readings import Reading
from consumers.tap.snapshot import RowNumbers, Snapshot

# What is to be read, and how.
Read: TypeAlias = tuple[Reading, Snapshot]


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows that were picked of one batch.

    ``parts`` are copies of these rows with their readings, ``columns`` values by name that need none, ``rows`` the
    numbers of the rows within the batch of ``batch_rows`` (None: all), ``first`` the number of the batch's first row
    in this process. ``ids`` and ``times`` are lists for the whole batch, or None and one time for all.
    """

    first: int
    batch_rows: int
    rows: RowNumbers | None
    parts: tuple[Read, ...]
    columns: Mapping[str, Any]
    ids: Sequence[Any] | None
    times: Any

    @property
    def count(self) -> int:
        """How many rows were picked."""
        return self.batch_rows if self.rows is None else len(self.rows)

    def lines(self, run: str, fields: Mapping[str, object]) -> list[bytes]:
        """Return an event for each row; ids that nobody gave are ``run`` and the row's number in this process.

        Raises whatever a reading raises, and ValueError when two of them give a feature of one name.
        """
        columns: dict[str, Any] = {}
        for found in self._columns():
            twice = columns.keys() & found.keys()
            if twice:
                raise ValueError(f"the input and the output both have a feature {min(twice)!r}: name one otherwise")
            columns |= found
        if not columns:
            raise ValueError("there is no feature in the input or the output: say how they are to be read")
        return event_lines(columns, self._ids(run), self._times(), fields)

    def _columns(self) -> Iterator[Mapping[str, Any]]:
        yield {name: data.settled() if isinstance(data, Snapshot) else data for name, data in self.columns.items()}
        for reading, copy in self.parts:
            yield reading(copy.settled())

    def _numbers(self) -> Sequence[int]:
        return range(self.batch_rows) if self.rows is None else self.rows.tolist()

    def _ids(self, run: str) -> list[Any]:
        if self.ids is None:
            return [f"{run}-{self.first + number}" for number in self._numbers()]
        return [str(self.ids[number]) for number in self._numbers()]

    def _times(self) -> list[Any]:
        if isinstance(self.times, list):
            return [self.times[number] for number in self._numbers()]
        return [self.times] * self.count
