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
