"""A log in memory, behind the same seams as Kafka: topics, groups, positions with notes, commits of all or nothing.

For tests of whatever stands on `Source` and `Sink`, ours and other people's: one thread, no broker, no waiting, and
failures on demand. It keeps the promises that the loops rely on, and no others: what is not committed is never seen,
and a commit in the name of an older membership is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from zlib import crc32

from consumers.raw import Headers
from consumers.sink import Outgoing
from consumers.source import LogUnavailable, Place, Position

# What may befall a commit: refused, with nothing written; partitions taken away just before it, so that it is refused;
# written whole, but the answer lost on the way; the process gone, just before it or just after.
Fault: TypeAlias = Literal["refused", "rebalanced", "answer_lost", "crash_before", "crash_after"]


class Crash(BaseException):
    """Stands for the end of the process: nobody may catch it but the test that asked for it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A committed record; ``timestamp_ms`` None where the writer gave none."""

    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """Who polled, in which group, and in which generation of it."""

    group: str
    generation: int
    member: int


@dataclass(slots=True)
class _Group:
    topic: str
    generation: int = 0
    joined: int = 0
    members: list[int] = field(default_factory=list)
    positions: dict[Place, Position] = field(default_factory=dict)

    def join(self) -> int:
        self.joined += 1
        self.members.append(self.joined)
        self.generation += 1
        return self.joined

    def leave(self, member: int) -> None:
        if member in self.members:
            self.members.remove(member)
            self.generation += 1


class MemoryLog:
    """Topics by name with their numbers of partitions; ``MemorySource`` and ``MemorySink`` read and write it."""

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self._topics: dict[str, list[list[Record]]] = {
            topic: [[] for _ in range(count)] for topic, count in partitions.items()
        }
        self._groups: dict[str, _Group] = {}
        self._lives: dict[str, int] = dict.fromkeys(partitions, 1)
        self._faults: dict[int, Fault] = {}
        self._before_commit: Callable[[], None] | None = None
        self.commits = 0
        # The timestamp of what is committed from now on (UTC ms), as a broker's clock would give it; None for none.
        self.now_ms: int | None = None

    def append(
        self,
        topic: str,
        value: bytes | None,
        *,
        partition: int = 0,
        timestamp_ms: int | None = None,
        headers: Headers = (),
        key: bytes | None = None,
    ) -> None:
        """Add a record as another program would."""
        self._topics[topic][partition].append(Record(key, value, timestamp_ms, tuple(headers)))

    def records(self, topic: str, partition: int = 0) -> Sequence[Record]:
        """Return what is committed to a partition; a record's place is its offset."""
        return tuple(self._topics[topic][partition])

    def pairs(self, topic: str, partition: int = 0) -> Iterator[tuple[bytes, bytes | None]]:
        """Return keys and values of a partition, as a judge reads its panes back."""
        return ((record.key or b"", record.value) for record in self.records(topic, partition))

    def recreate(self, topic: str) -> None:
        """Delete a topic and create it again, empty; groups keep their positions, as they may in Kafka."""
        self._topics[topic] = [[] for _ in self._topics[topic]]
        self._lives[topic] += 1

    def truncate(self, topic: str, end: int, partition: int = 0) -> None:
        """Take away what lies at ``end`` and behind, as an unclean election does; groups keep their positions."""
        del self._topics[topic][partition][end:]

    def add_partitions(self, topic: str, count: int) -> None:
        """Add empty partitions until there are this many."""
        self._topics[topic] += [[] for _ in range(count - len(self._topics[topic]))]

    def move(self, group: str, place: Place, offset: int) -> None:
        """Let a group stand elsewhere, as a person with a tool does."""
        self._groups[group].positions[place] = Position(offset)

    def forget_positions(self, group: str) -> None:
        """Forget what a group has committed, as Kafka does with a group that was empty for a week."""
        self._groups[group].positions.clear()

    def topic_id(self, topic: str) -> str:
        """Return which topic the name stands for now."""
        return f"{topic}#{self._lives[topic]}"

    def partition_count(self, topic: str) -> int:
        """Return how many partitions a topic has."""
        return len(self._topics[topic])

    def committed(self, group: str) -> Mapping[Place, Position]:
        """Return a group's positions."""
        return dict(self._groups[group].positions)

    def fail_next(self, fault: Fault, *, after: int = 0) -> None:
        """Let the next commit meet this fault, or, with ``after``, the one that many commits later."""
        self._faults[self.commits + after] = fault

    def before_commit(self, happens: Callable[[], None]) -> None:
        """Let something happen between the next commit's records being ready and their being written."""
        self._before_commit = happens

    def rebalance(self, group: str) -> None:
        """Begin a new generation of a group with the members it has: every one of them must look up its positions."""
        self._groups[group].generation += 1

    def expel_all(self, group: str) -> None:
        """Forget the members of a group, as a broker does with processes that it hears no more of."""
        for member in list(self._groups[group].members):
            self._groups[group].leave(member)

    def join(self, group: str, topic: str) -> Membership:
        """Add a member to a group that reads this topic. Called by `MemorySource`."""
        joined = self._groups.setdefault(group, _Group(topic))
        return Membership(group, joined.generation + 1, joined.join())

    def leave(self, membership: Membership) -> None:
        """Remove a member from its group. Called by `MemorySource`."""
        self._groups[membership.group].leave(membership.member)

    def membership(self, old: Membership) -> Membership:
        """Return what became of a membership: the present generation, or -1 for a member that was expelled."""
        group = self._groups[old.group]
        return Membership(old.group, group.generation if old.member in group.members else -1, old.member)

    def assignment(self, membership: Membership) -> list[Place]:
        """Return the member's partitions: every n-th of its group's topic, where the group has n members."""
        group = self._groups[membership.group]
        if membership.member not in group.members:
            return []
        mine = range(group.members.index(membership.member), self.partition_count(group.topic), len(group.members))
        return [(group.topic, partition) for partition in mine]

    def commit(self, records: Sequence[Outgoing], positions: Mapping[Place, Position], membership: object) -> None:
        """Append the records and move the positions, all or nothing. Called by `MemorySink`."""
        happens, self._before_commit = self._before_commit, None
        if happens is not None:
            happens()
        fault = self._faults.pop(self.commits, None)
        self.commits += 1
        if fault == "crash_before":
            raise Crash
        if fault == "refused":
            raise LogUnavailable("the log was asked to refuse this commit")
        group = self._group_of(positions, membership, rebalance=fault == "rebalanced")
        for record in records:
            self._write(record)
        if group is not None:
            group.positions.update(positions)
        if fault == "crash_after":
            raise Crash
        if fault == "answer_lost":
            raise LogUnavailable("the commit was done, but its answer was lost")

    def _group_of(self, positions: Mapping[Place, Position], membership: object, *, rebalance: bool) -> _Group | None:
        if not positions:
            return None
        if not isinstance(membership, Membership):
            raise LogUnavailable("positions cannot be committed without a membership")
        if rebalance:
            self.rebalance(membership.group)
        if membership.generation < 0 or self.membership(membership) != membership:
            raise LogUnavailable(f"the membership in {membership.group} is over")
        return self._groups[membership.group]

    def _write(self, outgoing: Outgoing) -> None:
        partitions = self._topics[outgoing.topic]
        number = crc32(outgoing.key or b"") % len(partitions) if outgoing.partition is None else outgoing.partition
        partitions[number].append(Record(outgoing.key, outgoing.value, self.now_ms, tuple(outgoing.headers)))
