"""Waits: measured in log time, told once when they are long, ended by patience."""

from stream.waiting import Waiting, WaitLimits
from stream.watermark import Watermark

A, B = ("events", 0), ("events", 1)
GRACE_MS, PATIENCE_MS = 256_000, 512_000
LIMITS = WaitLimits(GRACE_MS, PATIENCE_MS)


def seen(waiting, watermark, log_ms, **newest_ms):
    """Let counters say at this log time how far they are: a for the first partition, b for the second."""
    for place, name in ((A, "a"), (B, "b")):
        watermark.expect(place, log_ms)
        if name in newest_ms:
            watermark.observe(place, newest_ms[name], log_ms=log_ms)
    watermark.current_ms()
    waiting.look(watermark, log_ms)


def said(waiting, watermark, boundary_ms):
    """Return what began and what ended, in plain words."""
    changes = waiting.changes(watermark, boundary_ms)
    return [(change.reason, "begun" if change.begun else "ended", change.wait.places) for change in changes]


def test_a_boundary_waits_from_when_the_furthest_partition_has_passed_it():
    """Until the watermark passes it; what nobody has passed waits for nobody."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 1_000_000, a=10, b=10)
    assert waiting.waited_ms(60) == 0
    seen(waiting, watermark, 1_002_000, a=60)
    seen(waiting, watermark, 1_010_000, a=130)
    assert (waiting.since_ms(60), waiting.since_ms(61), waiting.since_ms(131)) == (1_002_000, 1_010_000, None)
    assert waiting.waited_ms(60) == 8_000
    seen(waiting, watermark, 1_020_000, b=60)
    assert (waiting.since_ms(60), waiting.since_ms(120)) == (1_010_000, 1_010_000)
    seen(waiting, watermark, 1_030_000, b=130)
    assert waiting.state.passed == []


def test_lateness_is_taken_off_before_a_boundary_is_passed():
    """The furthest partition has shown all its events of the boundary, as the watermark asks of every one."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=5)
    seen(waiting, watermark, 0, a=64, b=1)
    assert waiting.since_ms(60) is None
    seen(waiting, watermark, 1000, a=65)
    assert waiting.since_ms(60) is not None


def test_a_short_wait_is_not_told():
    """Up to the limit itself; a moment longer is."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 0, a=100, b=1)
    seen(waiting, watermark, GRACE_MS)
    assert said(waiting, watermark, 60) == []
    seen(waiting, watermark, GRACE_MS + 1)
    assert said(waiting, watermark, 60) == [("stalled", "begun", [B])]


def test_a_partition_that_stands_still_is_stalled_and_one_that_moves_is_lagging():
    """Told once each; it is stalled again no more when it moves, and nothing is said of who is in time."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 0, a=1000, b=1)
    seen(waiting, watermark, GRACE_MS + 1)
    assert said(waiting, watermark, 60) == [("stalled", "begun", [B])]
    assert said(waiting, watermark, 60) == []
    seen(waiting, watermark, GRACE_MS + 2, b=30)
    assert said(waiting, watermark, 60) == [("stalled", "ended", [B]), ("lagging", "begun", [B])]
    seen(waiting, watermark, GRACE_MS + 3, b=1000)
    assert said(waiting, watermark, 1060) == [("lagging", "ended", [B])]


def test_an_idle_partition_is_not_waited_for():
    """It holds nothing back, however long it is silent."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 0, a=50, b=1)
    watermark.observe(B, 1, idle=True, log_ms=0)
    seen(waiting, watermark, 10 * GRACE_MS, a=100)
    assert waiting.waited_ms(60) == 0
    assert said(waiting, watermark, 60) == []


def test_a_partition_that_never_spoke_is_stalled():
    """From when it was first heard of; the log's first records are no long wait."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 5_000_000, a=100)
    assert said(waiting, watermark, 60) == []
    seen(waiting, watermark, 5_000_000 + GRACE_MS + 2_001)
    assert said(waiting, watermark, 60) == [("stalled", "begun", [B])]


def test_a_wait_that_begins_again_is_another_one():
    """So that its events have ids of their own."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 0, a=1000, b=1)
    told = []
    for log_ms, b in ((GRACE_MS + 1, 1), (GRACE_MS + 2, 2), (3 * GRACE_MS, 2)):
        seen(waiting, watermark, log_ms, b=b)
        told += [change.wait for change in waiting.changes(watermark, 60) if change.begun]
    assert [wait.told_ms for wait in told] == [GRACE_MS + 1, GRACE_MS + 2, 3 * GRACE_MS]
    assert {wait.since_ms for wait in told} == {0}


def test_patience_ends_when_a_boundary_has_waited_for_longer():
    """In order: each boundary from its own moment on; without patience never."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 0, a=60, b=1)
    seen(waiting, watermark, 100_000, a=120)
    seen(waiting, watermark, PATIENCE_MS)
    assert waiting.impatient_ms() is None
    seen(waiting, watermark, PATIENCE_MS + 1)
    assert waiting.impatient_ms() == 60
    seen(waiting, watermark, PATIENCE_MS + 100_001)
    assert waiting.impatient_ms() == 120
    assert Waiting(WaitLimits(GRACE_MS), waiting.state).impatient_ms() is None


def test_log_time_never_goes_back():
    """A record with an older timestamp, of another broker or counter, makes no wait shorter."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 1_000_000, a=100, b=1)
    seen(waiting, watermark, 1_500_000)
    seen(waiting, watermark, 900_000)
    assert waiting.waited_ms(60) == 500_000


def test_a_log_without_times_measures_nothing():
    """No wait is told, and patience does not end."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, None, a=100, b=1)
    assert (waiting.state.log_ms, waiting.waited_ms(60), waiting.impatient_ms()) == (None, 0, None)
    assert said(waiting, watermark, 60) == []


def test_memory_is_bounded_however_long_the_wait():
    """A week of waiting in which the other partition moves every second is a few hundred pairs of numbers."""
    waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
    seen(waiting, watermark, 0, a=1, b=0)
    for second in range(0, 604_800, 7):
        seen(waiting, watermark, second * 1000, a=second)
    assert len(waiting.state.passed) <= 260
    assert waiting.waited_ms(1) > 604_000_000
    assert [boundary for boundary in (604_000, 604_500) if waiting.waited_ms(boundary) > PATIENCE_MS] == [604_000]


def test_a_wait_is_never_taken_for_longer_than_it_is():
    """Moments are rounded up, by a part in 256 of the longest time at most."""
    for offset_ms in range(0, 4_000, 333):
        waiting, watermark = Waiting(LIMITS), Watermark(lateness_ms=0)
        seen(waiting, watermark, 7_000_000 + offset_ms, a=100, b=1)
        seen(waiting, watermark, 7_100_000 + offset_ms)
        assert 98_000 <= waiting.waited_ms(60) <= 100_000
