"""Which labels meet which predictions does not depend on how the two topics are read, or by whom."""

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumers.memory_log import Crash, Fault
from consumers.source import LogUnavailable
from tests.joining import EARLY_MS, HOUR_MS, JoinStage, drain

if TYPE_CHECKING:
    from consumers.joiner import Joiner

# A prediction every minute; its label, where it has one, so long after it (ms), and how often.
DELAYS = st.integers(-EARLY_MS + 1, 3 * HOUR_MS // 4)
PAIRS = st.lists(st.tuples(st.none() | DELAYS, st.integers(1, 2)), min_size=1, max_size=40)
FAULTS: list[Fault] = ["refused", "rebalanced", "answer_lost", "crash_before", "crash_after"]
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["step"] * 6 + ["join", "leave", "die", "rebalance", "fail"]),
        st.integers(0, 4),
        st.integers(1, 9),
        st.integers(1, 9),
    ),
    max_size=25,
)


def feed(stage: JoinStage, pairs: list[tuple[int | None, int]]) -> list[str]:
    """Put predictions and labels on their topics in the order of their times; return the ids that have labels."""
    labels = []
    for number, (delay_ms, times) in enumerate(pairs):
        at_ms = EARLY_MS + number * 60_000
        stage.predict(number, at_ms, partition=number % 2)
        if delay_ms is not None:
            labels += [(at_ms + delay_ms + again * EARLY_MS, number) for again in range(times)]
    for at_ms, number in sorted(labels):
        stage.label(number, at_ms, value=float(at_ms), partition=number % 2)
    return sorted(str(number) for number, (delay_ms, _) in enumerate(pairs) if delay_ms is not None)


class Crowd:
    """Joiners that come and go, and the zombies that do not know that they are dead."""

    def __init__(self, stage: JoinStage) -> None:
        self.stage = stage
        self.joiners: list[Joiner] = [stage.joiner(most_events=3, most_labels=5)]

    def do(self, action: str, who: int, most_events: int, most_labels: int) -> None:
        """Let one thing happen; ``who`` chooses among the joiners."""
        chosen = who % len(self.joiners)
        if action == "step":
            self.step(chosen)
        elif action == "join":
            self.joiners.append(self.stage.joiner(most_events=most_events, most_labels=most_labels))
        elif action == "rebalance":
            self.stage.log.rebalance("joiners")
        elif action == "fail":
            self.stage.log.fail_next(FAULTS[who])
        elif len(self.joiners) > 1:
            gone = self.joiners.pop(chosen)
            if action == "leave":
                gone.close()
            else:
                self.stage.log.expel_all("joiners")

    def step(self, chosen: int) -> None:
        """Step one of them; who crashes is replaced."""
        try:
            self.joiners[chosen].step(0.0)
        except LogUnavailable:
            return
        except Crash:
            self.stage.log.expel_all("joiners")
            self.joiners[chosen] = self.stage.joiner(most_events=2, most_labels=2)


def outcome(stage: JoinStage) -> tuple[list[Any], dict[str, Any]]:
    """Return what was labelled with what, and where everything has gone."""
    told = stage.ledger().to_dict()
    return sorted((found["id"], found["label_ts"]) for found in stage.labelled()), told


@given(pairs=PAIRS, most_events=st.integers(1, 50), most_labels=st.integers(1, 50))
@settings(deadline=None, max_examples=60)
def test_how_fast_each_topic_is_read_changes_nothing(
    pairs: list[tuple[int | None, int]], most_events: int, most_labels: int
) -> None:
    """The labelled events are those with a label, each with its first, and the ledger is the same."""
    stage, other = JoinStage(), JoinStage()
    expected = feed(stage, pairs)
    feed(other, pairs)
    drain(stage.joiner(most_events=most_events, most_labels=most_labels))
    drain(other.joiner())
    assert stage.ids() == expected
    assert outcome(stage) == outcome(other)


@given(pairs=PAIRS, actions=ACTIONS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_whoever_joins_and_however_they_end_the_pairs_are_the_same(
    pairs: list[tuple[int | None, int]], actions: list[tuple[str, int, int, int]]
) -> None:
    """Shared, handed over, crashed, fenced: every label meets its prediction once, and everything adds up."""
    stage, undisturbed = JoinStage(), JoinStage()
    feed(stage, pairs)
    feed(undisturbed, pairs)
    drain(undisturbed.joiner())
    crowd = Crowd(stage)
    for action in actions:
        crowd.do(*action)
    stage.log.expel_all("joiners")
    last = stage.joiner(most_events=4, most_labels=4)
    for _ in range(10):
        try:
            drain(last)
            break
        except LogUnavailable:
            continue
        except Crash:
            stage.log.expel_all("joiners")
            last = stage.joiner()
    assert outcome(stage) == outcome(undisturbed)
    assert stage.ledger().balanced()
