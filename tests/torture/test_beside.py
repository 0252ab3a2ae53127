"""The harness sees what joiners, servers and routes do wrong: any one thing is a difference."""

import copy
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from consumers.assembly import Assembly, assemble
from consumers.joiner import Joiner
from consumers.kafka_joins import new_pairer
from consumers.memory_follower import MemoryArchive, MemoryFollower
from consumers.memory_log import MemoryLog
from consumers.memory_source import MemorySink, MemorySource
from consumers.patience import Patience
from consumers.records import TapReport
from consumers.settings import Settings, load_settings
from consumers.tap.edge_reporter import EdgeReporter
from stream.join_ledger import JoinLedger
from tests.joining import drain
from tests.torture.delivered import delivery_differences
from tests.torture.joined import join_differences, rejoin
from tests.torture.monitor import write_monitor
from tests.torture.recount import Recount
from tests.torture.tapped import Journal, add_servers, journals
from tests.torture.traffic import PARTITIONS, Traffic

TRAFFIC = Traffic(3, 1_500, 300, taps=True)


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Return a monitor with labels."""
    config = write_monitor(tmp_path_factory.mktemp("beside"), 3, labels=True)
    return assemble(load_settings(config, {}))


class Lists:
    """Records by topic and partition, as a reader of committed ones sees them; they may be spoilt."""

    def __init__(self, log: MemoryLog, partitions: Mapping[str, int]) -> None:
        self.of = {
            (topic, partition): [
                SimpleNamespace(value=record.value, offset=offset, headers=record.headers)
                for offset, record in enumerate(log.records(topic, partition))
            ]
            for topic, number in partitions.items()
            for partition in range(number)
        }

    def read(self, topic: str, partition: int) -> list[Any]:
        """Return the records of a partition."""
        return self.of[topic, partition]


@pytest.fixture(scope="module")
def joined(assembly: Assembly) -> tuple[Settings, Lists, JoinLedger]:
    """Return what a joiner made of some traffic, and its ledger."""
    settings, ledger = assembly.settings, JoinLedger()
    assert settings.labels is not None
    topics = settings.topics
    partitions = dict.fromkeys((topics.events, topics.labels, topics.labelled), PARTITIONS) | {topics.rejects: 1}
    log = MemoryLog(partitions)
    for number, sent in enumerate(TRAFFIC.records()):
        log.append(topics.events, sent.value, partition=sent.partition, timestamp_ms=number)
        for label in sent.labels:
            log.append(topics.labels, label, partition=sent.partition, timestamp_ms=number)
    joiner = Joiner(
        MemorySource(log, topics.events, "joiners"),
        MemoryFollower(log, topics.labels),
        MemoryArchive(log),
        MemorySink(log),
        new_pairer(settings, settings.labels, PARTITIONS, tuple(one.name for one in assembly.baseline.features)),
        Patience(settings.labels.early_ms, float),
    )
    drain(joiner)
    for lane in joiner.lanes.values():
        ledger.add(lane.ledger)
    return settings, Lists(log, partitions), ledger


def _swap(records: list[Any]) -> None:
    records[0].value, records[1].value = records[1].value, records[0].value


JOINED_SPOILT: dict[str, tuple[Callable[[list[Any]], object], str]] = {
    "lost": (lambda records: records.pop(0), "is missing"),
    "doubled": (lambda records: records.append(records[0]), "is there 2 times"),
    "order": (_swap, "other contents, or in another order"),
    "content": (
        lambda records: setattr(records[0], "value", records[0].value.replace(b'"age":', b'"age":1')),
        "other contents",
    ),
}


def test_labels_as_they_should_be_show_no_difference(joined: tuple[Settings, Lists, JoinLedger]) -> None:
    """Every fate of a label occurs, and nothing is reported."""
    settings, lists, ledger = joined
    wanted = rejoin(settings, lists.read)
    assert min(wanted.ledger[fate] for fate in ("matched", "duplicate", "unmatched", "labels rejected")) > 0
    assert list(join_differences(settings, lists.read, wanted, ledger)) == []


@pytest.mark.parametrize("name", JOINED_SPOILT)
def test_one_labelled_event_that_is_wrong_is_reported(name: str, joined: tuple[Settings, Lists, JoinLedger]) -> None:
    """Lost, doubled, in another order or with other contents."""
    settings, lists, ledger = joined
    (spoil, said), spoilt = JOINED_SPOILT[name], copy.deepcopy(lists)
    wanted = rejoin(settings, lists.read)
    spoil(spoilt.of[settings.topics.labelled, 1])
    assert any(said in sentence for sentence in join_differences(settings, spoilt.read, wanted, ledger))


def test_a_lost_reject_and_a_wrong_ledger_of_labels_are_reported(joined: tuple[Settings, Lists, JoinLedger]) -> None:
    """Each by itself."""
    settings, lists, ledger = joined
    wanted, spoilt = rejoin(settings, lists.read), copy.deepcopy(lists)
    spoilt.of[settings.topics.rejects, 0] = []
    assert "reject of a label" in next(join_differences(settings, spoilt.read, wanted, ledger))
    ledger = copy.deepcopy(ledger)
    ledger.duplicate += 1
    assert "joiners' ledger" in next(join_differences(settings, lists.read, wanted, ledger))


class Reports:
    """A counts topic that keeps what a server sends."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def send(self, reports: Iterable[bytes]) -> None:
        """See `CountsLog.send`."""
        self.values += reports

    def close(self, timeout_s: float) -> None:
        """See `CountsLog.close`."""

    def forget(self) -> None:
        """See `CountsLog.forget`."""


