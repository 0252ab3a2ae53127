"""The examples on a real broker: each is played from its beginning to its end, and what driftline explained is read."""

from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

pytest.importorskip("torch")
pytest.importorskip("captum")

from examples.hours import Hours
from examples.house_prices import run as house_prices
from examples.low_light import evening
from examples.low_light import run as low_light
from examples.place import Options, place


def told(hours: Hours, change: str) -> list[dict[str, Any]]:
    """Return the drift events of a kind."""
    return [dict(alert) for alert in hours.alerts if alert["type"] == change]


def of(event: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what an event says of a feature."""
    return next(feature for feature in event["features"] if feature["name"] == name)


def test_low_light_is_seen_hours_before_its_labels(
    bootstrap_servers: list[str], admin: KafkaAdminClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Brightness, sharpness and confidence fell, within half an hour of dusk; when labels come, wrong answers rose."""
    with place(Options(6, broker=bootstrap_servers[0], keep=tmp_path / "kept")) as here:
        played = low_light.evening(here)
    opened, performance = told(played.hours, "drift.opened")
    dusk_ms = played.hours.time_ms(evening.DUSK)
    assert opened["monitor"] == "low-light"
    assert dusk_ms <= opened["window"]["start_ms"] < opened["window"]["end_ms"] <= dusk_ms + 30 * 60_000
    for name in ("brightness", "sharpness", "confidence"):
        feature = of(opened, name)
        assert feature["production"]["mean"] < feature["reference"]["mean"], name
    assert opened["features"][0]["name"] == "brightness"
    assert performance["monitor"] == "low-light.performance"
    assert performance["window"]["start_ms"] >= dusk_ms + evening.LABELS_AFTER * 60_000
    alert, wrong = played.error_told()
    assert alert["monitor"] == "low-light.performance"
    assert wrong["reference_share"] < 0.03
    assert wrong["share"] > 0.1
    assert alert["concept"]["inputs"]
    assert played.accuracy(0, evening.DUSK) > 0.97
    assert played.accuracy(evening.NIGHT, evening.MINUTES) < 0.85
    assert "8,500 pictures, 8,500 events." in capsys.readouterr().out
    assert [topic for topic in admin.list_topics() if topic.startswith(("low-light", "pictures"))] == []


def test_importance_makes_the_same_shift_critical_or_not(
    bootstrap_servers: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two shifts of one size: what the model hardly looks at is information, what it leans on is critical."""
    with place(Options(6, broker=bootstrap_servers[0], keep=tmp_path / "kept")) as here:
        played = house_prices.day(here)
    photos, area = (
        of(event, name) for event, name in zip(told(played.hours, "drift.opened"), house_prices.SHIFTS, strict=True)
    )
    assert (photos["severity"], area["severity"]) == ("info", "critical")
    assert [event["severity"] for event in told(played.hours, "drift.opened")] == ["info", "critical"]
    assert len(told(played.hours, "drift.resolved")) == 2
    assert photos["importance"] < 0.1
    assert area["importance"] == 1.0
    sizes = [next(check["effect"] for check in one["checks"] if check["check"] == "mean") for one in (photos, area)]
    assert sizes == pytest.approx([house_prices.SHIFT_STD] * 2, abs=0.2)
    assert "9,650 requests, 9,650 events." in capsys.readouterr().out
