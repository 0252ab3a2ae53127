"""What is told of a tick: who moved most first, how bad it is, and no more than people can read."""

import numpy as np
import pytest

from stream.drift_event import MOST_FEATURES
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000


def _events(training, windows, policy=None, **importance):
    layout = layout_of(training, **importance)
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), policy or Policy(persist=(1, 1)))
    panes = []
    for place, columns in enumerate(windows):
        times = place * EVERY_MS + np.arange(len(next(iter(columns.values()))))
        panes += panes_of(layout, monitor.schedule, rows_of(layout, times, columns))
    return [event for tick in feed(monitor, panes, len(windows) * EVERY_MS) for event in tick.events]


def _normal(names, n, shifts=(), seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(shift, 1, n) for name, shift in zip(names, shifts or [0.0] * len(names), strict=True)}


def test_the_most_affected_feature_comes_first_and_sets_the_severity():
    """By impact: a large move of an unimportant feature comes after a small one of an important one."""
    names = ["a", "b", "c"]
    (event,) = _events(_normal(names, 600), [_normal(names, 300, (4.0, 1.0, 0.0), 2)], a=0.1, b=1.0, c=1.0)
    assert [feature["name"] for feature in event.features] == ["b", "a"]
    assert [feature["severity"] for feature in event.features] == ["critical", "info"]
    assert event.severity == "critical"
    assert event.summary.startswith("b moved up")
    assert event.summary.endswith("1 more feature of 3 drifts.")


def test_many_features_are_cut_and_counted():
    """Fifty are listed, all are counted, and the pipeline is suspected."""
    names = [f"f{i:02}" for i in range(60)]
    (event,) = _events(_normal(names, 300), [_normal(names, 200, [3.0] * 60, 2)])
    assert (len(event.features), event.features_total) == (MOST_FEATURES, 60)
    assert "59 more features of 60 drift" in event.summary
    assert "pipeline" in event.advice


def test_the_end_is_told_of_those_that_were_announced():
    """As information, with the numbers of the clean window, since when they drifted, and without advice."""
    training = _normal(["a", "b"], 600)
    opened, resolved = _events(training, [_normal(["a", "b"], 300, (3.0, 0.0), 2), _normal(["a", "b"], 300, (), 3)])
    assert (opened.type, resolved.type) == ("drift.opened", "drift.resolved")
    assert (resolved.severity, resolved.advice) == ("info", "")
    assert resolved.summary == "Back to the baseline: a."
    (feature,) = resolved.features
    assert (feature["name"], feature["since_ms"]) == ("a", 0)
    assert not any(check["drift"] for check in feature["checks"])
    assert feature["production"]["mean"] == pytest.approx(0.0, abs=0.3)


def test_an_event_says_whose_it_is():
    """Monitor, baseline and window, and ids that a second run repeats."""
    training, windows = _normal(["a"], 600), [_normal(["a"], 300, (3.0,), 2)]
    (event,), (again,) = _events(training, windows), _events(training, windows)
    assert event == again
    assert (event.monitor, event.baseline) == ("prices", {"fingerprint": "fingerprint", "n": 600})
    assert (event.window["start_ms"], event.window["end_ms"], event.window["n"]) == (0, EVERY_MS, 300)
    assert event.offsets == {"events": {"0": [0, 299]}}
