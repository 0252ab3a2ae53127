"""The watermark: the least of what partitions have reached, held by the silent and not by the idle."""

from stream.watermark import Watermark

A, B = ("events", 0), ("events", 1)


def test_the_slowest_partition_decides():
    """Its largest event time less the lateness."""
    watermark = Watermark(lateness_ms=10)
    watermark.observe(A, 500)
    watermark.observe(B, 200)
    assert watermark.current_ms() == 190


def test_a_partition_that_exists_and_said_nothing_holds():
    """Nothing is complete while one that is expected has shown nothing."""
    watermark = Watermark(lateness_ms=10)
    watermark.expect(B)
    watermark.observe(A, 500)
    assert watermark.current_ms() is None
    watermark.observe(B, 300)
    assert watermark.current_ms() == 290


def test_an_idle_partition_does_not_hold():
    """Neither one that spoke before nor one that never did."""
    watermark = Watermark(lateness_ms=0)
    watermark.observe(A, 500)
    watermark.observe(B, None, idle=True)
    assert watermark.current_ms() == 500
    watermark.observe(A, 600)
    watermark.observe(B, 100)
    assert watermark.current_ms() == 500
    watermark.observe(B, 100, idle=True)
    assert watermark.current_ms() == 600


def test_it_never_goes_back():
    """A partition that wakes behind the others does not reopen time, and an old word is not unlearned."""
    watermark = Watermark(lateness_ms=0)
    watermark.observe(A, 500)
    assert watermark.current_ms() == 500
    watermark.observe(B, 100)
    assert watermark.current_ms() == 500
    watermark.observe(A, 400)
    assert watermark.newest_ms[A] == 500


def test_with_all_partitions_idle_time_stands_still():
    """Silence is no event time: the last windows stay open until something comes."""
    watermark = Watermark(lateness_ms=0)
    watermark.observe(A, 500, idle=True)
    assert watermark.current_ms() is None
    watermark.observe(A, 600)
    assert watermark.current_ms() == 600
    watermark.observe(A, 900, idle=True)
    assert watermark.current_ms() == 600


def test_expecting_again_forgets_nothing():
    """A partition listed twice keeps what it showed."""
    watermark = Watermark(lateness_ms=0)
    watermark.observe(A, 500)
    watermark.expect(A)
    assert watermark.current_ms() == 500


def test_who_is_behind_is_named():
    """Those that hold a boundary back: they speak, and have not passed it, or have shown nothing."""
    watermark = Watermark(lateness_ms=10)
    watermark.expect(B)
    watermark.observe(A, 500)
    watermark.observe(("events", 2), 70)
    watermark.observe(("events", 3), 1, idle=True)
    assert watermark.furthest_ms() == 490
    assert watermark.behind(60) == [B]
    assert watermark.behind(61) == [B, ("events", 2)]
    assert watermark.behind(491) == [A, B, ("events", 2)]
    assert Watermark(lateness_ms=10).furthest_ms() is None


def test_coverage_is_the_share_of_the_stretch_that_partitions_have_passed():
    """On average over all of them: whole, a quarter, nothing, and an idle one as if it had passed."""
    watermark = Watermark(lateness_ms=10)
    watermark.observe(A, 500)
    assert watermark.covered(100, 200) == 1.0
    watermark.observe(B, 135)
    watermark.expect(("events", 2))
    watermark.observe(("events", 3), 1, idle=True)
    assert watermark.covered(100, 200) == (1 + 0.25 + 0 + 1) / 4
    assert Watermark(lateness_ms=0).covered(0, 1) == 1.0


def test_a_partition_moves_when_its_event_time_grows():
    """Being heard of again is no movement; a topic that is forgotten takes its times with it."""
    watermark = Watermark(lateness_ms=0)
    watermark.expect(A, 1)
    watermark.expect(A, 2)
    assert watermark.moved_ms == {A: 1}
    watermark.observe(A, 500, log_ms=3)
    watermark.observe(A, 500, log_ms=4)
    watermark.observe(A, 400, log_ms=5)
    assert watermark.moved_ms == {A: 3}
    watermark.forget("events")
    assert watermark.moved_ms == {}
