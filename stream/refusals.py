"""Events that are refused: when their share among those that are read is worth saying, and what it looks like.

Where all events are refused no event time passes and no window ends, so this goes by the log: a function of the
ledgers that it is shown, with the times of their records, in their order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from stream.drift_event import DriftEvent, Identity, TestedWindow, health_event
from stream.ledger import Ledger

REJECTING, SCHEMA_CHANGED = "rejecting", "schema_changed"
# So large a share of the events is worth saying.
_FLOOR = 0.1
# A stretch lasts this long by the log, and longer until it has events enough.
_STRETCH_MS = 60_000
_MOST_REASONS = 3
# No event, and no fault: how a compacted topic says that a key is gone.
_NO_EVENTS = frozenset({"tombstone"})
# Events that are whole, and made otherwise than they were; other reasons speak of damage.
SHAPE_REASONS = frozenset({
    "no_features", "no_timestamp", "bad_timestamp", "no_rows", "wrong_length", "wrong_shape", "wrong_format",
    "unknown_names", "not_an_object", "no_data", "bad_change", "unknown_schema", "bad_schema", "missing_extra",
})  # fmt: skip
_ADVICE = {
    REJECTING: "The rejects topic has each of these events, with its reason and its offset.",
    SCHEMA_CHANGED: "Ask who writes these events: they are made otherwise than before. The rejects topic has them.",
}


@dataclass(slots=True)
class RefusalState:
    """What must outlive the process: the present stretch, the votes of those before it, and what is told.

    ``since_ms`` and ``log_ms`` are log times, None where the log has none. ``well`` says that events were read once.
    """

    read: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    since_ms: int | None = None
    log_ms: int | None = None
    votes: list[bool] = field(default_factory=list)
    well: bool = False
    # Reason and beginning of what was told and lasts.
    told: tuple[str, int] | None = None
    # All that was ever read: it tells beginnings apart where the log has no times.
    total: int = 0


@dataclass(slots=True)
class Refusals:
    """Counts what is read and refused; ``persist`` (needed, of) stretches must agree before anything is said."""

    min_samples: int = 100
    persist: tuple[int, int] = (2, 3)
    state: RefusalState = field(default_factory=RefusalState)

    def take(self, growth: Ledger, examples: Mapping[str, str], log_ms: int | None) -> None:
        """Take what a ledger grew by; ``examples`` say of some reasons where such an event is, and what is wrong."""
        state = self.state
        rejected = {reason: events for reason, events in growth.rejected.items() if reason not in _NO_EVENTS}
        state.read += growth.read - (growth.rejected.total() - sum(rejected.values()))
        state.rejected = dict(Counter(state.rejected) + Counter(rejected))
        state.examples = {**examples, **state.examples}
        if log_ms is not None:
            state.log_ms = log_ms if state.log_ms is None else max(state.log_ms, log_ms)
            state.since_ms = state.log_ms if state.since_ms is None else state.since_ms

    def said(self, identity: Identity) -> Iterator[DriftEvent]:
        """Judge the stretch if it is long enough; yield what began or ended with it."""
        state = self.state
        lasted_ms = _STRETCH_MS if state.log_ms is None else state.log_ms - (state.since_ms or 0)
        if state.read < max(1, self.min_samples) or lasted_ms < _STRETCH_MS:
            return
        state.total += state.read
        is_bad = sum(state.rejected.values()) >= _FLOOR * state.read
        needed, of = self.persist
        state.votes = [*state.votes, is_bad][-of:]
        if state.told is None and sum(state.votes) >= needed:
            began = state.total if state.log_ms is None else state.log_ms
            state.told = (self._reason(), began)
            yield self._event(identity, "begun", _begun_sentence(state))
        elif state.told is not None and len(state.votes) - sum(state.votes) >= needed:
            yield self._event(identity, "ended", f"Events are read again: {_share(state)} are refused.")
            state.told = None
        state.well = state.well or not is_bad
        state.read, state.rejected, state.examples, state.since_ms = 0, {}, {}, state.log_ms

    def _reason(self) -> str:
        rejected = self.state.rejected
        of_shape = sum(events for reason, events in rejected.items() if reason in SHAPE_REASONS)
        return SCHEMA_CHANGED if self.state.well and 2 * of_shape >= sum(rejected.values()) else REJECTING

    def _event(self, identity: Identity, what: str, sentence: str) -> DriftEvent:
        state, (reason, began) = self.state, self.state.told or ("", 0)
        window = TestedWindow(state.since_ms or 0, state.log_ms or 0, state.read)
        event = health_event(identity, window, reason, what, sentence, began)
        return replace(event, advice=_ADVICE[reason] if what == "begun" else "")


def _begun_sentence(state: RefusalState) -> str:
    found = sorted(state.rejected.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [_reason_words(reason, events, state.examples.get(reason)) for reason, events in found[:_MOST_REASONS]]
    more = len(found) - _MOST_REASONS
    return f"{_share(state)} are refused: {'; '.join(told)}{f'; {more} more reasons' if more > 0 else ''}."


def _reason_words(reason: str, events: int, example: str | None) -> str:
    return f"{events:,} {reason}" + (f" (for example {example})" if example else "")


def _share(state: RefusalState) -> str:
    rejected = sum(state.rejected.values())
    return f"{rejected:,} of {state.read:,} events ({100 * rejected / state.read:.3g} %)"
