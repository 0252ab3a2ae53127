"""The ledger: where every event that was read has gone, once, and every row of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.cells import IntArray

# What became of a row of an event that could be read, the first that one of its rows met being the event's own fate.
FATES = ("counted", "late", "ahead")
COUNTED, LATE, AHEAD = range(len(FATES))


@dataclass(slots=True)
class Ledger:
    """Events by fate: ``read = counted + late + ahead + foreign + rejected`` always.

    An event may have several rows. It is counted if one of them is, else late if one of them is, else ahead.
    ``more_rows`` are the rows by their own fate, beyond one for each event of that fate. Rows of an event that is
    foreign or was refused are not looked at: it stands for one.
    """

    read: int = 0
    counted: int = 0
    late: int = 0
    ahead: int = 0
    foreign: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    more_rows: Counter[str] = field(default_factory=Counter)

    def enter_read(self, read: int, foreign: int, reasons: Iterable[str], foreign_rows: int = 0) -> None:
        """Enter a batch of events: how many there are, and those that have no rows for this monitor.

        ``foreign_rows`` are rows of others in events that do have rows for this one.
        """
        self.read += read
        self.foreign += foreign
        self.rejected.update(reasons)
        if foreign_rows:
            self.more_rows["foreign"] += foreign_rows

    def enter_rows(self, offsets: IntArray, fates: NDArray[np.int8]) -> None:
        """Enter rows (n,), those of one event side by side: their event's offset, and the number of their fate."""
        if len(fates) == 0:
            return
        by_event = by_row = np.bincount(fates, minlength=len(FATES))
        firsts = np.flatnonzero(np.diff(offsets, prepend=offsets[0] - 1))
        if len(firsts) < len(fates):
            by_event = np.bincount(np.minimum.reduceat(fates, firsts), minlength=len(FATES))
            self.more_rows.update(dict(zip(FATES, (by_row - by_event).tolist(), strict=True)))
        self.counted += int(by_event[COUNTED])
        self.late += int(by_event[LATE])
        self.ahead += int(by_event[AHEAD])

    def uncount(self, events: int, rows: int, reason: str | None = None) -> None:
        """Take back events that were counted, and rows of theirs: they are late, or rejected for a reason."""
        self.counted -= events
        if reason is None:
            self.late += events
        else:
            self.rejected[reason] += events
        if rows != events:
            self.more_rows.update({"counted": events - rows, "late" if reason is None else "rejected": rows - events})

    def add(self, other: "Ledger") -> None:
        """Add in place."""
        self.read += other.read
        self.counted += other.counted
        self.late += other.late
        self.ahead += other.ahead
        self.foreign += other.foreign
        self.rejected.update(other.rejected)
        self.more_rows.update(other.more_rows)

    def balanced(self) -> bool:
        """Tell whether every event read is in exactly one other entry."""
        return self.read == sum(self._fates().values())

    def rows(self) -> dict[str, int]:
        """Return how many rows met each fate."""
        return {fate: events + self.more_rows[fate] for fate, events in self._fates().items()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, reasons in order, for JSON; with rows where they are not as many as events."""
        told = {"read": self.read, **self._fates(), "rejected": dict(sorted(self.rejected.items()))}
        return told | {"rows": self.rows()} if self.more_rows.total() else told

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Ledger":
        """Read what ``to_dict`` wrote."""
        events = {fate: entry for fate, entry in data.items() if fate != "rows"}
        ledger = cls(**{**events, "rejected": Counter(data["rejected"])})
        if "rows" in data:
            ledger.more_rows = Counter(data["rows"])
            ledger.more_rows.subtract(ledger._fates())
        return ledger

    def _fates(self) -> dict[str, int]:
        fates = {fate: getattr(self, fate) for fate in (*FATES, "foreign")}
        return fates | {"rejected": self.rejected.total()}
