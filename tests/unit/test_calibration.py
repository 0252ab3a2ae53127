"""The calibration that a baseline carries, in memory and in its file."""

from dataclasses import replace
from pathlib import Path

import pytest

from baselines import Baseline, BaselineError, Calibration, Movement, dumps, loads
from baselines.calibration import paired_rows
from tests.builders import layout_of

KNOWN = Movement(windows=50, freedom=31.5, excess=0.02, rows=100.0, floor=0.125)


@pytest.fixture
def baseline() -> Baseline:
    """Return a baseline with a calibration of one feature."""
    movements = {"baseline": {"x": {"ks": KNOWN, "mean": replace(KNOWN, excess=0.0)}}, "last_day": {"x": {"ks": KNOWN}}}
    calibration = Calibration(3_600_000, "UTC", 100, 2, 50, 0, 180_000_000, movements)
    return replace(layout_of({"x": [1.0, 2.0, 3.0]}).baseline, calibration=calibration)


def with_fingerprint(baseline: Baseline) -> Baseline:
    """Return the baseline as it was fitted."""
    from baselines.fingerprint import fingerprint

    return replace(baseline, fingerprint=fingerprint(baseline.n, baseline.features))


def test_the_variance_beyond_independent_rows_grows_with_the_rows() -> None:
    """Kish's design effect: 1 + rows * correlation, the rows of two samples taken together."""
    assert KNOWN.design_effect(200, 200) == 1.0 + 0.02 * 100.0
    assert KNOWN.design_effect(200, 10**12) == pytest.approx(1.0 + 0.02 * 200.0)
    assert replace(KNOWN, excess=0.0).design_effect(10, 20) == 1.0
    assert paired_rows(0, 5) == 0.0


def test_what_was_not_learned_is_not_there(baseline: Baseline) -> None:
    """No movement, and a design effect of 1."""
    calibration = baseline.calibration
    assert calibration is not None
    assert calibration.comparators == ("baseline", "last_day")
    assert calibration.movement("baseline", "x", "ks") == KNOWN
    assert calibration.design_effect("baseline", "x", "ks", (200, 200)) == 3.0
    assert (calibration.design_effects("baseline"), calibration.design_effects("previous")) == ({"x": 3.0}, {})
    for name in (("previous", "x", "ks"), ("baseline", "y", "ks"), ("last_day", "x", "mean")):
        assert calibration.movement(*name) is None
        assert calibration.design_effect(*name, (200, 200)) == 1.0


def test_the_file_gives_back_the_same_calibration(baseline: Baseline) -> None:
    """Written and read, every float is the same."""
    written = with_fingerprint(baseline)
    assert loads(dumps(written), "b.json").calibration == baseline.calibration


def test_a_baseline_without_calibration_loads_as_before(baseline: Baseline) -> None:
    """Its file says nothing of it, and the fingerprint is that of the counts alone."""
    without = with_fingerprint(replace(baseline, calibration=None))
    data = dumps(without)
    assert b"calibration" not in data
    assert loads(data, "b.json").calibration is None
    assert without.fingerprint == with_fingerprint(baseline).fingerprint


@pytest.mark.parametrize(
    ("old", "new"), [(b'"freedom":31.5', b'"freedom":0.5'), (b'"floor":0.125', b'"floor":-1'), (b'"needed":2,', b"")]
)
def test_a_damaged_calibration_is_refused(baseline: Baseline, old: bytes, new: bytes, tmp_path: Path) -> None:
    """Numbers that no learning gives, and missing keys, are errors and not surprises later."""
    data = dumps(with_fingerprint(baseline))
    assert old in data
    with pytest.raises(BaselineError, match=r"b\.json: not a whole baseline: .*calibration"):
        loads(data.replace(old, new), str(tmp_path / "b.json"))
