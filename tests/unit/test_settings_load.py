"""From the file to Settings: what is read, what is refused, and in which words."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from baselines import Baseline, CategoricalReference, NumericReference
from consumers.errors import SettingsError
from consumers.settings import load_settings, validate_against
from stream.policy import DEFAULT_THRESHOLDS, Policy

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMED = '[monitor]\nname = "m"\n'


@pytest.fixture
def load(tmp_path):
    """Write a configuration file and load it."""

    def write_and_load(text, environ=None):
        path = tmp_path / "driftline.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environ or {})

    return write_and_load


@pytest.fixture
def lines(load):
    """Return the lines of the error that a configuration file ends in, the file's path cut off."""

    def errors_of(text, environ=None):
        with pytest.raises(SettingsError) as caught:
            load(text, environ)
        return [line.split("driftline.toml: ")[-1] for line in str(caught.value).splitlines()]

    return errors_of


def test_a_name_is_enough(load):
    """Everything else has a default, and the defaults are the arithmetic's own."""
    settings = load(NAMED)
    policy = settings.policy()
    assert policy == Policy()
    assert dict(policy.thresholds) == dict(DEFAULT_THRESHOLDS)
    assert (settings.every_ms, settings.window_ms) == (3_600_000, 3_600_000)
    assert (settings.lateness_ms, settings.idle_ms, settings.ahead_ms) == (30_000, 60_000, 3_600_000)


def test_topics_are_named_after_the_monitor(load):
    """A topic that is not given is "<monitor>.<name>"; one that is given stays."""
    topics = load(NAMED + '[topics]\nalerts = "drift-alerts"\n').topics
    assert (topics.events, topics.counts, topics.alerts) == ("inference-events", "m.counts", "drift-alerts")


def test_the_baseline_lies_beside_the_file(load, tmp_path):
    """A relative path starts at the configuration file, an absolute one stays."""
    assert load(NAMED).baseline_path == tmp_path / "baseline.json"
    assert load(NAMED + 'baseline = "/srv/b.json"\n').baseline_path == Path("/srv/b.json")


def test_settings_are_frozen(load):
    """Later code can trust what was validated once."""
    with pytest.raises(ValidationError):
        load(NAMED).schedule.every_ms = 1


@pytest.mark.parametrize(
    ("schedule", "waits"),
    [
        ("", (300_000, None)),
        ('idle = "1h"', (7_200_000, None)),
        ('idle = "1h"\nstalled_after = "1s"', (1_000, None)),
        ('patience = "30s"', (300_000, 30_000)),
    ],
)
def test_windows_wait_for_ever_unless_told_and_say_so_after_five_minutes(load, schedule, waits):
    """A partition that is only quiet is not stalled before it can be idle."""
    found = load(f"{NAMED}[schedule]\n{schedule}\n").schedule
    assert (found.stalled_after_ms, found.patience_ms) == waits


def test_the_textbook_example_is_the_textbook(tmp_path):
    """KS and chi-squared at bare p < 0.05, bare thresholds elsewhere, no correction, no persistence."""
    policy = load_settings(EXAMPLES / "textbook.toml", {}).policy()
    others = ("mean", "std", "frequency", "range", "new_category", "missing")
    assert policy.alpha == {"ks": 0.05, "chi2": 0.05} | dict.fromkeys(others, 1.0)
    assert (policy.correction, policy.persist) == ("none", (1, 1))
    assert [policy.floor("x", check) for check in ("ks", "chi2", "std", "frequency")] == [0, 0, 0.1, 0.05]
    assert policy.mean_floor_in_units("user_age") == 5.0


def test_the_commented_example_is_all_defaults(load):
    """As it stands it changes nothing; with its comments opened it is still a right configuration."""
    text = (EXAMPLES / "driftline.toml").read_text(encoding="utf-8")
    assert load(text).policy() == load('[monitor]\nname = "house-prices"\n').policy()
    keys = [line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in text.splitlines()]
    # Keys of a route that other kinds take.
    opened = load("\n".join(line for line in keys if not line.startswith(("key = ", "body = ", "labels = {"))))
    assert opened.events.timestamp == "ts"
    assert opened.routes["team"].text == "$monitor: $summary"
    assert opened.importance == {"user_age": 0.8}


