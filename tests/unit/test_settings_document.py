"""The environment over the file, and secrets from files."""

from pathlib import Path

import pytest

from consumers.errors import SettingsError
from consumers.settings import load_settings

FILE = """
[monitor]
name = "m"
[schedule]
every = "1h"
[kafka]
sasl_plain_password = "from-file"
[features.UserAge]
mean_abs = 5
"""


@pytest.fixture
def path(tmp_path):
    """Write a small configuration file."""
    path = tmp_path / "driftline.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def refusal(path: Path, **environ: str) -> str:
    """Return the message that these variables end in."""
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ)
    return str(caught.value)


def test_the_environment_wins(path):
    """A variable replaces what the file says."""
    assert load_settings(path, {}).every_ms == 3_600_000
    assert load_settings(path, {"DRIFTLINE_SCHEDULE__EVERY": "5m"}).every_ms == 300_000


@pytest.mark.parametrize(
    ("name", "text", "read", "value"),
    [
        ("MONITOR__NAME", "123", lambda s: s.monitor.name, "123"),
        ("SCHEDULE__MIN_SAMPLES", "50", lambda s: s.schedule.min_samples, 50),
        ("EVENTS__TIMESTAMP", "1", lambda s: s.events.timestamp, "1"),
        ("EVENTS__WHERE", '{"model": "a"}', lambda s: s.events.where, {"model": "a"}),
        ("EVENTS__WHERE__MODEL", "a", lambda s: s.events.where, {"model": "a"}),
        ("TOPICS__CREATE", "false", lambda s: s.topics.create, False),
        ("KAFKA__BOOTSTRAP_SERVERS", "a:1, b:2", lambda s: s.kafka.bootstrap_servers, ("a:1", "b:2")),
        ("KAFKA__BOOTSTRAP_SERVERS", '["a:1"]', lambda s: s.kafka.bootstrap_servers, ("a:1",)),
        ("KAFKA__MAX_POLL_RECORDS", "10", lambda s: s.kafka.options["max_poll_records"], 10),
        ("KAFKA__SASL_PLAIN_PASSWORD", "123", lambda s: s.kafka.options["sasl_plain_password"], "123"),
        ("DECISION__CHECKS", "ks,chi2", lambda s: s.decision.checks, ("ks", "chi2")),
        ("DECISION__CHECKS", '["ks"]', lambda s: s.decision.checks, ("ks",)),
        ("DECISION__PERSIST", "1 of 2", lambda s: s.decision.persist, (1, 2)),
        ("DECISION__FDR", "0.1", lambda s: s.decision.companions_fdr, 0.1),
        ("DECISION__ALPHA__KS", "0.01", lambda s: s.decision.alpha, {"ks": 0.01}),
        ("DECISION__SEVERITY__CRITICAL", "0.5", lambda s: s.decision.severity.critical, 0.5),
        ("THRESHOLDS__KS", "0.2", lambda s: s.thresholds.ks, 0.2),
        ("FEATURES__USERAGE__MEAN_ABS", "7", lambda s: s.features["UserAge"].mean_abs, 7.0),
        ("FEATURES__price__KS", "0.3", lambda s: s.features["price"].ks, 0.3),
    ],
)
def test_every_kind_of_value_can_come_from_the_environment(path, name, text, read, value):
    """Text is read as the key's type: numbers, lists, tables, and text that looks like a number."""
    assert read(load_settings(path, {f"DRIFTLINE_{name}": text})) == value


def test_other_variables_of_ours_and_of_others_are_left_alone(path):
    """Switches without a section, and anything without the prefix, are not settings."""
    environ = {"DRIFTLINE_TRACEBACK": "1", "DRIFTLINE_TEST_DATA": "/d", "SCHEDULE__EVERY": "1d"}
    assert load_settings(path, environ) == load_settings(path, {})


def test_a_wrong_value_names_the_variable_it_came_from(path):
    """Nobody looks in the file for what the environment said."""
    message = refusal(path, DRIFTLINE_SCHEDULE__EVERY="soon")
    assert message.startswith("environment variable DRIFTLINE_SCHEDULE__EVERY: schedule.every: must be a whole number")


def test_a_mistyped_variable_is_an_error(path):
    """One underscore, a section that is not there, a key that is not there: each names the right one."""
    one = refusal(path, DRIFTLINE_KAFKA_BOOTSTRAP_SERVERS="a:1")
    assert one.endswith("has one underscore; write DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS")
    assert refusal(path, DRIFTLINE_KAFAK__CLIENT="auto").endswith("no section kafak; write DRIFTLINE_KAFKA__...")
    assert refusal(path, DRIFTLINE_TOPICS__ALERT="a").endswith("topics.alert: unknown key; write alerts")


@pytest.mark.parametrize("servers", ["", ",", "nowhere", "host:0", "host:x", ":1"])
def test_addresses_are_host_and_port(path, servers):
    """No address, or one without a port, is refused with an example."""
    assert "write for example" in refusal(path, DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS=servers)


def test_a_secret_is_read_from_its_file(path, tmp_path):
    """The path starts at the configuration file; white space around the value is cut off."""
    (tmp_path / "secret").write_text(" s3cret\n", encoding="utf-8")
    path.write_text(FILE.replace('sasl_plain_password = "from-file"', 'sasl_plain_password_file = "secret"'))
    options = load_settings(path, {}).kafka.options
    assert options == {"sasl_plain_password": "s3cret"}


def test_a_secret_file_in_the_environment_wins_over_the_file(path, tmp_path):
    """As every other variable does, and any key can come this way."""
    (tmp_path / "secret").write_text("s3cret", encoding="utf-8")
    (tmp_path / "count").write_text("7\n", encoding="utf-8")
    environ = {
        "DRIFTLINE_KAFKA__SASL_PLAIN_PASSWORD_FILE": str(tmp_path / "secret"),
        "DRIFTLINE_SCHEDULE__MIN_SAMPLES_FILE": str(tmp_path / "count"),
    }
    settings = load_settings(path, environ)
    assert settings.kafka.options["sasl_plain_password"] == "s3cret"
    assert settings.schedule.min_samples == 7


def test_a_secret_file_that_cannot_be_read_is_an_error(path, tmp_path):
    """Missing, binary, not a path, or given beside the value itself."""
    (tmp_path / "binary").write_bytes(b"\xff")
    assert "cannot be read" in refusal(path, DRIFTLINE_KAFKA__SSL_PASSWORD_FILE="none")
    assert "is not UTF-8 text" in refusal(path, DRIFTLINE_KAFKA__SSL_PASSWORD_FILE="binary")
    path.write_text(FILE.replace("[kafka]", "[kafka]\nssl_password_file = 5"))
    assert "kafka.ssl_password_file: must be a path in quotes" in refusal(path)
    path.write_text(FILE.replace("[kafka]", '[kafka]\nsasl_plain_password_file = "binary"'))
    assert "sasl_plain_password is given too; write one of the two" in refusal(path)


def test_secrets_stay_out_of_sight(path):
    """Neither the settings' text nor an error repeats a secret."""
    assert "from-file" not in repr(load_settings(path, {}))
    path.write_text(FILE.replace('"from-file"', "31337"))
    message = refusal(path)
    assert "kafka.sasl_plain_password: must be text in quotes" in message
    assert "31337" not in message
