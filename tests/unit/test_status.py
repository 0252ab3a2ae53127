"""What is said of monitors and of driftline itself follows from what was read, and from nothing else."""

import json
from dataclasses import replace
from typing import Any

import pytest

from consumers.status import GroupState, OpenTransaction, PartitionLag, Seen, report
from stream.join_ledger import JoinLedger

NOW_MS = 1_767_226_000_000  # 2026-01-01T00:06:40Z
LAGS = (PartitionLag("events", 0, 90, 100, 10), PartitionLag("events", 1, None, 7, 7))
COUNTERS = GroupState("counter", "prices-counter", "Stable", 2, LAGS)
JUDGES = GroupState("judge", "prices-judge", "Stable", 1)
WELL = Seen((), (COUNTERS, JUDGES))


def reasons(seen: Seen) -> list[str]:
    """Return why it is not healthy."""
    told = report("prices", seen, NOW_MS)
    assert told["healthy"] == (not told["problems"])
    return [problem["reason"] for problem in told["problems"]]


def test_members_in_both_groups_and_nothing_hanging_is_healthy() -> None:
    """Lag alone is no fault: it is shown, per group and per partition."""
    told = report("prices", WELL, NOW_MS)
    assert (told["healthy"], told["problems"]) == (True, [])
    assert [(group["role"], group["lag"]) for group in told["groups"]] == [("counter", 17), ("judge", 0)]
    assert told["groups"][0]["partitions"][1] == {
        "topic": "events",
        "partition": 1,
        "committed": None,
        "end": 7,
        "lag": 7,
    }
    assert json.loads(json.dumps(told)) == {**told, "groups": json.loads(json.dumps(told["groups"]))}


def test_a_group_without_members_is_told_by_its_role() -> None:
    """Nobody counting, or nobody judging, is the first thing to know."""
    seen = replace(WELL, groups=(COUNTERS, replace(JUDGES, state="Empty", members=0)))
    assert reasons(seen) == ["not_running"]
    assert "no judge is running" in report("prices", seen, NOW_MS)["problems"][0]["detail"]


def test_a_missing_topic_is_named() -> None:
    """A monitor that never ran, or a topic that somebody deleted."""
    assert reasons(replace(WELL, missing_topics=("prices.panes",))) == ["missing_topic"]


@pytest.mark.parametrize(
    ("age_ms", "ours", "hanging"),
    [(60_000, True, False), (60_001, True, True), (60_001, False, False), (900_001, False, True), (None, True, False)],
)
def test_a_transaction_hangs_only_past_its_time_out(age_ms: int | None, ours: bool, hanging: bool) -> None:
    """Ours are ended by the broker soon; a producer of events may take up to Kafka's longest time-out."""
    since_ms = None if age_ms is None else NOW_MS - age_ms
    seen = replace(WELL, transactions=(OpenTransaction("counts", 0, 5, since_ms, ours),))
    assert reasons(seen) == (["hanging_transaction"] if hanging else [])
    assert [found["hanging"] for found in report("prices", seen, NOW_MS)["transactions"]] == [hanging]


def test_the_watermark_is_told_with_its_distance_from_the_clock() -> None:
    """Informative only: replayed traffic lies years behind, and nothing is wrong with that."""
    statuses: tuple[dict[str, Any], ...] = ({"watermark": "2026-01-01T00:00:00.500Z"}, {"watermark": None})
    told = report("prices", replace(WELL, statuses=statuses), NOW_MS)
    assert [status["watermark_behind_s"] for status in told["monitors"]] == [399.5, None]
    assert told["healthy"]


def test_windows_that_wait_too_long_are_ill_health_of_their_monitor() -> None:
    """The partitions and since when, also before any window has ended; a monitor without waits has none."""
    place = {"topic": "events", "partition": 1, "newest": None}
    wait = {"since": "2026-01-01T00:00:00Z", "boundary": "2026-01-01T00:00:00Z", "partitions": [place]}
    record = {"monitor": "prices", "segment": {}, "waiting": {"stalled": wait}}
    assert reasons(replace(WELL, waits=(record,))) == ["stalled"]
    statuses = tuple({"watermark": None, "monitor": name, "segment": {}} for name in ("other", "prices"))
    told = report("prices", replace(WELL, statuses=statuses, waits=(record,)), NOW_MS)
    assert told["problems"][0]["detail"] == "windows of prices wait for events-1 since 2026-01-01T00:00:00Z"
    assert [status["waiting"] for status in told["monitors"]] == [{}, {"stalled": wait}]


def statuses_of(stage: Any) -> list[dict[str, Any]]:
    """Return everything that a judge wrote to the status topic."""
    return [json.loads(record.value) for record in stage.log.records("status")]


@pytest.fixture
def watched(stage: Any, incident_lines: list[bytes]) -> Any:
    """Return the stage after a stream in which drift opens and resolves, with a status per window."""
    made = stage()
    counter, judge = made.counter(), made.judge(most_records=1)
    for number in range(0, len(incident_lines), 60):
        made.feed(incident_lines[number : number + 60])
        made.drain(counter, judge)
    return made


@pytest.fixture
def judged(watched: Any) -> list[dict[str, Any]]:
    """Return the statuses of that stream."""
    return statuses_of(watched)


