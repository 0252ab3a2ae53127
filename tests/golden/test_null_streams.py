"""Real rows reshuffled, reference and stream drawn anew, at default settings: nothing opens."""

import numpy as np
import pytest

from benchmarks.nulls import null_events


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize("window", [100, 500, 2_000])
@pytest.mark.parametrize("name", ["abrupt_insects", "bike_sharing", "nyc_weather"])
def test_reshuffled_real_rows_open_nothing(name: str, window: int) -> None:
    """One reshuffle of each pool and window: every window is tested, and no drift opens."""
    tested, opened = null_events(name, window, 1, np.random.default_rng(window))
    assert tested == {"abrupt_insects": 4_438, "bike_sharing": 8_734, "nyc_weather": 21_879}[name] // window
    assert opened == 0
