"""The watch over how events are made: sealed panes go in, of all segments together, and what began and ended comes out.

A pane alone may be too small for a verdict, so panes are added up into stretches: of rows for features, of looks for
other fields. A function of the panes and boundaries it is given, in their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from baselines import Layout
from stream.drift_event import DriftEvent, Identity, TestedWindow, iso
from stream.looks import Looks
from stream.panes import Pane
from stream.policy import Policy
from stream.schedule import DAY_MS, Schedule
from stream.schema_drift.change import Ballot, Change, Group, vote
from stream.schema_drift.features import FeatureRules, FeatureTally
from stream.schema_drift.fields import LOOKS_TO_JUDGE, LOOKS_TO_LEARN, FieldRules
from stream.schema_drift.state import Incident, SchemaState
from stream.schema_drift.volume import VolumeRules
from stream.schema_drift.words import SAMPLING_CHANGED, SCHEMA_CHANGED, begun_event, change_sentence, ended_event

# A field that nobody reads, and another number of events, are the new usual after so long, and so many stretches.
_STANDS_MS, _STANDS_STRETCHES = DAY_MS, 24


@dataclass(slots=True)
class _News:
    begun: list[Change] = field(default_factory=list)
    # With whether it stands, and is the usual now.
    ended: list[tuple[Change, bool]] = field(default_factory=list)


class SchemaWatch:
    """Watches one stream; ``state`` is all that it knows."""

    def __init__(self, layout: Layout, schedule: Schedule, policy: Policy) -> None:
        numeric, categorical = (
            [one.name for one in kind] for kind in (layout.baseline.numeric, layout.baseline.categorical)
        )
        self._policy, self._importance = policy, layout.baseline.importance
        self._features = FeatureRules(layout)
        self._fields = FieldRules(numeric, categorical, policy.schema_ignored)
        self._volume = VolumeRules(schedule, policy.min_samples)
        self.state = SchemaState()

    def seal(self, panes: Iterable[Pane]) -> None:
        """Add sealed panes, of all segments."""
        for pane in panes if self._policy.schema_changes else ():
            self._features.add(self.state.features, pane)
            self.state.looks.add(pane.looks)
            self._volume.add(self.state.volumes, pane.start_ms, pane.counts.rows)

    def tick(self, identity: Identity, window: TestedWindow) -> list[DriftEvent]:
        """Judge what is enough for it at the boundary where this window ends; return what is to be said."""
        news = _News()
        if not self._policy.schema_changes:
            return []
        self._judge_features(news, window.end_ms)
        self._judge_fields(news, window.end_ms)
        for end_ms, jumps in self._volume.completed(self.state.volumes, window.end_ms):
            self._vote(news, "volume", jumps, end_ms)
        return [*self._ended(news, identity, window), *self._begun(news, identity, window)]

    def told(self) -> list[dict[str, str]]:
        """Return the changes that last, for JSON: since when, under which reason, and what it is in words."""
        return [
            {"since": iso(incident.began_ms), "reason": incident.reason, "change": change_sentence(change)}
            for incident in self.state.incidents
            for change in incident.changes
            if change.key in incident.keys
        ]

    def _judge_features(self, news: _News, now_ms: int) -> None:
        state = self.state
        if state.features.rows >= self._policy.min_samples:
            self._vote(news, "features", self._features.found(state.features), now_ms)
            state.features = FeatureTally()

    def _judge_fields(self, news: _News, now_ms: int) -> None:
        state, looks = self.state, self.state.looks
        if not state.habits.learned:
            if looks.n >= LOOKS_TO_LEARN:
                # Of events whose keys are identifiers there is nothing to be learned.
                if not looks.is_full:
                    self._fields.learn(state.habits, looks)
                state.looks = Looks()
        elif looks.n >= LOOKS_TO_JUDGE:
            gone = self._vote(news, "fields", self._fields.found(state.habits, looks), now_ms)
            waiting = {one.change.name for one in state.ballots.values() if one.group == "fields"}
            self._fields.settle(state.habits, looks, waiting)
            stand = self._settled(now_ms)
            news.ended += [(change, True) for change in stand]
            for change in (*gone, *stand):
                self._fields.accept(state.habits, change, gone=change in gone)
            state.looks = Looks()

    def _settled(self, now_ms: int) -> list[Change]:
        """Return the changes of fields that have stood for long enough to be usual; forget their votes."""
        old = [key for key, ballot in self.state.ballots.items() if _stands(ballot, now_ms)]
        return [self.state.ballots.pop(key).change for key in old]

    def _vote(self, news: _News, group: Group, found: Iterable[Change], now_ms: int) -> list[Change]:
        """Let a stretch vote; return what has ended."""
        by_key = {change.key: change for change in found}
        begun, ended = vote(self.state.ballots, group, by_key, self._policy.persist, now_ms)
        news.begun += begun
        news.ended += [(change, False) for change in ended]
        return ended

    def _begun(self, news: _News, identity: Identity, window: TestedWindow) -> Iterable[DriftEvent]:
        for reason in (SCHEMA_CHANGED, SAMPLING_CHANGED):
            changes = [change for change in news.begun if _reason(change) == reason]
            if changes:
                keys = [change.key for change in changes]
                self.state.incidents.append(Incident(window.end_ms, reason, keys, changes))
                yield begun_event(identity, window, self.state.incidents[-1], self._severity(changes))

    def _ended(self, news: _News, identity: Identity, window: TestedWindow) -> Iterable[DriftEvent]:
        over = {change.key: stands for change, stands in news.ended}
        for incident in list(self.state.incidents):
            if not over.keys() & set(incident.keys):
                continue
            incident.keys = [key for key in incident.keys if key not in over]
            if not incident.keys:
                self.state.incidents.remove(incident)
                stood = [change for change in incident.changes if over.get(change.key)]
                yield ended_event(identity, window, incident, stood)

    def _severity(self, changes: Iterable[Change]) -> str:
        """Return how bad the worst of these is: of features as their importance says, of others not very."""
        impact = max((self._importance[one.name] for one in changes if one.feature), default=None)
        if impact is None:
            return "warning" if any(one.sort == "rate" for one in changes) else "info"
        return "critical" if impact >= self._policy.severity_critical else "warning"


def _reason(change: Change) -> str:
    return SAMPLING_CHANGED if change.sort in ("rate", "volume") else SCHEMA_CHANGED


def _stands(ballot: Ballot, now_ms: int) -> bool:
    is_told = ballot.open and ballot.group == "fields" and not ballot.change.feature
    return is_told and ballot.stood >= _STANDS_STRETCHES and now_ms - ballot.since_ms >= _STANDS_MS
