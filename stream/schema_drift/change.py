"""A change of how events are made, and the votes of stretches of traffic on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

# A field that is there or gone, a value of another kind, another stated rate, another number of events.
Sort: TypeAlias = Literal["appeared", "vanished", "retyped", "rate", "volume"]
# Which changes a stretch was asked about.
Group: TypeAlias = Literal["features", "fields", "volume"]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs: the field (or ``""``), what was there ``before`` and ``after``, and the ``share`` of such events.

    ``feature`` tells whether the baseline has it. Of "volume", before and after are events of a stretch of time.
    """

    sort: Sort
    name: str
    before: str
    after: str
    share: float
    feature: bool = False

    @property
    def key(self) -> str:
        """What this is a vote on; the details may vary from stretch to stretch."""
        return f"{'feature' if self.feature else 'field'} {self.sort} {self.name}"


@dataclass(slots=True)
class Ballot:
    """The votes on one change: of the latest stretches, the latest last; ``open`` once it was told."""

    group: Group
    change: Change
    votes: list[bool] = field(default_factory=list)
    open: bool = False
    # How many stretches it has stood since it was opened, and when that was (event time, UTC ms).
    stood: int = 0
    since_ms: int = 0


def vote(
    ballots: dict[str, Ballot], group: Group, found: Mapping[str, Change], persist: tuple[int, int], now_ms: int
) -> tuple[list[Change], list[Change]]:
    """Let a stretch vote for what was found in it, and against all else of its group; return what begins and ends.

    ``persist`` (needed, of): so many of the latest stretches must agree that it is so, or that it is no more.
    """
    needed, of = persist
    begun: list[Change] = []
    ended: list[Change] = []
    for key, change in found.items():
        ballots.setdefault(key, Ballot(group, change)).change = change
    for key, ballot in [(key, one) for key, one in ballots.items() if one.group == group]:
        ballot.votes = [*ballot.votes, key in found][-of:]
        ballot.stood += ballot.open
        if not ballot.open and sum(ballot.votes) >= needed:
            ballot.open, ballot.since_ms = True, now_ms
            begun.append(ballot.change)
        elif ballot.open and len(ballot.votes) - sum(ballot.votes) >= needed:
            ended.append(ballot.change)
            del ballots[key]
        elif not ballot.open and not any(ballot.votes):
            del ballots[key]
    return begun, ended
