"""The joiner: predictions and labels in, labelled events out, in one transaction with the offsets of both.

Its memory are the predictions that still wait. They are found again by reading the events once more from the oldest of
them, whose offset stands beside the committed one; which of them are labelled, the labelled events say.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from consumers.facts import NOBODY, EventsLost, LabelsJoined, Observer
from consumers.follower import Archive, Follower
from consumers.lane import Lane, read_lane_note
from consumers.pairing import Joined, Pairer, labelled_offsets
from consumers.patience import Patience
from consumers.place_note import PlaceNote
from consumers.sink import Outgoing, Sink
from consumers.source import Place, Polled, Position, Source, rewinding
from stream.drift_event import DriftEvent
from stream.join_ledger import JoinLedger

# How long labels are waited for once the events have been polled.
_LABELS_S = 0.1
# How many batches are read back in one step, so that the other loops of the process have their turn.
_BATCHES_A_STEP = 4
# So many labels of a partition are held back in memory; more of them stay where they are.
_MOST_HELD = 10_000
# After how many offsets of the events the end of the labelled topic is looked up anew: so much is read back in vain.
_MARK_EVERY = 10_000


class Joiner:
    """Reads events and labels, writes labelled events; ``step`` is one transaction at most."""

    def __init__(
        self,
        events: Source,
        labels: Follower,
        archive: Archive,
        sink: Sink,
        pairer: Pairer,
        patience: Patience,
        observer: Observer = NOBODY,
    ) -> None:
        self._events = events
        self._labels = labels
        self._archive = archive
        self._sink = sink
        self._pairer = pairer
        self._topics = pairer.topics
        self._patience = patience
        self._observer = observer
        self._membership: Any = None
        self._reading_back: dict[Place, Iterator[None]] = {}
        self.lanes: dict[Place, Lane] = {}

    def step(self, gather_s: float) -> Sequence[DriftEvent]:
        """Gather for at most ``gather_s`` and do one transaction, if there is anything to do; publishes no events.

        1. Take a new assignment, if there is one. 2. Read back what waits there, a part in each step. 3. Poll events,
        then labels. 4. Join the labels whose predictions must have been read. 5. Write labelled events and dead letters
        with the offsets of both topics, all or nothing. 6. Only now is a lane gone on with.

        Raises LogUnavailable when nothing was committed; the next step begins again from the committed positions.
        """
        with rewinding(self._events):
            self._step(gather_s)
        return ()

    def finish(self) -> Sequence[DriftEvent]:
        """Join the labels that are held back, too: whoever stops waits for no more events. Raises as ``step``."""
        if self._membership is not None:
            with rewinding(self._events):
                self._advance(Polled(), Polled(), lambda _, lane: lane.labels_next or 0)
        return ()

    def end_offsets(self) -> Mapping[Place, int]:
        """Return where the partitions of both topics end now."""
        return {**self._events.end_offsets(), **self._labels.end_offsets()}

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """Tell whether everything before these ends was read; labels may still be held back."""
        if self._reading_back:
            return False
        return self._events.caught_up(ends) and self._labels.caught_up(ends)

    def close(self) -> None:
        """Leave the group; what was not committed will be joined by the next owner."""
        self._events.close()
        self._labels.close()
        self._archive.close()
        self._sink.close()

    def _step(self, gather_s: float) -> None:
        positions = self._events.assigned()
        if positions is not None:
            self._take_over(positions)
        self._read_back()
        if self._reading_back:
            return
        polled = self._events.poll(gather_s)
        if polled.membership is None:
            # The partitions may be somebody else's by now.
            return
        self._membership = polled.membership
        full = {self._beside(place) for place, lane in self.lanes.items() if len(lane.held) >= _MOST_HELD}
        labels = self._labels.poll(min(gather_s, _LABELS_S), full)
        ends = cache(self._events.end_offsets)
        self._advance(polled, labels, lambda place, lane: self._released(place, lane, polled, ends))
        for lost in (polled.lost, labels.lost):
            if lost:
                self._observer.note(EventsLost(dict(lost)))

    def _take_over(self, positions: Mapping[Place, Position]) -> None:
        """Go on with the lanes that are as they were committed, open the others, and let the labels follow."""
        known, self.lanes, self._reading_back = self.lanes, {}, {}
        self._patience.forget()
        for place, position in positions.items():
            lane = known.get(place)
            self.lanes[place] = self._open(place, position) if lane is None or lane.committed != position else lane
        starts = self._labels.follow({self._beside(place): lane.let_go() for place, lane in self.lanes.items()})
        topic_id = self._labels.topic_ids().get(self._topics.labels, "")
        for place, lane in self.lanes.items():
            lane.labels_next, lane.labels_topic_id = starts[self._beside(place)], topic_id

    def _open(self, place: Place, position: Position) -> Lane:
        note = read_lane_note(position.note)
        lane = Lane.opened(self._pairer.new_window(), position.offset, note)
        self._reading_back[place] = self._reading(place, lane, position)
        return lane

    def _reading(self, place: Place, lane: Lane, position: Position) -> Iterator[None]:
        """Find the window again, a batch at a time: first which offsets are labelled, then the predictions."""
        (since, labelled_since), labelled = lane.marks[0], (self._topics.labelled, place[1])
        end = labelled_since
        for batch in self._archive.read(labelled, labelled_since):
            lane.window.expect_labelled(labelled_offsets(batch, place[1], self._topic_id(place)))
            end = batch.offsets[-1] + 1
            yield
        for batch in self._archive.read(place, since, position.offset):
            self._pairer.remember(lane, batch)
            yield
        lane.marks.append((position.offset, end))
        lane.settle_ledger()
        lane.committed = position

    def _read_back(self) -> None:
        for _ in range(_BATCHES_A_STEP):
            if not self._reading_back:
                return
            place, reading = next(iter(self._reading_back.items()))
            if next(reading, self) is self:
                del self._reading_back[place]

    def _released(self, place: Place, lane: Lane, polled: Polled, ends: Callable[[], Mapping[Place, int]]) -> int:
        if not lane.held:
            return 0
        # Behind the last record there may be marks of transactions: only the source knows that nothing more is there.
        read_to = sys.maxsize if place in polled.at_end else polled.next_offsets.get(place, lane.next_offset)
        return self._patience.released_to(place, lane.held[-1].offset + 1, read_to, ends)

    def _advance(self, polled: Polled, labels: Polled, released: Callable[[Place, Lane], int]) -> None:
        """Take what was polled, join what may be joined, and commit the lanes that are not as they were."""
        self._mark()
        before = {place: lane.committed for place, lane in self.lanes.items()}
        events = {(batch.topic, batch.partition): batch for batch in polled.batches}
        records: list[Outgoing] = []
        growth = JoinLedger()
        self._hold(labels)
        for place, lane in self.lanes.items():
            lane.committed, joined = None, Joined()
            if place in events:
                self._pairer.take(lane, events[place], joined)
            lane.next_offset = polled.next_offsets.get(place, lane.next_offset)
            ripe = lane.ripe(self._patience.early_ms, released(place, lane))
            self._pairer.join(lane, place[1], ripe, self._topic_id(place), joined)
            at_end = self._beside(place) in labels.at_end
            joined.growth.note_gone(lane.window.forget(lane.expiry_ms(labels_at_end=at_end)))
            lane.ledger.add(joined.growth)
            records += joined.records
            growth.add(joined.growth)
        self._commit(records, before)
        self._observer.note(LabelsJoined(growth, sum(lane.window.waiting for lane in self.lanes.values())))

    def _hold(self, labels: Polled) -> None:
        for batch in labels.batches:
            self.lanes[self._topics.events, batch.partition].hold(batch)
        for place, offset in labels.next_offsets.items():
            self.lanes[self._topics.events, place[1]].labels_next = offset

    def _commit(self, records: Sequence[Outgoing], before: Mapping[Place, Position | None]) -> None:
        now = {
            place: Position(lane.next_offset, lane.note(self._topic_id(place)).to_text())
            for place, lane in self.lanes.items()
        }
        changed = {place: position for place, position in now.items() if position != before[place]}
        if changed:
            apart = self._topics.labels != self._topics.events
            beside = {self._beside(place): self._labels_position(self.lanes[place]) for place in changed if apart}
            self._sink.commit(records, {**changed, **beside}, self._membership)
        for place, lane in self.lanes.items():
            lane.committed = now[place]

    def _labels_position(self, lane: Lane) -> Position:
        """Return how far the labels are joined, for the eyes of people and their tools: the lane's note has it, too."""
        return Position(lane.joined_to, PlaceNote(topic_id=lane.labels_topic_id).to_text())

    def _mark(self) -> None:
        """Note where the labelled topic ends, now and then, before anything behind this is labelled."""
        due = [place for place, lane in self.lanes.items() if lane.next_offset - lane.marks[-1][0] >= _MARK_EVERY]
        labelled = {place: (self._topics.labelled, place[1]) for place in due}
        ends = self._archive.ends(list(labelled.values())) if due else {}
        for place, written in labelled.items():
            lane = self.lanes[place]
            lane.marks.append((lane.next_offset, ends[written]))

    def _beside(self, place: Place) -> Place:
        """Return the partition of the labels that belongs to one of the events."""
        return self._topics.labels, place[1]

    def _topic_id(self, place: Place) -> str:
        return self._events.topic_ids().get(place[0], "")
