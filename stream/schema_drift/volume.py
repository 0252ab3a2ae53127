"""How many events are sent: a jump against the hour before and the same hour of earlier days is no night.

Events are counted by the hour, or by interval of the schedule where these are longer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from stream.schedule import DAY_MS, Schedule
from stream.schema_drift.change import Change

# So many times as many events as before, or so many times fewer, are a jump.
_JUMP = 3.0
_HOUR_MS = 3_600_000
_DAYS_KEPT = 8
_MONDAY_MS, _WORKING_DAYS = 4 * DAY_MS, 5


@dataclass(slots=True)
class Volumes:
    """Rows by the start of their slot (UTC ms), the first and incomplete one left out; ``lasts``: after a jump."""

    slots: dict[int, int] = field(default_factory=dict)
    first_ms: int | None = None
    judged_to_ms: int | None = None
    lasts: bool = False


class VolumeRules:
    """Judges slots against earlier ones; silent for intervals of more than a day."""

    def __init__(self, schedule: Schedule, min_rows: int) -> None:
        self._schedule, self._min_rows = schedule, min_rows
        self._is_asked = schedule.every_ms <= DAY_MS

    def add(self, volumes: Volumes, start_ms: int, rows: int) -> None:
        """Add the rows of a sealed pane."""
        slot = self._slot(start_ms)
        if volumes.first_ms is None:
            volumes.first_ms = volumes.judged_to_ms = self._end(slot)
        if self._is_asked and slot >= volumes.first_ms:
            volumes.slots[slot] = volumes.slots.get(slot, 0) + rows

    def completed(self, volumes: Volumes, boundary_ms: int) -> Iterator[tuple[int, list[Change]]]:
        """Yield the end of each slot that ends up to here and was not judged yet, with the jump it shows, if any."""
        while volumes.judged_to_ms is not None and self._end(volumes.judged_to_ms) <= boundary_ms:
            since_ms = volumes.judged_to_ms
            # Silence is told by others, and may be long.
            slot = min((start for start in volumes.slots if start >= since_ms), default=None)
            if slot is None or self._end(slot) > boundary_ms:
                volumes.judged_to_ms = self._slot(boundary_ms)
                return
            volumes.judged_to_ms = end_ms = self._end(slot)
            if (found := self._judged(volumes, slot)) is not None:
                yield end_ms, found
            for old in [start for start in volumes.slots if start < end_ms - _DAYS_KEPT * DAY_MS]:
                del volumes.slots[old]

    def _judged(self, volumes: Volumes, slot: int) -> list[Change] | None:
        """Return the jump that a slot shows, if any; None where too little is known."""
        rows, alike = volumes.slots[slot], self._alike(volumes, slot)
        # A jump must be one against the hour before, too; what lasts is one against other days alone.
        before = [] if volumes.lasts else [volumes.slots.get(self._slot(slot - 1), 0)]
        known = [*alike, *before]
        if not alike or 0 in known:
            return None
        jumps = rows >= _JUMP * max(known) or _JUMP * rows <= min(known)
        if jumps and max(rows, min(known)) < self._min_rows:
            return None
        volumes.lasts = jumps
        usual = sorted(alike)[len(alike) // 2]
        return [Change("volume", "", str(usual), str(rows), rows / usual)] if volumes.lasts else []

    def _alike(self, volumes: Volumes, slot: int) -> list[int]:
        """Return the rows at the same time of earlier days; none unless there was such a day: working, or not."""
        days = [(day, self._schedule_days_before(slot, day)) for day in range(1, _DAYS_KEPT)]
        found = [(start, volumes.slots[start]) for _, start in days if start in volumes.slots]
        kind = _is_working_day(slot)
        if not any(_is_working_day(start) == kind for start, _ in found):
            return []
        return [rows for _, rows in found]

    def _schedule_days_before(self, slot: int, days: int) -> int:
        if self._schedule.by_calendar:
            return self._schedule.panes_before(slot, days)
        return self._slot(self._schedule.days_before(slot, days))

    def _slot(self, time_ms: int) -> int:
        if self._schedule.every_ms >= _HOUR_MS:
            return self._schedule.pane_start(time_ms)
        return time_ms - time_ms % _HOUR_MS

    def _end(self, slot: int) -> int:
        return self._schedule.pane_end(slot) if self._schedule.every_ms >= _HOUR_MS else slot + _HOUR_MS


def _is_working_day(time_ms: int) -> bool:
    """Tell whether a time (UTC ms) is on Monday to Friday; where these are others, a week of history tells."""
    return (time_ms - _MONDAY_MS) % (7 * DAY_MS) < _WORKING_DAYS * DAY_MS
