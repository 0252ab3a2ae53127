"""The sentences of the demo, as plain text: the same for a terminal and for a pipe."""

from collections.abc import Iterator

from consumers.demo.progress import EVERY_MS, WINDOWS, Progress
from consumers.demo.traffic import CHANGE_MS, CHANGED_MOBILE_SHARE, EXTRA_YEARS, MOBILE_SHARE, RETURN_MS, SHIFTED
from consumers.demo.verdict import Verdict

CHANGED = (
    f"the traffic changes: users {EXTRA_YEARS} years older, "
    f"mobile {MOBILE_SHARE * 100:.0f} % -> {CHANGED_MOBILE_SHARE * 100:.0f} % of devices"
)
RETURNED = "the traffic is as before again"


def clock(time_ms: int) -> str:
    """Return a time of the day.

    >>> clock(34_260_000)
    '09:31'
    """
    minutes = time_ms // 60_000
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def state(progress: Progress) -> str:
    """Return what driftline says at this moment."""
    if not progress.tested_to_ms:
        return "no window is complete yet"
    if progress.drifting:
        return f"drift: {', '.join(progress.drifting)}"
    return "no drift"


def ledger(progress: Progress) -> str:
    """Return where the events have gone; counted is as of the last window tested."""
    known = progress.ledger
    rejected = sum(known.get("rejected", {}).values())
    return (
        f"{progress.sent:,} sent, {known.get('counted', 0):,} counted, "
        f"{known.get('late', 0):,} late, {rejected:,} rejected"
    )


def summary(outcome: Verdict, progress: Progress, features: int) -> Iterator[str]:
    """Yield what happened, a line each."""
    named = " and ".join(SHIFTED)
    yield f"{clock(CHANGE_MS)}  the traffic changed"
    if outcome.found_after_min is not None:
        found = clock(CHANGE_MS + outcome.found_after_min * 60_000)
        yield f"{found}  found, {outcome.found_after_min} minutes later{_why(outcome.found_after_min)}"
    yield f"{clock(RETURN_MS)}  the traffic came back"
    if outcome.resolved_after_min is not None:
        over = clock(RETURN_MS + outcome.resolved_after_min * 60_000)
        yield f"{over}  resolved, {outcome.resolved_after_min} minutes later"
    if not outcome.complaints:
        yield f"{WINDOWS} windows tested: {named} named, no other of {features} features."
    yield f"{ledger(progress)}."


def own_topic() -> Iterator[str]:
    """Yield how to go on with one's own data, a line each."""
    yield "driftline fit train.csv --out baseline.json"
    yield "driftline init TOPIC --bootstrap-servers HOST:9092 --baseline baseline.json"
    yield "driftline check"
    yield "driftline run"


def _why(minutes: int) -> str:
    asked = 2 * EVERY_MS // 60_000
    return f": two {asked // 2}-minute windows had to agree" if minutes == asked else ""
