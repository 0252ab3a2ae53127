"""Events whose schemas a registry has: what is said where there is none, or none that answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import consumers.onboarding.kafka_sample
import consumers.schema_registry
from consumers.cli import app
from consumers.onboarding.sample import Sample
from consumers.preflight.check import check_file
from consumers.raw import RawBatch
from consumers.settings import load_settings
from tests.encoders import CLIENT, ENCODERS
from tests.fake_registry import running

Told = Callable[..., Any]


@pytest.fixture
def framed() -> Sample:
    """Return a topic's records behind Confluent's framing."""
    encode, _ = ENCODERS["confluent avro"]
    values = [value for i in range(60) for value, _ in encode([{"x": float(i), "y z": 0.5, "c": "ab"[i % 2]}])]
    stamps = [1_767_225_600_000 + 1000 * i for i in range(60)]
    return Sample("requests", [RawBatch("requests", 0, range(60), values, stamps)], of_topic=True)


@pytest.fixture
def init(framed: Sample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Told:
    """Return what runs the verb on that topic, without a broker."""
    monkeypatch.setattr(consumers.onboarding.kafka_sample, "topic_sample", lambda *_: framed)
    monkeypatch.setattr(consumers.schema_registry, "_WAITS_S", ())
    return lambda *given: CliRunner().invoke(app, ["init", "requests", "--out", str(tmp_path / "d.toml"), *given])


def test_without_a_registry_the_option_that_names_one_is_told(init: Told) -> None:
    """The records name a schema, and nobody can be asked for it."""
    told = str(init().exception)
    assert "none of 60 records can be read: 60 no_registry" in told
    assert told.endswith("name the Schema Registry: --registry URL")


def test_a_registry_that_does_not_answer_is_named_with_the_option(init: Told) -> None:
    """Exit 1 and one line: it is the registry, and not the broker."""
    result = init("--registry", "http://127.0.0.1:9")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("driftline: the schema registry http://127.0.0.1:9 does not answer")
    assert "--registry" in line


def test_another_registry_than_the_producers_is_asked_about(init: Told) -> None:
    """It answers, and knows none of the schemas."""
    with running() as registry:
        assert "is --registry the one" in str(init("--registry", registry.url).exception)


def test_check_tells_the_registry_from_the_broker(init: Told, framed: Sample, tmp_path: Path) -> None:
    """A registry that went away after init is a problem of its own name; the file names the extra that is needed."""
    with running() as registry:
        found = ENCODERS["confluent avro"][0]([{"x": 1.0, "y z": 0.5, "c": "a"}])[0][0]
        number = int.from_bytes(found[1:5])
        registry.answers[f"/schemas/ids/{number}"] = {"schema": CLIENT.get_schema(number).schema_str}
        assert init("--registry", registry.url, "--fit").exit_code == 0
    assert "driftline[avro]" in (tmp_path / "d.toml").read_text()
    *_, last = check_file(load_settings(tmp_path / "d.toml", {}), framed, 0)
    assert (last.level, last.about) == ("problem", "registry")
    assert "does not answer" in last.says
