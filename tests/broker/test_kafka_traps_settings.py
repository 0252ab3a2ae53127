"""Kafka's traps of topics, groups and time, each met on a real broker; the numbers are those of docs/kafka-traps.md."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions
from kafka.structs import MemberState

import consumers.kafka_follower
import consumers.kafka_source
from consumers.counter import LARGEST_REJECT, reject_record
from consumers.errors import SettingsError
from consumers.follower import LabelsAt
from consumers.kafka_follower import KafkaFollower
from consumers.kafka_identity import TopicIdentity
from consumers.kafka_rebalance import RebalanceFlag
from consumers.kafka_status import look
from consumers.raw import Rejected
from consumers.records import pane_chunks
from consumers.settings import Settings, load_settings
from consumers.sink import Outgoing
from consumers.status import report
from consumers.topics import ensure_topics
from stream.schedule import Schedule
from tests.broker.trap_stage import Stage, counted, owned, polled, until, values
from tests.builders import layout_of, panes_of, rows_of

LONG_AGO_MS = 1_000_000_000_000
HOUR_MS = 3_600_000


@pytest.fixture
def settings(new_stage: Callable[..., Stage], tmp_path: Path) -> Settings:
    """Return the settings of a monitor of its own, whose topics are not there yet."""
    stage = new_stage()
    lines = [f'[monitor]\nname = "{stage.events}"\nbaseline = "baseline.json"', f'[topics]\nevents = "{stage.events}"']
    lines.append(f'alerts = "{stage.events}.alerts"\n[kafka]')
    path = tmp_path / "driftline.toml"
    path.write_text("\n".join([*lines, f"bootstrap_servers = {stage.options['bootstrap_servers']}".replace("'", '"')]))
    return load_settings(path, {})


def test_trap_5_a_transaction_that_nobody_ends_is_named(settings: Settings, new_stage: Callable[..., Stage]) -> None:
    """It holds back whoever reads committed records; the status says where it is and what to do."""
    ensure_topics(settings)
    lost = new_stage().producer(f"{settings.monitor.name}-lost")
    lost.begin_transaction()
    # On the panes topic: the broker stamps counts itself, and nothing there can look old.
    lost.send(settings.topics.panes, b"x", b"key", partition=0, timestamp_ms=LONG_AGO_MS).get(timeout=60)
    told = report(settings.monitor.name, look(settings), int(time.time() * 1000))
    [detail] = [problem["detail"] for problem in told["problems"] if problem["reason"] == "hanging_transaction"]
    assert f"{settings.topics.panes}-0" in detail
    assert "kafka-transactions.sh" in detail


def test_trap_9_the_first_events_of_a_new_partition_are_read(
    new_stage: Callable[..., Stage], produce: Callable[..., None], admin: KafkaAdminClient
) -> None:
    """A partition is added, and has events before anybody looks: it is found within seconds and read from its start."""
    stage = new_stage()
    source = stage.source()
    owned(source)
    polled(source)
    admin.create_partitions({stage.events: NewPartitions(2)})
    until(lambda: any(topic["partitions"][1:] for topic in admin.describe_topics([stage.events])))
    early = [b"early-%d" % number for number in range(6)]
    produce(stage.events, early, partitions=2)
    read: list[bytes] = []
    until(lambda: read.extend(values(polled(source)).get(1, [])) or len(read) == 3)
    assert read == early[1::2]
    assert source.partition_counts() == {stage.events: 2}


def test_trap_11_how_batches_fall_changes_no_byte() -> None:
    """Counts of numbers whose float sum depends on its order, in any two cuts: the same record, to the byte."""
    numbers = [0.1, 0.2, 0.3, 1e6, -1e6, 0.7] * 30
    layout = layout_of({"x": numbers, "c": ["a"] * len(numbers)})
    columns = {"x": numbers, "c": [f"new-{number}" for number in range(len(numbers))]}
    schedule = Schedule(HOUR_MS, HOUR_MS)

    def record(cuts: list[int]) -> list[bytes]:
        grown = []
        for start, end in zip([0, *cuts], [*cuts, len(numbers)], strict=True):
            part = {name: column[start:end] for name, column in columns.items()}
            grown += panes_of(layout, schedule, rows_of(layout, [0] * (end - start), part, first_offset=start))
        for pane in grown[1:]:
            grown[0].add(pane)
        return list(pane_chunks(grown[0], "counted"))

    assert record([]) == record([7, 8, 100]) == record([1, 170])


def test_trap_12_topics_are_created_so_that_state_stays_cheap_to_read(
    settings: Settings, admin: KafkaAdminClient
) -> None:
    """Panes are compacted soon and in small segments; counts are never deleted by age."""
    ensure_topics(settings)
    panes, counts = configs(admin, settings.topics.panes), configs(admin, settings.topics.counts)
    assert panes["cleanup.policy"] == "compact"
    assert int(panes["segment.bytes"]) <= 16_777_216
    assert int(panes["max.compaction.lag.ms"]) <= 600_000
    assert (counts["cleanup.policy"], counts["retention.ms"], counts["retention.bytes"]) == ("delete", "-1", "-1")


def configs(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    """Return a topic's settings as the broker has them."""
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    return {key: config["value"] for key, config in found["topic"][topic].items()}


