"""The watermark: up to where event time is complete, over all partitions that have something to say."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Watermark:
    """Largest event time per (topic, partition), and which partitions are idle.

    A listed partition that has shown nothing holds the watermark back until a counter at the end of its log says that
    it is idle. The watermark never goes back.
    """

    lateness_ms: int
    newest_ms: dict[tuple[str, int], int | None] = field(default_factory=dict)
    idle: set[tuple[str, int]] = field(default_factory=set)
    reached_ms: int | None = None
    # When, by the log, each partition's event time last grew, or the partition was first heard of.
    moved_ms: dict[tuple[str, int], int] = field(default_factory=dict)

    def expect(self, place: tuple[str, int], log_ms: int | None = None) -> None:
        """List a partition that exists, whether or not anything was heard of it; ``log_ms`` is the log's time now."""
        self.newest_ms.setdefault(place, None)
        if log_ms is not None:
            self.moved_ms.setdefault(place, log_ms)

    def observe(
        self, place: tuple[str, int], newest_ms: int | None, *, idle: bool = False, log_ms: int | None = None
    ) -> None:
        """Take a counter's latest word on one partition: its largest event time, and whether it is idle now."""
        known = self.newest_ms.get(place)
        if newest_ms is not None and (known is None or newest_ms > known):
            self.newest_ms[place] = newest_ms
            if log_ms is not None:
                self.moved_ms[place] = log_ms
        self.expect(place, log_ms)
        if idle:
            self.idle.add(place)
        else:
            self.idle.discard(place)

    def forget(self, topic: str) -> None:
        """Forget what was heard of a topic's partitions: there is another topic of this name."""
        self.newest_ms = {place: newest for place, newest in self.newest_ms.items() if place[0] != topic}
        self.moved_ms = {place: moved for place, moved in self.moved_ms.items() if place[0] != topic}
        self.idle = {place for place in self.idle if place[0] != topic}

    def current_ms(self) -> int | None:
        """Return the time up to which all events have been seen; None before anything is known."""
        speaking = [newest for place, newest in self.newest_ms.items() if place not in self.idle]
        if speaking and None not in speaking:
            complete = min(newest for newest in speaking if newest is not None) - self.lateness_ms
            self.reached_ms = complete if self.reached_ms is None else max(self.reached_ms, complete)
        return self.reached_ms

    def furthest_ms(self) -> int | None:
        """Return the time up to which the partition that is furthest has shown all its events; None before any has."""
        shown = [newest for newest in self.newest_ms.values() if newest is not None]
        return max(shown) - self.lateness_ms if shown else None

    def behind(self, boundary_ms: int) -> list[tuple[str, int]]:
        """Return the partitions, in order, that hold the watermark back from this time."""
        return sorted(
            place
            for place, newest in self.newest_ms.items()
            if place not in self.idle and (newest is None or newest - self.lateness_ms < boundary_ms)
        )

    def covered(self, start_ms: int, end_ms: int) -> float:
        """Return the share of this stretch of event time that partitions have passed, on average over all of them.

        An idle partition has nothing to add, and counts as one that has passed all of it.
        """
        shares = [1.0 if place in self.idle else self._passed(place, start_ms, end_ms) for place in self.newest_ms]
        return sum(shares) / len(shares) if shares else 1.0

    def _passed(self, place: tuple[str, int], start_ms: int, end_ms: int) -> float:
        newest = self.newest_ms[place]
        if newest is None:
            return 0.0
        return (min(max(newest - self.lateness_ms, start_ms), end_ms) - start_ms) / (end_ms - start_ms)
