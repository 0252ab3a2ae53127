"""Settings on the command line: how keys are found, and what is refused in which words."""

from pathlib import Path

import pytest

from consumers.errors import SettingsError
from consumers.settings import load_settings, parse_changes


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("persist=3 of 4", {("decision", "persist"): "3 of 4"}),
        ("window=24h, ks = 0.2", {("schedule", "window"): "24h", ("thresholds", "ks"): "0.2"}),
        ("alpha.ks=0.05", {("decision", "alpha", "ks"): "0.05"}),
        ("decision.alpha.ks=0.05", {("decision", "alpha", "ks"): "0.05"}),
        ("checks=[ks,chi2],mean=1", {("decision", "checks"): "ks,chi2", ("thresholds", "mean"): "1"}),
        ('checks=["ks","chi2"]', {("decision", "checks"): '["ks","chi2"]'}),
        ('features."a, b".ks=0.3,std=2', {("features", "a, b", "ks"): "0.3", ("thresholds", "std"): "2"}),
    ],
)
def test_a_key_is_found_with_and_without_its_section(text: str, values: dict[tuple[str, ...], str]) -> None:
    """The section may be left out; commas within brackets and quotes separate nothing."""
    assert parse_changes(text, "--try x").values == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("persist", '"persist" is no key=value'),
        ("", '"" is no key=value'),
        ("persistt=2 of 3", "persistt is nothing that can be tried; write persist"),
        ("kafka.client=auto", "kafka.client is nothing that can be tried; keys of schedule"),
        ("a b=1", '"a b" is no key'),
    ],
)
def test_what_cannot_be_tried_is_said(text: str, said: str) -> None:
    """The message begins with where it was written and says what to write instead."""
    with pytest.raises(SettingsError) as caught:
        parse_changes(text, "--try x")
    assert str(caught.value).startswith(f"--try x: {said}")


def test_changes_go_over_file_and_environment(tmp_path: Path) -> None:
    """The command line wins over a variable, which wins over the file; what it does not name stays."""
    path = tmp_path / "driftline.toml"
    path.write_text('[monitor]\nname = "m"\n[decision]\npersist = "1 of 1"\ncorrection = "bh"\n')
    environ = {"DRIFTLINE_DECISION__PERSIST": "2 of 2"}
    changed = load_settings(path, environ, parse_changes("persist=3 of 3,checks=[ks,mean],severity.warning=0.15", "-"))
    assert changed.decision.persist == (3, 3)
    assert changed.decision.checks == ("ks", "mean")
    assert (changed.decision.correction, changed.decision.severity.warning) == ("bh", 0.15)
    assert load_settings(path, environ).decision.persist == (2, 2)


def test_a_wrong_value_names_where_it_was_written(tmp_path: Path) -> None:
    """Validation complains of the command line, not of the file."""
    path = tmp_path / "driftline.toml"
    path.write_text('[monitor]\nname = "m"\n')
    with pytest.raises(SettingsError, match=r"^--try x: decision\.persist: must be two numbers"):
        load_settings(path, {}, parse_changes("persist=3", "--try x"))
