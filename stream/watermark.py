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

    def expect(self, place: tuple[str, int]) -> None:
        """List a partition that exists, whether or not anything was heard of it."""
        self.newest_ms.setdefault(place, None)

    def observe(self, place: tuple[str, int], newest_ms: int | None, *, idle: bool = False) -> None:
        """Take a counter's latest word on one partition: its largest event time, and whether it is idle now."""
        known = self.newest_ms.get(place)
        if newest_ms is not None and (known is None or newest_ms > known):
            self.newest_ms[place] = newest_ms
        self.expect(place)
        if idle:
            self.idle.add(place)
        else:
            self.idle.discard(place)

    def forget(self, topic: str) -> None:
        """Forget what was heard of a topic's partitions: there is another topic of this name."""
        self.newest_ms = {place: newest for place, newest in self.newest_ms.items() if place[0] != topic}
        self.idle = {place for place in self.idle if place[0] != topic}

    def current_ms(self) -> int | None:
        """Return the time up to which all events have been seen; None before anything is known."""
        speaking = [newest for place, newest in self.newest_ms.items() if place not in self.idle]
        if speaking and None not in speaking:
            complete = min(newest for newest in speaking if newest is not None) - self.lateness_ms
            self.reached_ms = complete if self.reached_ms is None else max(self.reached_ms, complete)
        return self.reached_ms
