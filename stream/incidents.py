"""The life of an incident: opened, changed, resolved; one open incident per monitor and segment at most."""

from dataclasses import dataclass, field
from typing import Literal

from stream.ids import digest
from stream.persistence import COMPANION, Carried, Vote, Votes
from stream.policy import SEVERITIES

Change = Literal["drift.opened", "drift.changed", "drift.resolved"]


@dataclass(slots=True)
class Incident:
    """An open incident: who is in it since when, and what was last said about it."""

    id: str
    opened_ms: int
    # Start of the window where each feature's drift began; those that left keep theirs, for the last event.
    since_ms: dict[str, int] = field(default_factory=dict)
    # End of the tick at which each present member joined: the core, and companions that are listed beside it.
    joined_ms: dict[str, int] = field(default_factory=dict)
    # Members whose drift is proven and has lasted; without one of them the incident is over.
    core: set[str] = field(default_factory=set)
    announced: frozenset[str] = frozenset()
    worst_severity: str = SEVERITIES[0]
    announced_ms: int = 0
    # Members that what training never had has proved to drift: while a trace of it is left, they are not clean.
    novel: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Transition:
    """What a tick did to the incident: the event to send and the features it speaks of."""

    change: Change
    incident: Incident
    features: frozenset[str]


@dataclass(slots=True)
class Incidents:
    """Decides transitions from votes; deterministic, and small enough to be written with every tick.

    ``identity`` (monitor, segment, baseline) makes ids: the same inputs give the same id.
    """

    identity: tuple[str, ...]
    window_ms: int
    votes: Votes
    open: Incident | None = None

    def carried(self) -> Carried:
        """Return the features of which a trace of what training never had will agree with drift at the next tick."""
        return Carried(self.votes.novel(ticks_ahead=1), self.open.novel if self.open else frozenset())

    def tick(self, vote: Vote) -> Transition | None:
        """Take one tick's vote; return the transition it makes, if any, before severities are known."""
        self.votes.add(vote)
        if self.open is None:
            return self._try_open(vote)
        self._update_members(self.open, vote)
        if self.open.core:
            return None
        incident, self.open = self.open, None
        return Transition("drift.resolved", incident, incident.announced)

    def announce(self, vote: Vote, severity: str) -> Transition | None:
        """Return the change to tell of an open incident, at most one per window: another core, or a worse severity.

        Companions come and go with the mood of a sample, and a severity at its border falls and rises again: neither
        is news. The end of it all is told when it has come.
        """
        incident = self.open
        if incident is None or not incident.core & vote.levels.keys():
            # Nothing drifts in this window: either all is over soon, or it is too early to say.
            return None
        worse = SEVERITIES.index(severity) > SEVERITIES.index(incident.worst_severity)
        news = worse or incident.core != incident.announced
        if not news or vote.end_ms - incident.announced_ms < self.window_ms:
            return None
        self.said(incident, vote, severity)
        return Transition("drift.changed", incident, frozenset(incident.joined_ms) & frozenset(vote.levels))

    def said(self, incident: Incident, vote: Vote, severity: str) -> None:
        """Remember what was announced at this tick."""
        incident.announced = frozenset(incident.core)
        incident.worst_severity = max(incident.worst_severity, severity, key=SEVERITIES.index)
        incident.announced_ms = vote.end_ms

    def _try_open(self, vote: Vote) -> Transition | None:
        core = {name for name in vote.levels if self.votes.proven(name)}
        if not core:
            return None
        incident = Incident(digest("incident", *self.identity, str(vote.end_ms)), vote.end_ms)
        for name in sorted(name for name, level in vote.levels.items() if name in core or level >= COMPANION):
            self._join(incident, name, vote)
        incident.core = core
        self._mark_novel(incident)
        self.open = incident
        return Transition("drift.opened", incident, frozenset(incident.joined_ms))

    def _update_members(self, incident: Incident, vote: Vote) -> None:
        for name in sorted(vote.levels.keys() - incident.joined_ms.keys()):
            if self.votes.lasting(name, COMPANION) or self.votes.proven(name):
                self._join(incident, name, vote)
        for name, joined_ms in list(incident.joined_ms.items()):
            if self.votes.proven(name):
                incident.core.add(name)
            if self.votes.gone(name, joined_ms):
                del incident.joined_ms[name]
                incident.core.discard(name)
                self.votes.spend(name)
        self._mark_novel(incident)

    def _mark_novel(self, incident: Incident) -> None:
        incident.novel = (incident.novel | self.votes.novel()) & incident.joined_ms.keys()

    def _join(self, incident: Incident, name: str, vote: Vote) -> None:
        incident.since_ms[name] = self.votes.began_ms(name)
        incident.joined_ms[name] = vote.end_ms
