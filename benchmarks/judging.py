"""CPU of one judge tick over 1,000 numeric features: every effect, and every p-value that a decision needs."""

from baselines import Layout
from benchmarks import tick
from benchmarks.turns import Result, cpu_seconds
from stream.checks import measure
from stream.decision import Decision, decide, tick_level
from stream.policy import Policy
from stream.sample import Sample

FEATURES, KEPT, ROWS, EVERY_MS, GOAL_MS = 1_000, 1_000, 10_000, 3_600_000, 50


def judging(drifting: int, turns: int) -> Result:
    """Test a window of 10,000 rows in which the first ``drifting`` features have moved by 0.4 standard deviations."""
    layout, policy = Layout(tick.baseline(FEATURES, KEPT)), Policy()
    reference, counts = Sample.of_baseline(layout), tick.counts(layout, ROWS, drifting)

    def judge() -> Decision:
        measured = measure(reference, Sample.of_counts(layout, counts), policy)
        return decide(measured, policy, tick_level(policy, EVERY_MS))

    found = len(judge().drifting())
    spent = sorted(cpu_seconds({"judge": judge}, turns)["judge"])
    return Result(
        f"testing {FEATURES:,} features in one tick, {drifting} of them drifting",
        1e3 * spent[len(spent) // 2],
        GOAL_MS,
        "ms",
        f"absolute, median of {turns}; {found} found",
    )
