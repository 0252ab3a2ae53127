"""One run: traffic flows, faults happen, everything catches up, and what is on the topics is held against a recount."""

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka.errors import KafkaError

from consumers.assembly import Assembly, assemble
from consumers.settings import load_settings
from tests.torture.cluster import Brokers, Flow
from tests.torture.faults import Fault, Kind
from tests.torture.members import Fleet, Member
from tests.torture.recount import Recount, recount
from tests.torture.traffic import Traffic, write_monitor
from tests.torture.verdict import differences, found_on, latest_status, tested_to_ms

_TICK_S = 0.05
_CATCHES_UP_WITHIN_S = 300
_STOPS_WITHIN_S = 10
_CUTTING_OFTEN = Path(__file__).with_name("cutting_often.py")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run consists of; equal plans have equal traffic and equal faults."""

    traffic: Traffic
    faults: Sequence[Fault]
    per_s: float
    name: str = "torture"
    counters: int = 2
    judges: int = 2
    # Counts are cut behind the judges, every second; so they cannot be added up in the end.
    cut_counts: bool = False


@dataclass(slots=True)
class Report:
    """What came of a run; no differences is what is promised."""

    faults: Counter[Kind] = field(default_factory=Counter)
    fault_log: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    recount: Recount = field(default_factory=Recount)
    panes_compared: int = 0
    faults_s: float = 0.0
    caught_up_s: float = 0.0


class Run:
    """A monitor under faults; ``brokers`` outlive it."""

    def __init__(self, plan: Plan, brokers: Brokers, folder: Path, say: Say) -> None:
        self._plan, self._brokers, self._say = plan, brokers, say
        self._servers = brokers.kafka.bootstrap_servers
        environment = {
            "DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS": ",".join(self._servers),
            "DRIFTLINE_MONITOR__NAME": plan.name,
            "DRIFTLINE_TOPICS__EVENTS": f"{plan.name}.events",
            "DRIFTLINE_TOPICS__CUT_COUNTS": str(plan.cut_counts).lower(),
        }
        config = write_monitor(folder, plan.traffic.seed)
        self._assembly: Assembly = assemble(load_settings(config, environment))
        self._fleet = Fleet(config, environment, folder)
        if plan.cut_counts:
            self._fleet.program = (str(_CUTTING_OFTEN),)
        self._flow = Flow(brokers, f"{plan.name}.events", plan.traffic, plan.per_s)
        # What a fault began is ended when its time comes: time, a number that breaks ties, what to do.
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._ties = itertools.count()
        self._began_s = time.monotonic()
        self.report = Report()

    def run(self) -> Report:
        """Do all of it. 1. Traffic and members begin. 2. Faults. 3. All catch up. 4. Compare."""
        self._brokers.create_topic(f"{self._plan.name}.events")
        try:
            self._begin()
            for fault in self._plan.faults:
                self._wait(fault.after_s)
                self._commit(fault)
            self.report.faults_s = self._now()
            self._recover()
            self._compare()
        finally:
            self._fleet.end()
        self.report.ended = self._fleet.ended
        return self.report

    def _begin(self) -> None:
        for _ in range(self._plan.counters):
            self._fleet.add("counter", self._now())
        for _ in range(self._plan.judges):
            self._fleet.add("judge", self._now())
        self._flow.start()
        # Faults are for members that work: the first window has been tested.
        self._until(lambda: bool(self._status()), "the first window was not tested", every_s=1.0)

    def _commit(self, fault: Fault) -> None:
        if fault.kind is Kind.KILL_BROKER:
            self._until(lambda: not self._brokers.busy(), "brokers are not in sync")
            index = fault.of(len(self._brokers.kafka.nodes))
            self._note(fault, f"broker {index + 1}")
            self._brokers.kill(index, fault.lasts_s)
            return
        if fault.kind.name.startswith("ADD"):
            member = self._fleet.add(fault.kind.role, self._now())
            self._after(fault.lasts_s, lambda: self._fleet.stop(member, None))
        else:
            self._until(lambda: bool(self._fleet.running(fault.kind.role)), "no member came back")
            running = self._fleet.running(fault.kind.role)
            member = running[fault.of(len(running))]
            self._befall(member, fault)
        self._note(fault, member.name)

    def _befall(self, member: Member, fault: Fault) -> None:
        again_s = self._now() + fault.lasts_s
        match fault.kind.name.split("_")[0]:
            case "KILL":
                self._fleet.kill(member, again_s)
            case "STOP":
                self._fleet.stop(member, again_s)
            case _:
                self._fleet.freeze(member)
                self._after(fault.lasts_s, lambda: self._fleet.thaw(member))

    def _recover(self) -> None:
        """Let traffic end and everybody catch up."""
        self._flow.hurry()
        self._until(lambda: not self._later and not self._brokers.busy(), "the last fault did not end")
        self._until(lambda: self._flow.done, "traffic did not end")
        if self._flow.failed:
            self._say(f"{self._flow.failed} events were not acknowledged; the recount is of those on the topic")
        began, boundary_ms = self._now(), self._plan.traffic.last_boundary_ms
        self._until(lambda: tested_to_ms(self._status()) >= boundary_ms, "not caught up", every_s=1.0)
        self.report.caught_up_s = self._now() - began

    def _compare(self) -> None:
        for member in list(self._fleet.members):
            self._fleet.stop(member, None)
        deadline = self._now() + _STOPS_WITHIN_S
        while self._fleet.members and self._now() < deadline:
            self._fleet.tend(self._now())
            time.sleep(_TICK_S)
        self.report.differences += [f"{m.name} did not stop in {_STOPS_WITHIN_S} s" for m in self._fleet.members]
        self.report.recount = recount(self._assembly, self._servers)
        found = found_on(self._assembly, self._servers)
        self.report.panes_compared = len(found.panes)
        self.report.differences += differences(self.report.recount, found)
        self.report.differences += [f"unexpected error, see {log}" for log in self._fleet.tracebacks()]

    def _status(self) -> dict[str, Any]:
        try:
            return latest_status(self._assembly, self._servers)
        except KafkaError:
            # The topic is not there yet.
            return {}

    def _now(self) -> float:
        return time.monotonic() - self._began_s

    def _after(self, delay_s: float, action: Callable[[], object]) -> None:
        heapq.heappush(self._later, (self._now() + delay_s, next(self._ties), action))

    def _wait(self, duration_s: float) -> None:
        end_s = self._now() + duration_s
        while self._now() < end_s:
            self._tend()

    def _tend(self) -> None:
        while self._later and self._later[0][0] <= self._now():
            heapq.heappop(self._later)[2]()
        self._fleet.tend(self._now())
        time.sleep(_TICK_S)

    def _until(self, condition: Callable[[], bool], complaint: str, *, every_s: float = 0.0) -> None:
        """Look after everything until something is so; a difference when that takes too long."""
        deadline_s = self._now() + _CATCHES_UP_WITHIN_S
        while not condition():
            if self._now() > deadline_s:
                self.report.differences.append(f"{complaint} after {_CATCHES_UP_WITHIN_S} s")
                return
            self._wait(every_s)
            self._tend()

    def _note(self, fault: Fault, victim: str) -> None:
        self.report.faults[fault.kind] += 1
        number = self.report.faults.total()
        line = (
            f"{self._now():7.1f} s  {number:3d} {fault.kind}: {victim}, {fault.lasts_s:.1f} s; sent {self._flow.sent}"
        )
        self.report.fault_log.append(line)
        self._say(line)
