"""`driftline alerts` on a real topic: what is there, what comes, and what is said when there is none."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer


@pytest.fixture
def judged(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    command_line: Callable[..., Any],
    stage_assembly: Callable[..., Any],
    incident_lines: list[bytes],
) -> tuple[str, Any]:
    """Return a topic whose stream, with an incident in it, was counted and judged; and its command line."""
    topic = make_topic("alerts", partitions=2)
    produce(topic, incident_lines, partitions=2)
    driftline = command_line(stage_assembly().settings.path, topic)
    driftline.run("run", "--burst")
    return topic, driftline


def test_alerts_are_what_is_on_the_topic(
    judged: tuple[str, Any], committed: Callable[..., list[Any]], bootstrap_servers: list[str]
) -> None:
    """--json is the committed records byte for byte, oldest first; an aborted transaction is never shown."""
    topic, driftline = judged
    values = [record.value for record in committed(f"{topic}.alerts")]
    assert [json.loads(value)["type"] for value in values] == ["drift.opened", "drift.resolved"]
    aborted = KafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=f"{topic}-aborted")
    aborted.init_transactions()
    aborted.begin_transaction()
    aborted.send(f"{topic}.alerts", b'{"never": "committed"}').get(timeout=20)
    aborted.abort_transaction()
    aborted.close()
    shown = driftline.run("alerts", "--from-beginning", "--burst", "--json").stdout
    assert shown == b"\n".join(values) + b"\n"
    for_people = driftline.run("alerts", "--from-beginning", "--burst").stdout.decode()
    assert for_people.count("drift.opened") == for_people.count("drift.resolved") == 1


def test_followed_alerts_are_those_that_come(judged: tuple[str, Any], produce: Callable[..., None]) -> None:
    """Without --from-beginning what was there is passed over, and the next event is shown when it comes."""
    topic, driftline = judged
    assert driftline.run("alerts", "--burst", "--json").stdout == b""
    process = driftline.start("alerts", "--json")
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline()))
    reader.start()
    try:
        for number in range(60):
            produce(f"{topic}.alerts", [b'{"number": %d}' % number])
            reader.join(timeout=0.5)
            if not reader.is_alive():
                break
    finally:
        process.kill()
        process.communicate()
        reader.join()
    assert b'{"number": ' in lines[0]


def test_a_topic_that_is_not_there_is_named(
    make_topic: Callable[..., str], command_line: Callable[..., Any], stage_assembly: Callable[..., Any]
) -> None:
    """Exit 1 with one line that says who creates it."""
    topic = make_topic("silent")
    process = command_line(stage_assembly().settings.path, topic).start("alerts", "--burst")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = told.decode().splitlines()
    assert f'"{topic}.alerts" does not exist' in line


def test_a_topic_that_is_not_there_yet_is_waited_for(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    command_line: Callable[..., Any],
    stage_assembly: Callable[..., Any],
    admin: KafkaAdminClient,
) -> None:
    """Begun before `driftline run`: said once on standard error, then the first event is shown, none is missed."""
    topic = make_topic("early")
    process = command_line(stage_assembly().settings.path, topic).start("alerts", "--json")
    try:
        assert b"waiting for it" in process.stderr.readline()
        admin.create_topics({f"{topic}.alerts": {"num_partitions": 1}}, wait_for_metadata=True)
        produce(f"{topic}.alerts", [b'{"number": 1}'])
        assert process.stdout.readline() == b'{"number": 1}\n'
    finally:
        process.kill()
        _, told = process.communicate()
    assert told == b""
