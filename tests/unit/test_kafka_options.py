"""What the Kafka client can be told, and what driftline keeps to itself."""

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from consumers.errors import SettingsError
from consumers.kafka_options import OWNED, known_options, options_for
from consumers.settings import load_settings


def problem(tmp_path, line: str) -> str:
    """Return the message that this line under [kafka] ends in."""
    path = tmp_path / "driftline.toml"
    path.write_text(f'[monitor]\nname = "m"\n[kafka]\n{line}\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    return str(caught.value).split("driftline.toml: ")[1]


@pytest.mark.parametrize("key", sorted(OWNED))
def test_what_keeps_counts_exact_cannot_be_set(tmp_path, key):
    """Each key that driftline owns is refused with its reason."""
    assert problem(tmp_path, f'{key} = "x"') == f"kafka.{key}: is not yours to set: {OWNED[key]}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('securty_protocol = "SSL"', "kafka.securty_protocol: unknown key; write security_protocol"),
        ("zzzzzz = 1", "kafka.zzzzzz: unknown key, here and to the Kafka client; leave it out"),
        ('max_poll_records = "many"', "kafka.max_poll_records: must be a whole number"),
        ("max_poll_records = true", "kafka.max_poll_records: must be a whole number"),
        ("ssl_check_hostname = 1", "kafka.ssl_check_hostname: must be true or false"),
        ('retries = "x"', "kafka.retries: must be a number"),
        ("retries = true", "kafka.retries: must be a number"),
        ('ssl_context = "x"', "kafka.ssl_context: unknown key"),
        ('options = "x"', "kafka.options: unknown key"),
        ("bootstrap_servers = []", "kafka.bootstrap_servers: must not be empty"),
    ],
)
def test_each_mistake_is_named(tmp_path, line, message):
    """Unknown keys name the nearest, wrong types the right one; objects cannot be written in a file."""
    assert problem(tmp_path, line).startswith(message)


def test_every_client_gets_what_it_takes():
    """An option goes to those clients that know it, so that one section serves all three."""
    options = {"security_protocol": "SSL", "max_poll_records": 5, "linger_ms": 3, "api_version": [3, 9]}
    shared = {"security_protocol": "SSL", "api_version": (3, 9)}
    assert options_for("consumer", options) == {**shared, "max_poll_records": 5}
    assert options_for("producer", options) == {**shared, "linger_ms": 3}
    assert options_for("admin", options) == shared


def test_every_known_option_is_known_to_a_client():
    """The list comes from the installed client and holds nothing that is owned."""
    taken = {key for client in (KafkaConsumer, KafkaProducer, KafkaAdminClient) for key in client.DEFAULT_CONFIG}
    assert set(known_options()) <= taken - set(OWNED)
    assert {"security_protocol", "sasl_plain_password", "client_id", "compression_type"} <= set(known_options())


def test_a_section_is_a_clients_arguments(tmp_path):
    """Addresses and options together are what kafka-python's constructors take."""
    path = tmp_path / "driftline.toml"
    path.write_text('[monitor]\nname = "m"\n[kafka]\nbootstrap_servers = ["a:1"]\nlinger_ms = 3\n', encoding="utf-8")
    kafka = load_settings(path, {}).kafka
    assert kafka.for_client("producer") == {"bootstrap_servers": ["a:1"], "linger_ms": 3}
    assert kafka.for_client("consumer") == {"bootstrap_servers": ["a:1"]}


def test_only_members_of_a_group_have_a_name_of_their_own() -> None:
    """A client without a group refuses the option, and another one of the same name would push the member out."""
    options = {"group_instance_id": "driftline-0", "session_timeout_ms": 30_000}
    assert options_for("member", options) == options
    assert options_for("consumer", options) == {"session_timeout_ms": 30_000}
