"""The tap's side of the hot path: pick rows, copy them if there is room, queue them; count every row."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consumers.tap.snapshot import RowNumbers, Snapshot, Unsupported, is_array, size_of, snapshot
from consumers.tap.taken import Read, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consumers.tap.backlog import Backlog
    from consumers.tap.readings import Reading
    from consumers.tap.sampling import Sampler
    from consumers.tap.snapshot import Array
    from consumers.tap.stats import Account


@dataclass(slots=True)
class Batch:
    """A batch that is being taken; ``lost`` says why it is not, once that is so. Of no use after `Intake.end`."""

    rows: int
    picked: RowNumbers | None
    ids: Sequence[Any] | None
    times: Any
    parts: list[Read] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    size_bytes: int = 0
    lost: str | None = None

    @property
    def count(self) -> int:
        """How many rows were picked."""
        return self.rows if self.picked is None else len(self.picked)

    @property
    def wanted(self) -> bool:
        """Whether there is anything to copy."""
        return self.lost is None and self.count > 0


class Intake:
    """Puts batches into a backlog. Its methods are called on the model's threads, several at a time."""

    def __init__(self, backlog: Backlog[Taken], account: Account, sampler: Sampler) -> None:
        self._backlog, self._account, self._sampler = backlog, account, sampler

    def begin(self, rows: int, ids: Sequence[Any] | None, times: Any) -> Batch:
        """Pick the rows to take of a batch of so many. ``times`` are a list, one time for all rows, or None for now."""
        now = time.time_ns() // 1_000_000 if times is None else times
        return Batch(rows, self._sampler.pick(rows), ids, now)

    def add(self, batch: Batch, reading: Reading, values: Array) -> None:
        """Copy the picked rows of a tensor or an array, to be read later."""
        if batch.wanted and (copy := self._copy(batch, values)) is not None:
            batch.parts.append((reading, copy))

    def add_column(self, batch: Batch, name: str, values: Any) -> None:
        """Copy the picked rows of a feature: a tensor, an array or a sequence."""
        if not batch.wanted:
            return
        if is_array(values):
            batch.columns[name] = self._copy(batch, values)
        else:
            plain = list(values)
            batch.columns[name] = plain if batch.picked is None else [plain[row] for row in batch.picked]

    def end(self, batch: Batch) -> bool:
        """Count the batch and queue what was copied; say whether anything was queued."""
        first = self._account.arrived(batch.rows, batch.count)
        if batch.wanted:
            parts, columns = tuple(batch.parts), batch.columns
            taken = Taken(first, batch.rows, batch.picked, parts, columns, batch.ids, batch.times)
            if self._backlog.put(taken, batch.size_bytes):
                return True
            batch.lost = "full"
        if batch.lost is not None:
            self._account.dropped(batch.count, batch.lost)
        return False

    def _copy(self, batch: Batch, values: Array) -> Snapshot | None:
        expected = size_of(values) * batch.count // max(batch.rows, 1)
        if not self._backlog.has_room(batch.size_bytes + expected):
            batch.lost = "full"
            return None
        try:
            copy = snapshot(values, batch.picked)
        except Unsupported:
            batch.lost = "unsupported"
            return None
        batch.size_bytes += copy.size_bytes
        return copy
