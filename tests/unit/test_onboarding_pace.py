"""How fast rows come, told from the newest of each partition."""

import numpy as np
import pytest

from consumers.onboarding.pace import pace_of

# Fifty a second for forty seconds.
TIMES = np.arange(0, 40_000, 20.0)
PER_HOUR = pytest.approx(180_000, rel=0.02)


def test_partitions_that_share_the_traffic_add_up() -> None:
    """Every second event on the other one: the pace is that of both."""
    assert pace_of([(TIMES[::2], 1000), (TIMES[1::2], 1000)]).per_hour == PER_HOUR


def test_partitions_that_are_written_in_turns_do_not_count_the_same_time_twice() -> None:
    """Five seconds on one, five on the other, as clients do; and 500 of the newest of each."""
    first = TIMES // 5000 % 2 == 0
    newest = [TIMES[first][-500:], TIMES[~first][-500:]]
    assert pace_of([(times, 500) for times in newest]).per_hour == PER_HOUR


def test_a_partition_that_has_fallen_silent_has_no_part_in_it() -> None:
    """What it has is from the day before."""
    assert pace_of([(TIMES - 86_400_000, 2000), (TIMES, 2000)]).per_hour == PER_HOUR


def test_a_partition_that_is_brand_new_does_not_decide_alone() -> None:
    """Two events of the last moment are no pace: the others' is taken."""
    assert pace_of([(TIMES, 2000), (TIMES[-1:] - [1.0, 0.0], 2)]).per_hour == PER_HOUR


def test_rows_are_what_is_counted_and_broken_clocks_stretch_nothing() -> None:
    """Ten rows an event; one event from 1970, one without a time."""
    odd = np.concatenate([[-1.7e12], TIMES, [np.nan]])
    assert pace_of([(odd, 20_000)]).per_hour == pytest.approx(1_800_000, rel=0.02)
    assert pace_of([(np.array([5.0, 5.0]), 2)]).per_hour == 0