def test_feature_overrides_reach_the_policy(load):
    """Floors of one feature go to the policy, its weight does not."""
    settings = load(NAMED + '[features.user_age]\nmean_abs = 5\nimportance = 0.8\n[features."a.b"]\nks = 0.2\n')
    assert settings.policy().feature_thresholds == {"user_age": {"mean_abs": 5.0}, "a.b": {"ks": 0.2}}
    assert settings.importance == {"user_age": 0.8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'monitor.name: is missing; write for example name = "house-prices"'),
        ('[monitor]\nname = "a b"\n', "monitor.name: may hold letters, digits, '.', '_' and '-' only"),
        (NAMED + '[schedul]\nevery = "1h"\n', "schedul: unknown key; write schedule"),
        (NAMED + '[schedule]\nevrey = "1h"\n', "schedule.evrey: unknown key; write every"),
        (NAMED + 'window = "1h"\n', "monitor.window: unknown key; it belongs under [schedule]"),
        (NAMED + '[events]\nzzz = "m"\n', "events.zzz: unknown key; the keys here are format, timestamp"),
        (NAMED + "[schedule]\nevery = 60\n", "schedule.every: must be a whole number and a unit"),
        (NAMED + '[schedule]\nevery = "1500ms"\n', "schedule.every: must be whole seconds, or whole days"),
        (NAMED + '[schedule]\nevery = "25h"\n', "schedule.every: must be whole seconds, or whole days"),
        (NAMED + '[schedule]\nevery = "0s"\n', "schedule.every: must be whole seconds, or whole days"),
        (
            NAMED + '[schedule]\nevery = "10m"\nwindow = "25m"\n',
            'schedule.window: must be a whole number of every ("10m"); write for example "20m"',
        ),
        (NAMED + "[schedule]\npatience = 60\n", "schedule.patience: must be a whole number and a unit"),
        (NAMED + '[schedule]\npatience = "10s"\n', 'schedule.patience: must be at least lateness ("30s")'),
        (
            NAMED + '[schedule]\nlateness = "2m"\npatience = "1m"\n',
            'schedule.patience: must be at least lateness ("2m"), for which every window waits; write for',
        ),
        (NAMED + '[schedule]\nlateness = "0s"\npatience = "0s"\n', 'schedule.patience: must be at least "1s"'),
        (NAMED + '[schedule]\nstalled_after = "999ms"\n', 'schedule.stalled_after: must be at least "1s"'),
        (NAMED + '[schedule]\nstalled_after = "soon"\n', "schedule.stalled_after: must be a whole number and a unit"),
        (NAMED + '[schedule]\nwindow = "0s"\n', 'schedule.window: must be a whole number of every ("1h"); write'),
        (NAMED + '[schedule]\ntimezone = "Mars"\n', "schedule.timezone: is no time zone known here"),
        (NAMED + '[schedule]\ntimezone = "../x"\n', "schedule.timezone: is no time zone known here"),
        (NAMED + '[schedule]\ntimezone = "Europe"\n', "schedule.timezone: is no time zone known here"),
        (NAMED + '[schedule]\ntimezone = ""\n', "schedule.timezone: is no time zone known here"),
        (NAMED + "[schedule]\nmin_samples = 1\n", "schedule.min_samples: must be at least 2; write for example"),
        (NAMED + "[schedule]\nmin_samples = 2.5\n", "schedule.min_samples: must be a whole number"),
        (NAMED + "[schedule]\nmin_samples = true\n", "schedule.min_samples: must be a whole number"),
        (NAMED + '[schedule]\nmin_samples = "100"\n', "schedule.min_samples: must be a whole number"),
        (NAMED + '[events]\nformat = "xml"\n', 'events.format: "xml" is not known here; write one of "auto", "json"'),
        (NAMED + "[events]\nformat = 2020-01-01\n", "events.format: must be text in quotes"),
        (NAMED + '[events]\ntimestamp = ""\n', "events.timestamp: must name a field of the event"),
        (NAMED + '[events]\nfeatures = "a..b"\n', "events.features: is no path into the event"),
        (NAMED + "[events]\nwhere = {a = [1]}\n", "events.where.a: must be text, a number, true or false"),
        (NAMED + '[topics]\nalerts = "inference-events"\n', 'topics: events and alerts are both "inference-events"'),
        (NAMED + '[topics]\nalerts = "a/b"\n', "topics.alerts: may hold letters"),
        (NAMED + "[topics]\nreplication_factor = 0\n", "topics.replication_factor: must be -1 (the broker's default)"),
        (NAMED + '[topics]\ncreate = "yes"\n', "topics.create: must be true or false; write for example create = true"),
        (NAMED + '[decision]\nfalse_alarms = "few"\n', 'decision.false_alarms: must be a number, "per" and a duration'),
        (NAMED + '[decision]\npersist = "3 of 2"\n', "decision.persist: must be a of b"),
        (NAMED + '[decision]\nchecks = ["ks", "kz"]\n', 'decision.checks: "kz" is not known here; write one of "ks"'),
        (NAMED + "[decision]\nchecks = []\n", "decision.checks: must not be empty; write for example checks = "),
        (NAMED + '[decision]\ncomparators = ["last_moon"]\n', 'decision: comparators: "last_moon" is not known here'),
        (
            NAMED + '[schedule]\nevery = "7h"\n[decision]\ncomparators = ["last_day"]\n',
            "decision: last_day looks back by 1 days",
        ),
        (NAMED + '[events]\nsegment = ["a..b"]\n', "events.segment: is no path into the event"),
        (NAMED + "[events]\nmax_segments = 0\n", "events.max_segments: must be at least 1"),
        (NAMED + "[decision.alpha]\nks = 0\n", "decision.alpha.ks: must be more than 0"),
        (NAMED + "[decision.alpha]\nkz = 0.1\n", 'decision.alpha.kz: "kz" is not known here'),
        (NAMED + "[decision.severity]\nwarning = 0.9\n", "decision.severity: warning must not be above critical"),
        (NAMED + "[decision]\nseverity = 4\n", "decision.severity: must be a table; write [decision.severity]"),
        (NAMED + "[thresholds]\nks = 1.5\n", "thresholds.ks: must be at most 1"),
        (NAMED + "[thresholds]\nmean = nan\n", "thresholds.mean: must be a finite number"),
        (NAMED + "[features.age]\nmean_abz = 1\n", "features.age.mean_abz: unknown key; write mean_abs"),
        (NAMED + '[features."a.b"]\nks = -1\n', 'features."a.b".ks: must be at least 0'),
        ("monitor = 5\n", "monitor: must be a table; write [monitor]"),
    ],
)
def test_each_mistake_is_named_with_what_to_write(lines, text, message):
    """One line: the key, what is wrong with it, and what to write instead."""
    (line,) = lines(text)
    assert line.startswith(message)
    assert any(word in line for word in ("write", "belongs", "keys here", "leave"))


