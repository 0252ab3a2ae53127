"""The one place where settings become working parts."""

from collections.abc import Callable
from typing import Any

import pytest

from baselines import BaselineError, load
from consumers.assembly import assemble
from consumers.errors import SettingsError
from consumers.settings import load_settings


def test_parts_follow_the_settings(stage_assembly: Callable[..., Any]) -> None:
    """Schedule, identity and policy are those of the file and of the baseline beside it."""
    assembly = stage_assembly(window="30s", decision='false_alarms = "1 per 7d"')
    assert (assembly.schedule.every_ms, assembly.schedule.panes_per_window) == (10_000, 3)
    baseline = load(assembly.settings.baseline_path)
    identity = assembly.identity()
    assert (identity.monitor, identity.fingerprint, identity.reference_n) == ("stage", baseline.fingerprint, baseline.n)
    assert assembly.new_monitors().any.policy.false_alarms_per_ms == pytest.approx(1 / (7 * 86_400_000))


def test_every_part_is_a_new_one(stage_assembly: Callable[..., Any]) -> None:
    """Two monitors of one assembly share nothing that changes."""
    assembly = stage_assembly()
    first, second = assembly.new_monitors(), assembly.new_monitors()
    first.any.open[0] = None
    assert second.any.open == {}
    assert assembly.new_decoder() is not assembly.new_decoder()


def test_importance_in_the_settings_is_over_that_of_the_baseline(stage_assembly: Callable[..., Any]) -> None:
    """A weight written for a feature is its weight as it stands; the others keep theirs."""
    path = stage_assembly().settings.path
    path.write_text(path.read_text() + "\n[features.age]\nimportance = 0.8\n")
    assert assemble(load_settings(path, {})).baseline.importance == {"age": 0.8, "device": 1.0}


def test_a_feature_that_the_baseline_does_not_have_is_named(stage_assembly: Callable[..., Any]) -> None:
    """The message names file, key and the feature that was probably meant."""
    path = stage_assembly().settings.path
    path.write_text(path.read_text() + "\n[features.agee]\nimportance = 0.8\n")
    with pytest.raises(SettingsError, match=r"features\.agee.*age"):
        assemble(load_settings(path, {}))


def test_a_damaged_baseline_is_named(stage_assembly: Callable[..., Any]) -> None:
    """The message names the baseline file."""
    settings = stage_assembly().settings
    settings.baseline_path.write_text("{}")
    with pytest.raises(BaselineError, match=r"baseline\.json"):
        assemble(settings)