def test_trap_13_a_blocked_member_is_missed_in_half_a_minute(
    new_stage: Callable[..., Stage], admin: KafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Partitions move cooperatively; a member is out of the group 30 s after its last poll, 6 s after its end."""
    asked: list[dict[str, Any]] = []

    class Watched(KafkaConsumer):
        def __init__(self, **settings: Any) -> None:
            asked.append(settings)
            super().__init__(**settings)

    monkeypatch.setattr(consumers.kafka_source, "KafkaConsumer", Watched)
    stage = new_stage()
    owned(stage.source())
    assert (asked[0]["max_poll_interval_ms"], asked[0]["session_timeout_ms"]) == (30_000, 6_000)
    assert admin.describe_groups([stage.group])[stage.group]["protocol_data"] == "cooperative-sticky"


def test_trap_13_a_second_signal_ends_a_member_that_is_blocked() -> None:
    """The first one asks a step that does not return to be the last one; the second does not ask."""
    script = (
        "import time; from consumers.cli.run import _stop_on_signals;"
        "_stop_on_signals(lambda: print('asked', flush=True)); print('ready', flush=True);"
        "time.sleep(60); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "asked\n"
        # Two signals at once may be one wish, passed on twice.
        time.sleep(0.7)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130


def test_trap_14_a_record_as_large_as_kafka_takes_can_be_rejected(
    new_stage: Callable[..., Stage], committed: Callable[..., list[Any]]
) -> None:
    """It is cut, or with its headers it would never fit and would come again for ever; its size and offset are told."""
    stage = new_stage()
    reject = Rejected(7, "bad_json", "no end", b"{" * 1_048_500)
    stage.sink().commit([reject_record(stage.counts, stage.place(), reject)], {}, None)
    [record] = committed(stage.counts)
    assert record.value == b"{" * LARGEST_REJECT
    headers = dict(record.headers)
    assert (headers["driftline_size"], headers["driftline_offset"]) == (b"1048500", b"7")


def test_trap_15_records_go_to_the_partition_that_is_named(
    new_stage: Callable[..., Stage], make_topic: Callable[..., str], committed: Callable[..., list[Any]]
) -> None:
    """The number is ours, not a hash of the key that changes with the number of partitions."""
    topic = make_topic("parted", partitions=3)
    records = [Outgoing(topic, b"key", b"%d" % number, partition=number) for number in range(3)]
    new_stage().sink().commit(records, {}, None)
    assert [counted(committed(topic, number)) for number in range(3)] == [[b"0"], [b"1"], [b"2"]]


def test_trap_15_counts_that_left_their_panes_are_refused(settings: Settings, admin: KafkaAdminClient) -> None:
    """Partitions were added to the counts alone: a start says so in a sentence, with both topics in it."""
    ensure_topics(settings)
    ensure_topics(settings)
    counts, panes = settings.topics.counts, settings.topics.panes
    admin.create_partitions({counts: NewPartitions(2)})
    until(lambda: len(admin.describe_topics([counts])[0]["partitions"]) == 2)
    with pytest.raises(SettingsError, match=f'"{panes}" has 1 partitions and "{counts}" 2'):
        ensure_topics(settings)


def test_trap_17_leaving_commits_nothing_and_a_rebalance_only_raises_a_flag(new_stage: Callable[..., Stage]) -> None:
    """A member that polled and then leaves has not moved its group; what is lost is not taken for revoked."""
    stage = new_stage()
    source = stage.source()
    owned(source)
    polled(source)
    source.close()
    assert stage.committed() == {}
    told = ("on_partitions_assigned", "on_partitions_revoked", "on_partitions_lost")
    assert set(told) <= set(vars(RebalanceFlag))
    for name in told:
        flag = RebalanceFlag()
        getattr(flag, name)([])
        assert flag.raised


def test_trap_18_what_is_written_carries_the_wall_clock(
    new_stage: Callable[..., Stage], committed: Callable[..., list[Any]]
) -> None:
    """Events of long ago are counted now: a record with their time would be deleted by age at once."""
    stage = new_stage()
    replayed = stage.producer(f"{stage.group}-replay")
    replayed.begin_transaction()
    replayed.send(stage.events, b"old", partition=0, timestamp_ms=LONG_AGO_MS)
    replayed.commit_transaction()
    before_ms = int(time.time() * 1000)
    source = stage.source()
    owned(source)
    batches = until(lambda: [batch for batch in polled(source).batches if LONG_AGO_MS in (batch.timestamps_ms or ())])
    stage.sink().commit([stage.record(value) for batch in batches for value in batch.values], {}, None)
    assert min(record.timestamp for record in committed(stage.counts)) >= before_ms


def test_trap_20_a_join_that_is_answered_between_two_polls_is_made_again(
    new_stage: Callable[..., Stage], admin: KafkaAdminClient
) -> None:
    """The client forgets the answer and that it was to join: it would keep what it had, and its group forget it."""
    stage = new_stage()
    source = stage.source()
    owned(source)
    admin.create_partitions({stage.events: NewPartitions(2)})

    def is_joining() -> bool:
        time.sleep(0.05)
        membership = source.poll(0.0).membership
        return membership is not None and membership.state == MemberState.REBALANCING

    until(is_joining)
    # The answer comes now, and nobody waits for it.
    time.sleep(1.0)
    until(lambda: len(owned(source)) == 2)


def test_trap_21_a_partition_that_was_left_out_is_read_to_its_end(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    bootstrap_servers: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is left out while the client has more of it, until the other one is read to its end: then all of it comes."""
    monkeypatch.setattr(consumers.kafka_follower, "MOST_RECORDS", 100)
    labels, options = make_topic("left-out", partitions=2), {"bootstrap_servers": bootstrap_servers}
    produce(labels, [b"label"] * 2_000, partitions=2)
    came: dict[tuple[str, int], list[int]] = {(labels, 0): [], (labels, 1): []}
    with contextlib.closing(KafkaFollower(labels, options, TopicIdentity(labels, options))) as follower:
        follower.follow(dict.fromkeys(came, LabelsAt(None, "")))

        def read(*left_out: tuple[str, int]) -> int:
            batches = follower.poll(0.1, left_out).batches
            for batch in batches:
                came[batch.topic, batch.partition] += batch.offsets
            return len(batches)

        until(read)
        first, other = sorted(came, key=lambda place: -len(came[place]))
        assert 0 < len(came[first]) < 1_000
        until(lambda: read(first) < 0 or len(came[other]) == 1_000)
        until(lambda: read() < 0 or follower.caught_up(follower.end_offsets()))
    assert list(came.values()) == [list(range(1_000))] * 2