@pytest.fixture
def reports(assembly: Assembly) -> tuple[list[bytes], dict[str, Journal]]:
    """Return five reports of a server, of 700 rows, and what it said."""
    log = Reports()
    reporter = EdgeReporter(assembly, log, 1.0, 10**8)
    rows = TRAFFIC.tapped("server-1")
    for number in range(5):
        reporter.count(list(islice(rows, 140)), lambda *_: None, 1_800_000_000_000, float(number))
        reporter.step(float(number))
    return log.values, {reporter.run: Journal("server-1", 700, 5)}


def _without(part: str, value: bytes) -> bytes:
    report = msgspec.msgpack.decode(value, type=TapReport)
    return msgspec.msgpack.encode(msgspec.structs.replace(report, **{part: [] if part == "panes" else 77}))


SERVERS_SPOILT: dict[str, tuple[Callable[[list[bytes], Journal], object], str]] = {
    "lost": (lambda values, _: values.pop(1), "reports are missing"),
    "told of more": (lambda _, journal: setattr(journal, "rows", 701), "it was told of 701"),
    "other panes": (lambda values, _: values.append(_without("panes", values.pop())), "reports of"),
    "other number": (lambda values, _: values.append(_without("sequence", values.pop())), "reports are missing"),
    "none at all": (lambda values, _: values.clear(), "no report of"),
    "asked something else": (lambda _, journal: setattr(journal, "server", "server-2"), "ledger"),
}


def test_reports_count_once_and_are_the_beginning_of_what_was_asked(
    assembly: Assembly, reports: tuple[list[bytes], dict[str, Journal]]
) -> None:
    """One that is there twice adds nothing; a server that was killed may have reported more than it was told of."""
    values, told = reports
    recounted = Recount()
    next(iter(told.values())).rows = 560
    figures, wrong = add_servers(recounted, assembly, [*values, values[-1]], TRAFFIC, told)
    assert wrong == []
    assert (figures["rows"], figures["repeated"], recounted.ledger.read, recounted.records) == (700, 1, 700, 700)
    assert sum(pane.counts.rows for pane in recounted.panes.values()) == recounted.ledger.counted > 0


@pytest.mark.parametrize("name", SERVERS_SPOILT)
def test_one_report_that_is_wrong_is_reported(
    name: str, assembly: Assembly, reports: tuple[list[bytes], dict[str, Journal]]
) -> None:
    """Lost, of other contents, or of a server that was asked something else."""
    (spoil, said), (values, told) = SERVERS_SPOILT[name], reports
    spoil(values, next(iter(told.values())))
    assert any(said in sentence for sentence in add_servers(Recount(), assembly, values, TRAFFIC, told)[1])


def test_reports_of_nobody_are_reported(assembly: Assembly, reports: tuple[list[bytes], dict[str, Journal]]) -> None:
    """What nobody sent must not be on the topic."""
    assert "whom nobody started" in add_servers(Recount(), assembly, reports[0], TRAFFIC, {})[1][0]


def test_what_servers_say_is_told_apart_by_their_runs(tmp_path: Path) -> None:
    """One that was killed and started again has said goodbye to its first run."""
    (tmp_path / "server-4.log").write_text("run a\nsettled 50 0\nsettled 25 0\nrun b\na warning\nsettled 7 0\n")
    told = journals(tmp_path.glob("*.log"))
    assert told == {"a": Journal("server-4", 75, 2), "b": Journal("server-4", 7, 1)}


def test_each_alert_is_delivered_as_it_was_published_and_in_order() -> None:
    """Twice is no difference; never, otherwise, from nowhere, or in another order is one."""
    one, two = {"id": "1", "summary": "a"}, {"id": "2", "summary": "b"}
    said = partial(delivery_differences, [one, two])
    assert list(said([one, one, two, one])) == []
    assert [*said([one])] == ["route: 2 was published and never delivered"]
    assert [*said([one, two, {"id": "3"}])] == ["route: 3 was delivered and never published"]
    assert [*said([one, two, {**one, "summary": "c"}])] == ["route: 1 was delivered with other contents"]
    assert [*said([two, one])] == ["route: alerts were delivered in another order than they were published"]
