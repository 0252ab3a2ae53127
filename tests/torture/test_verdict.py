"""The harness sees what it is there to see: any one thing wrong on the topics is a difference."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from consumers.assembly import assemble
from consumers.raw import RawBatch
from consumers.settings import load_settings
from stream.ledger import Ledger
from tests.torture.faults import Kind, draw, each_once
from tests.torture.monitor import write_monitor
from tests.torture.recount import Recount, count_batch, judge
from tests.torture.traffic import PARTITIONS, Traffic
from tests.torture.verdict import Found, differences, plain, sealed

TRAFFIC = Traffic(1, 12_000, 300)
Spoil = Callable[[Found], object]


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Recount:
    """Return the recount of a little traffic, as if it had been read from a topic."""
    config = write_monitor(tmp_path_factory.mktemp("verdict"), 1)
    assembly = assemble(load_settings(config, {}))
    logs: list[list[bytes | None]] = [[] for _ in range(PARTITIONS)]
    for sent in (*TRAFFIC.records(), *TRAFFIC.ends()):
        logs[sent.partition].append(sent.value)
    found = Recount(records=sum(map(len, logs)))
    decoder, tallier = assembly.new_decoder(), assembly.new_tallier()
    for partition, values in enumerate(logs):
        batch = RawBatch("events", partition, range(len(values)), values, [1_800_000_000_000] * len(values))
        found.newest_ms[partition] = count_batch(found, batch, decoder, tallier, None) or 0
    judge(assembly, found)
    return found


def undisturbed(wanted: Recount) -> Found:
    """Return topics on which everything is as it should be."""
    start, end, rows, status = wanted.windows[-1]
    ledger = wanted.ledger.to_dict()
    window = {"start_ms": start, "end_ms": end, "n": rows}
    return copy.deepcopy(
        Found(
            panes=wanted.panes,
            ledger=Ledger.from_dict(ledger),
            held={first: wanted.panes[first] for first in sorted(wanted.panes)[-2:]},
            remembered=Ledger.from_dict(ledger),
            status={"ledger": ledger, "window": window, "status": status},
            events=wanted.events,
            rejects=wanted.rejects,
        )
    )


def test_topics_as_they_should_be_show_no_difference(wanted: Recount) -> None:
    """An incident opens and resolves, every fate occurs, and nothing is reported."""
    assert {"drift.opened", "drift.resolved"} <= {event["type"] for event in wanted.events}
    assert wanted.ledger.balanced()
    assert wanted.windows[-1][1] == TRAFFIC.last_boundary_ms
    assert differences(wanted, undisturbed(wanted)) == []


def _first_pane(found: Found) -> int:
    return min(found.panes)


def _set_content(found: Found) -> None:
    found.events[0] = {**found.events[0], "summary": "another"}


SPOILT: dict[str, tuple[Spoil, str]] = {
    "lost pane": (lambda f: f.panes.pop(_first_pane(f)), "is missing"),
    "doubled counts": (lambda f: f.panes[_first_pane(f)].add(copy.deepcopy(f.panes[_first_pane(f)])), "rows, cells"),
    "one cell": (lambda f: f.panes[_first_pane(f)].counts.cells.__setitem__(3, 10**6), "differs in cells"),
    "one moment": (lambda f: f.panes[_first_pane(f)].counts.moments.__setitem__((0, 0), 1), "differs in moments"),
    "held pane": (lambda f: f.held[max(f.held)].offsets.clear(), "panes topic"),
    "ledger": (lambda f: f.ledger.add(Ledger(read=1, late=1)), "counts topic: ledger"),
    "memory": (lambda f: f.remembered.add(Ledger(read=1, late=1)), "judge's memory: ledger"),
    "status": (lambda f: f.status["window"].update(n=1), "status topic: last window"),
    "lost event": (lambda f: f.events.pop(0), "missing or different"),
    "doubled event": (lambda f: f.events.append(f.events[0]), "is there 2 times"),
    "content of an event": (_set_content, "not of an undisturbed run"),
    "order of events": (lambda f: f.events.reverse(), "in another order"),
    "lost reject": (lambda f: f.rejects.popitem(), "is missing"),
    "doubled reject": (lambda f: f.rejects.update(list(f.rejects)[:1]), "is there 2 times"),
}


def cut(wanted: Recount) -> Found:
    """Return topics whose counts were cut behind the judges, and some of whose panes were never written whole."""
    found = undisturbed(wanted)
    found.ledger, found.cut_to = Ledger(), 77
    found.panes.pop(_first_pane(found))
    found.windows = [*wanted.windows[3:5], wanted.windows[-1]]
    return found


SPOILT_WHEN_CUT: dict[str, tuple[Spoil, str]] = {
    "doubled counts": (lambda f: f.panes[_first_pane(f)].add(copy.deepcopy(f.panes[_first_pane(f)])), "sealed: pane"),
    "another pane": (lambda f: f.panes.update({7: copy.deepcopy(f.panes[_first_pane(f)])}), "not of the recount"),
    "another window": (lambda f: f.windows.append((*f.windows[0][:2], 1, "tested")), "is not of the recount"),
    "nothing cut": (lambda f: setattr(f, "cut_to", 0), "nothing was cut"),
    "no panes": (lambda f: f.panes.clear(), "never a sealed pane"),
    "memory": (lambda f: f.remembered.add(Ledger(read=1, late=1)), "judge's memory: ledger"),
}


def test_cut_counts_are_no_difference(wanted: Recount) -> None:
    """What cannot be added up any more is not missed; what is there is held against the recount."""
    assert differences(wanted, cut(wanted)) == []


@pytest.mark.parametrize("name", SPOILT_WHEN_CUT)
def test_one_thing_wrong_is_reported_when_counts_are_cut(name: str, wanted: Recount) -> None:
    """Panes and windows that are there, the ledger, and that anything was cut at all."""
    spoil, said = SPOILT_WHEN_CUT[name]
    found = cut(wanted)
    spoil(found)
    assert any(said in sentence for sentence in differences(wanted, found))


def test_only_panes_that_were_sealed_are_held_against_the_recount(
    stage: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """From the writings of a judge: each pane as it was when its window closed, and none that was still open."""
    made = stage(window="20s")
    made.feed(incident_lines)
    made.drain(made.counter(most_records=30), made.judge(most_records=1))
    found = sealed(made.log.pairs("panes"), made.assembly.layout)
    counted = made.counted()
    assert sorted(found) == sorted(counted)[:-1]
    assert [plain(found[start]) for start in found] == [plain(counted[start]) for start in found]


@pytest.mark.parametrize("name", SPOILT)
def test_one_thing_wrong_is_reported(name: str, wanted: Recount) -> None:
    """Lost, doubled or different: each is said, with where."""
    spoil, said = SPOILT[name]
    found = undisturbed(wanted)
    spoil(found)
    assert any(said in sentence for sentence in differences(wanted, found))


def test_a_seed_repeats_its_faults_and_its_traffic() -> None:
    """Equal seeds give equal plans, others give others; every kind is drawn."""
    assert draw(3, 200, 4.0) == draw(3, 200, 4.0) != draw(4, 200, 4.0)
    assert {fault.kind for fault in draw(3, len(Kind), 4.0)} == set(Kind)
    assert list(Traffic(3, 5_000, 500).records()) == list(Traffic(3, 5_000, 500).records())
    assert list(Traffic(3, 5_000, 500).records()) != list(Traffic(4, 5_000, 500).records())


def test_each_once_has_every_member_and_every_broker() -> None:
    """Two counters, a judge and three brokers are six faults with six victims."""
    faults = each_once(2, 1, 3, 1.0)
    victims = Counter(
        (fault.kind, fault.of({"KILL_COUNTER": 2, "KILL_JUDGE": 1}.get(fault.kind.name, 3))) for fault in faults
    )
    assert len(victims) == 6