def test_all_mistakes_are_told_at_once(lines):
    """Somebody who made three does not have to run three times."""
    assert len(lines('[monitor]\nnmae = "m"\n[schedule]\nevery = "x"\n')) == 3


def test_a_syntax_error_gives_line_and_column(lines):
    """What is no TOML is answered with its place."""
    (line,) = lines("[monitor]\nname = house\n")
    assert "not TOML" in line
    assert "line 2, column 8" in line


def test_a_file_that_is_not_text_is_refused(tmp_path):
    """Bytes that are not UTF-8 are named by their place."""
    path = tmp_path / "bad.toml"
    path.write_bytes(b'[monitor]\nname = "\xff"\n')
    with pytest.raises(SettingsError, match=r"bad.toml: byte 18: not UTF-8"):
        load_settings(path, {})


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    """The message names the path and what to write."""
    with pytest.raises(SettingsError, match=r"none.toml: there is no such file; write its path after --config, or let"):
        load_settings(tmp_path / "none.toml", {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


@pytest.fixture
def baseline():
    """One numeric and one categorical feature."""
    values, counts = np.array([1.0]), np.ones(8, dtype=np.int64)
    age = NumericReference("user_age", values, counts, 1.0, 1.0, 1.0, 1.0, {})
    device = CategoricalReference("device_type", ("mobile",), np.ones(4, dtype=np.int64), 0)
    return Baseline(n=8, features=(age, device), fingerprint="f")


def test_features_of_the_baseline_are_accepted(load, baseline):
    """Names that exist, with checks of their kind, pass."""
    validate_against(load(NAMED + "[features.user_age]\nks = 0.2\n[features.device_type]\nchi2 = 0.2\n"), baseline)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[features.user_aeg]\nks = 0.2\n",
            "features.user_aeg: the baseline has no such feature; write [features.user_age]",
        ),
        (
            "[features.zzz]\nks = 0.2\n",
            "features.zzz: the baseline has no such feature; its features are user_age, device_type",
        ),
        (
            "[features.device_type]\nks = 0.2\n",
            "features.device_type.ks: does not fit a categorical feature; leave it out",
        ),
        (
            '[decision]\ndetectors = ["adwin"]\n',
            "decision.detectors: the baseline knows no labels; fit it with `driftline fit --labelled`",
        ),
    ],
)
def test_features_that_the_baseline_lacks_are_refused(load, baseline, text, message):
    """A name that is not there, or a check that does not fit, would never act: it is an error."""
    with pytest.raises(SettingsError) as caught:
        validate_against(load(NAMED + text), baseline)
    assert str(caught.value).endswith(message)
