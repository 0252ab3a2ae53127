"""Persistence: drift must show in several ticks before it opens, and be gone in several before it resolves.

Windows that overlap share their traffic and agree for free. So ticks are asked for on disjoint stretches: with windows
of k panes, "2 of 3" looks at the last 2k + 1 ticks, and wants two of them whose windows do not overlap. For k = 1 that
is two of the last three.

The budget is kept by one of these ticks, which passes the level of the whole family; the others only have to agree.
Where what proves drift is that there is something training never had, a trace of it in another tick agrees.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

# What a tick said of a feature: nothing; enough to agree with a tick that proves it; enough to be listed in an open
# incident; enough to prove drift before the tick's whole family; the same, by what training never had. Memories are
# written with these numbers.
CLEAN, AGREEING, COMPANION, OPENING, NOVEL = range(5)


@dataclass(frozen=True, slots=True)
class Vote:
    """What one tick said: its window, and a level above CLEAN per feature that has one.

    ``untested`` features had too few samples: they say nothing, neither drift nor its end. ``began_ms`` is where a slow
    change began, of the features in which one is seen; other drift begins with its window. ``traces`` are features
    without a level that show a trace of what training never had, each with its p-value over the largest that is one; it
    agrees with a proof that they do, and no other.
    """

    start_ms: int
    end_ms: int
    levels: dict[str, int]
    untested: frozenset[str] = frozenset()
    began_ms: dict[str, int] = field(default_factory=dict)
    traces: dict[str, float] = field(default_factory=dict)

    def level(self, feature: str) -> int | None:
        """Return the feature's level; None when too few of its values came to say that it is clean."""
        return self.levels.get(feature, None if feature in self.untested else CLEAN)


@dataclass(frozen=True, slots=True)
class Carried:
    """Features of which a trace of what training never had agrees: it is ``proved`` near, or has opened an incident.

    Of many features one shows a trace by chance: those that are proved share what is allowed. In the incident each
    stands for itself, and a trace may be less: it is ``lingering``.
    """

    proved: frozenset[str] = frozenset()
    lingering: frozenset[str] = frozenset()

    def allows(self, feature: str) -> float:
        """Return which part of the largest p-value of a trace agrees, 0 for none."""
        if feature in self.lingering:
            return 1.0
        return 1.0 / len(self.proved) if feature in self.proved else 0.0


@dataclass(slots=True)
class Votes:
    """The last ticks' votes, oldest first, as many as persistence looks back on."""

    needed: int
    of: int
    panes_per_window: int
    recent: list[Vote] = field(default_factory=list)

    def add(self, vote: Vote) -> None:
        """Add the newest tick, forget what is out of reach, and let earlier traces agree with what it proves."""
        self.recent.append(vote)
        del self.recent[: -self._before - 1]
        carried = Carried(self.novel())
        for feature, level in vote.levels.items():
            if level == NOVEL:
                self._heed_traces(feature, carried.allows(feature))

    def agree(self, says: Callable[[Vote], bool], since_ms: int | None = None) -> bool:
        """Tell whether enough ticks on disjoint windows say so, among those that end after ``since_ms``."""
        found, earliest = 0, None
        for vote in reversed(self.recent):
            if since_ms is not None and vote.end_ms <= since_ms:
                break
            if says(vote) and (earliest is None or vote.end_ms <= earliest):
                found, earliest = found + 1, vote.start_ms
        return found >= self.needed

    def lasting(self, feature: str, level: int) -> bool:
        """Tell whether the feature has shown this level or more for long enough."""
        return self.agree(lambda vote: (vote.level(feature) or CLEAN) >= level)

    def novel(self, ticks_ahead: int = 0) -> frozenset[str]:
        """Return the features that training never had the like of, as far as is in reach so many ticks from now."""
        near = self.recent[max(len(self.recent) + ticks_ahead - self._before - 1, 0) :]
        return frozenset(feature for vote in near for feature, level in vote.levels.items() if level == NOVEL)

    def proven(self, feature: str) -> bool:
        """Tell whether ticks enough agree on the feature's drift, and one within reach of them has proved it."""
        return self.lasting(feature, AGREEING) and any(_proves(vote, feature) for vote in self.recent)

    def spend(self, feature: str) -> None:
        """Let earlier ticks' proof of the feature count as no more than agreement: it has carried an incident."""
        for place, vote in enumerate(self.recent[:-1]):
            if _proves(vote, feature):
                self.recent[place] = replace(vote, levels={**vote.levels, feature: AGREEING})

    def gone(self, feature: str, since_ms: int) -> bool:
        """Tell whether the feature has been clean for long enough since it joined."""
        return self.agree(lambda vote: vote.level(feature) == CLEAN, since_ms)

    def began_ms(self, feature: str) -> int:
        """Return where the feature's drift began, as far as the remembered windows in which it drifted know."""
        starts = [vote.began_ms.get(feature, vote.start_ms) for vote in self.recent if vote.level(feature)]
        return min(starts, default=self.recent[-1].start_ms)

    @property
    def _before(self) -> int:
        """How many ticks before the newest are looked back on."""
        return (self.of - 1) * self.panes_per_window

    def _heed_traces(self, feature: str, allowed: float) -> None:
        for place, vote in enumerate(self.recent):
            if vote.traces.get(feature, 2.0) <= allowed:
                others = {name: part for name, part in vote.traces.items() if name != feature}
                self.recent[place] = replace(vote, levels={**vote.levels, feature: AGREEING}, traces=others)


def _proves(vote: Vote, feature: str) -> bool:
    return vote.levels.get(feature, CLEAN) >= OPENING