def test_the_status_tells_what_drifts_how_far_and_since_when(judged: list[dict[str, Any]]) -> None:
    """While the incident is open each member has severity, check, effect and floor; before and after there is none."""
    drifting = [status for status in judged if status["incident"]]
    assert drifting
    for status in drifting:
        assert [feature["name"] for feature in status["features"]] == sorted(
            status["drifting"], key=lambda name: next(-f["impact"] for f in status["features"] if f["name"] == name)
        )
        assert status["severity"] in ("info", "warning", "critical")
    first = drifting[0]
    assert {feature["name"] for feature in first["features"]} == {"age", "device"}
    assert all(feature["effect"] >= feature["threshold"] > 0 for feature in first["features"])
    assert first["since"] == min(feature["since"] for feature in first["features"])
    last = judged[-1]
    assert (last["incident"], last["features"], last["severity"], last["since"]) == (None, [], None, None)


def test_the_check_told_is_the_one_furthest_above_its_floor(watched: Any) -> None:
    """Status and drift event agree, and of a feature's checks the status tells the one that says most."""
    opened = next(event for event in watched.events() if event["type"] == "drift.opened")
    status = next(status for status in statuses_of(watched) if status["window"] == opened["window"])
    most = {
        feature["name"]: max(
            (check for check in feature["checks"] if check["drift"]),
            key=lambda check: check["effect"] / check["threshold"],
        )
        for feature in opened["features"]
    }
    told = {feature["name"]: (feature["check"], feature["effect"]) for feature in status["features"]}
    assert told == {name: (check["check"], check["effect"]) for name, check in most.items()}
    assert [feature["severity"] for feature in status["features"]] == [f["severity"] for f in opened["features"]]


def test_the_status_names_the_window_and_what_was_watched(judged: list[dict[str, Any]]) -> None:
    """Each has the version, the window with its events, and the ledger up to there."""
    for status in judged:
        assert (status["schema_version"], status["monitor"], status["features_watched"]) == (1, "stage", 2)
        assert status["window"]["n"] <= status["ledger"]["counted"] == status["ledger"]["read"]


def test_too_few_events_are_insufficient_since_their_first_window(stage: Any, incident_lines: list[bytes]) -> None:
    """A thin stream says since when nothing could be tested, and how many events a window needs."""
    made = stage()
    made.feed(incident_lines[::4])
    made.drain(made.counter(), made.judge())
    last = statuses_of(made)[-1]
    assert (last["status"], last["min_samples"], last["incident"]) == ("insufficient", 100, None)
    assert last["since"] < last["window"]["end"]


def test_the_status_is_a_function_of_the_log(stage: Any, incident_lines: list[bytes]) -> None:
    """Two judges over the same counts write the same bytes."""
    written = []
    for _ in range(2):
        made = stage()
        made.feed(incident_lines)
        made.drain(made.counter(), made.judge())
        written.append([record.value for record in made.log.records("status")])
    assert written[0] == written[1] != []


def test_a_route_that_fails_is_ill_health_with_its_reason() -> None:
    """Since when, and why; one that has given something up and works again is none."""
    failing = {"route": "team", "failing": "HTTP 503", "since": "2026-01-01T09:00:00Z", "undelivered": 0}
    for route, problems in ((failing, ["route_failing"]), ({**failing, "failing": None, "undelivered": 3}, [])):
        told = report("m", Seen((), (), routes=(route,)), 0)
        assert [problem["reason"] for problem in told["problems"]] == problems
        assert told["routes"] == [route]
    said = report("m", Seen((), (), routes=(failing,)), 0)["problems"][0]["detail"]
    assert said == "the route team has not delivered since 2026-01-01T09:00:00Z: HTTP 503"


def joined(**fates: int) -> JoinLedger:
    """Return a ledger of labels."""
    return JoinLedger(predictions=sum(fates.values()), labels=sum(fates.values()), **fates)


def test_what_became_of_labels_is_told_where_there_are_any() -> None:
    """The ledger of the lanes, as it is; nothing without labels."""
    assert report("prices", WELL, NOW_MS)["labels"] is None
    told = report("prices", replace(WELL, joined=joined(matched=3, duplicate=1)), NOW_MS)["labels"]
    assert (told["labels"]["matched"], told["labels"]["duplicate"]) == (3, 1)


@pytest.mark.parametrize(
    ("matched", "unmatched", "told"), [(49, 51, True), (50, 50, False), (0, 99, False), (0, 100, True)]
)
def test_labels_that_mostly_find_no_prediction_are_a_fault(matched: int, unmatched: int, told: bool) -> None:
    """Two topics keyed in different ways look just so; a few labels say nothing."""
    seen = replace(WELL, joined=joined(matched=matched, unmatched=unmatched))
    assert reasons(seen) == (["labels_unmatched"] if told else [])


def test_two_monitors_are_seen_as_one_whole() -> None:
    """What they share is told once."""
    open_one = OpenTransaction("rejects", 0, 5, None, ours=True)
    one = replace(WELL, transactions=(open_one,), missing_topics=("alerts",), joined=JoinLedger())
    both = one.beside(replace(WELL, transactions=(open_one,), missing_topics=("alerts", "counts")))
    assert (len(both.groups), both.transactions, both.missing_topics) == (4, (open_one,), ("alerts", "counts"))
    assert both.joined is one.joined
