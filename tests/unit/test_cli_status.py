"""`driftline status` shows what was read: as text for people, as one JSON object for pipes; each end has its code."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from consumers import kafka_status
from consumers.cli import app
from consumers.cli.status_text import status_text
from consumers.source import LogUnavailable
from consumers.status import GroupState, OpenTransaction, Seen, report
from stream.join_ledger import JoinLedger

GROUPS = (GroupState("counter", "m-counter", "Stable", 2), GroupState("judge", "m-judge", "Stable", 1))
FEATURE = {
    "name": "user_[red]age",
    "severity": "critical",
    "impact": 0.2,
    "check": "ks",
    "effect": 0.21234,
    "threshold": 0.1,
    "since": "2026-01-01T09:00:00Z",
    "since_ms": 1_767_258_000_000,
}


def status(**changes: Any) -> dict[str, Any]:
    """Return a record of the status topic: nothing drifts, unless changed."""
    window = {"start": "2026-01-01T16:00:00Z", "end": "2026-01-01T17:00:00Z", "n": 2032}
    return {
        "schema_version": 1,
        "monitor": "m",
        "segment": {},
        "baseline": "sha256:abc",
        "status": "tested",
        "since": None,
        "severity": None,
        "window": window,
        "min_samples": 100,
        "incident": None,
        "drifting": [],
        "features": [],
        "features_watched": 16,
        "watermark": "2026-01-01T17:00:30Z",
        "ledger": {"read": 3000, "counted": 2990, "late": 3, "ahead": 0, "foreign": 0, "rejected": {"bad_json": 7}},
        **changes,
    }


DRIFTING = status(
    incident="0445",
    since="2026-01-01T09:00:00Z",
    severity="critical",
    drifting=["device", "user_[red]age"],
    features=[FEATURE, {**FEATURE, "name": "device", "severity": "info", "check": None, "effect": None}],
)


def shown(*statuses: dict[str, Any], width: int = 100, **seen: Any) -> list[str]:
    """Return the lines of a terminal."""
    told = report("m", Seen(statuses, **{"groups": GROUPS, **seen}), 1_767_286_840_000)
    out = io.StringIO()
    Console(file=out, width=width, markup=False, highlight=False).print(status_text(told))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_taps_have_a_line_of_their_own() -> None:
    """How many report, idle ones and lost reports where there are any; a monitor without taps has no such line."""
    told = {"reporting": 3, "idle": 0, "runs": [], "lost_reports": 0, "repeated_reports": 5}
    assert "taps       3 report" in shown(status(taps=told))
    assert "taps       1 reports, 1 idle; 2 reports lost" in shown(
        status(taps=told | {"reporting": 1, "idle": 1, "lost_reports": 2})
    )
    assert not any(line.startswith("taps") for line in shown(status()))


def test_what_windows_wait_for_is_a_line_of_its_own() -> None:
    """Partitions, why and since when; five by name."""
    places = [{"topic": "e", "partition": number, "newest": None} for number in range(7)]
    wait = {"since": "2026-01-01T16:10:00Z", "boundary": "2026-01-01T16:00:00Z", "partitions": places}
    lines = shown(status(), waits=({"monitor": "m", "segment": {}, "waiting": {"lagging": wait}},))
    assert "waits      for e-0, e-1, e-2, e-3, e-4 and 2 more, lagging, since 2026-01-01T16:10:00Z" in lines
    assert not any(line.startswith("waits") for line in shown(status()))


def test_drift_is_the_first_line_with_its_features_below() -> None:
    """What drifts, since when and how badly; then each feature by impact, names as they are."""
    lines = shown(DRIFTING)
    assert lines[0] == "m  2 of 16 features drift since 2026-01-01T09:00:00Z, critical"
    assert "incident   0445" in lines
    table = next(number for number, line in enumerate(lines) if line.startswith("feature "))
    assert lines[table + 1].split() == ["user_[red]age", "critical", "ks", "0.2123", "0.1", "2026-01-01T09:00:00Z"]
    assert lines[table + 2].split() == ["device", "info", "not", "in", "this", "window", "2026-01-01T09:00:00Z"]


def test_no_drift_says_how_much_was_watched() -> None:
    """Window, watermark and ledger stand below, what did not happen is left out."""
    assert shown(status())[:5] == [
        "m  no drift in 16 features",
        "window     2026-01-01T16:00:00Z to 2026-01-01T17:00:00Z, 2,032 events",
        "watermark  2026-01-01T17:00:30Z, 10 s behind the clock",
        "events     3,000 read: 2,990 counted, 3 late, 7 rejected (bad_json)",
        "baseline   sha256:abc",
    ]


def test_too_few_events_are_never_no_drift() -> None:
    """An insufficient window says so, since when, and how many events it needs."""
    told = status(status="insufficient", since="2026-01-01T16:00:00Z")
    words = "insufficient since 2026-01-01T16:00:00Z: fewer than 100 events in a window, nothing is tested"
    assert shown(told)[0] == f"m  {words}"


def test_a_monitor_before_its_first_window_has_no_status_yet() -> None:
    """An empty status topic is said in words, with the groups below."""
    lines = shown()
    assert lines[0] == "m: no window has ended yet, so there is no status"
    assert "driftline is healthy" in lines


def test_a_segment_is_named_beside_its_monitor() -> None:
    """Two segments of one monitor can be told apart."""
    assert shown(status(segment={"country": "DE"}))[0].startswith("m country=DE  ")


def test_more_features_than_fit_are_counted() -> None:
    """The table stops at twenty and says how many more there are."""
    names = [f"f{number}" for number in range(60)]
    features = [{**FEATURE, "name": name} for name in names[:50]]
    lines = shown({**DRIFTING, "drifting": names, "features": features})
    assert len([line for line in lines if line.startswith("f") and "critical" in line]) == 20
    assert "and 40 more; --json has 50 and all names" in lines


def test_what_is_wrong_with_driftline_is_listed() -> None:
    """Each problem is a line with its reason and what to do."""
    absent = (GROUPS[0], GroupState("judge", "m-judge", "Absent", 0))
    lines = shown(status(), groups=absent, transactions=(OpenTransaction("m.counts", 0, 5, 0, ours=True),))
    assert lines[-4] == "driftline is not healthy:"
    assert lines[-3] == "- not_running: no judge is running: the group m-judge has no members"
    assert lines[-2].startswith("- hanging_transaction: m.counts-0: a transaction is open since 1970-01-01T00:00:00Z")


def test_alerts_that_were_given_up_stay_in_sight() -> None:
    """How many, and the last of them with its place, though the route works again."""
    last = {"place": "alerts-0@7", "type": "drift.opened", "why": "HTTP 400"}
    route = {"route": "team", "failing": None, "since": None, "undelivered": 3, "last_undelivered": last}
    told = "route team: 3 alerts given up; the last one is alerts-0@7, drift.opened: HTTP 400"
    assert told in shown(status(), routes=(route,))


def test_a_narrow_terminal_is_wide_enough() -> None:
    """In 80 columns no cell of a drifting monitor's tables is broken."""
    rows = ("feature ", "user_", "device", "role", "counter", "judge")
    narrow, wide = ([line for line in shown(DRIFTING, width=columns) if line.startswith(rows)] for columns in (80, 200))
    assert len(narrow) == 6
    assert narrow == wide


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration file."""
    path = tmp_path / "driftline.toml"
    path.write_text('[monitor]\nname = "m"\n[kafka]\nbootstrap_servers = ["127.0.0.1:9"]\n', encoding="utf-8")
    return path


def invoke(config: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the verb in this process; return its exit code, standard output and standard error."""
    done = CliRunner().invoke(app, ["status", "--config", str(config), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


def test_json_is_one_object_on_one_line(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is shown, and more, for pipes; reading it well is 0 whatever drifts."""
    monkeypatch.setattr(kafka_status, "look", lambda _settings: Seen((DRIFTING,), GROUPS))
    code, out, err = invoke(config, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    told = json.loads(out)
    assert (told["healthy"], told["monitors"][0]["drifting"]) == (True, DRIFTING["drifting"])


@pytest.mark.parametrize(("arguments", "expected"), [((), 0), (("--exit-code",), 3)])
def test_an_unhealthy_driftline_is_three_when_asked(
    config: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], expected: int
) -> None:
    """Without --exit-code the verb has done what it should: it told."""
    monkeypatch.setattr(kafka_status, "look", lambda _settings: Seen((), (GROUPS[0],), (), ("m.panes",)))
    code, out, _ = invoke(config, *arguments)
    assert code == expected
    assert "missing_topic: the topic m.panes does not exist" in out


def test_a_healthy_driftline_is_zero_with_exit_code(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drift is not ill health."""
    monkeypatch.setattr(kafka_status, "look", lambda _settings: Seen((DRIFTING,), GROUPS))
    assert invoke(config, "--exit-code")[0] == 0


def test_what_cannot_be_read_is_one_and_one_line(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the brokers and what failed."""

    def look(_settings: object) -> Seen:
        raise LogUnavailable("the monitor's state cannot be read: nobody there")

    monkeypatch.setattr(kafka_status, "look", look)
    said = "driftline: 127.0.0.1:9: the monitor's state cannot be read: nobody there\n"
    assert invoke(config) == (1, "", said)


def test_what_was_deleted_unread_is_said() -> None:
    """Offsets that were lost stand below the events, summed over the partitions of each topic."""
    told = shown(status(lost={"requests": {"0": 1_200, "1": 34}}))
    assert "lost       1,234 offsets of requests, deleted before they were read" in told
    assert not any(line.startswith("lost") for line in shown(status(lost={})))


def test_labels_have_a_chapter_where_there_are_any() -> None:
    """What became of predictions and labels, the share that got one, and how long they took."""
    ledger = JoinLedger(predictions=30, waiting=30)
    for _ in range(20):
        ledger.note_label("matched")
        ledger.delays.note(90_000)
    ledger.delays.note(-2_000)
    ledger.note_gone(Counter(expired=5))
    lines = shown(joined=ledger)
    assert "labels  80.0% of the predictions that wait no longer got their label" in lines
    assert "predictions 30 read: 5 waiting, 20 labelled, 5 unlabelled (expired)" in lines
    assert "labels      20 read: 20 matched" in lines
    assert "delay       1 min 26 s on average, -2 s to 1 min 30 s" in lines


def test_what_is_made_otherwise_in_the_events_has_its_lines():
    """Each change and since when; a status of an earlier release says nothing of it."""
    change = {"since": "2026-01-01T00:00:00Z", "reason": "schema_changed", "change": "`tier` appeared: text"}
    assert "schema     `tier` appeared: text, since 2026-01-01T00:00:00Z" in shown(status(schema=[change]))
    assert not any(line.startswith("schema") for line in shown(status()))
