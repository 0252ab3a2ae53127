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

from consumers.alerts.kafka_alerts import pin
from consumers.assembly import Assembly, assemble, assemble_performance
from consumers.errors import SettingsError
from consumers.routes.kafka_route import group_of
from consumers.settings import load_settings
from consumers.topics import ensure_topics
from tests.peers import Peer
from tests.torture.cluster import Brokers, Flow
from tests.torture.comparison import Outcome, compare, published
from tests.torture.faults import Fault, Kind, Role
from tests.torture.members import Fleet, Member
from tests.torture.monitor import DOOR, write_monitor
from tests.torture.tapped import Journal, journals
from tests.torture.traffic import Traffic
from tests.torture.verdict import latest_status, reached_ms

_TICK_S = 0.05
_STOPS_WITHIN_S = 10
# So many reports of one server outlast the leases of all others.
_REPORTS_TO_LAST = 12
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
    # Joiners of labels, routers to a service, and servers that count by themselves.
    joiners: int = 0
    routers: int = 0
    servers: int = 0
    # How long anything may take that the run waits for.
    within_s: float = 300.0
    # Counts are cut behind the judges, every second; so they cannot be added up in the end.
    cut_counts: bool = False

    def members(self) -> dict[Role, int]:
        """Return how many processes of each role there are."""
        loops: dict[Role, int] = {"counter": self.counters, "judge": self.judges, "joiner": self.joiners}
        return {**loops, "router": self.routers, "server": self.servers}


@dataclass(slots=True)
class Report:
    """What came of a run; no differences is what is promised."""

    faults: Counter[Kind] = field(default_factory=Counter)
    fault_log: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
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
        self._door = Peer()
        door = self._door.url if plan.routers else None
        config = write_monitor(folder, plan.traffic.seed, labels=plan.joiners > 0, door=door)
        settings = load_settings(config, environment)
        self._assembly: Assembly = assemble(settings)
        self._performance = assemble_performance(settings)
        self._assemblies = [one for one in (self._assembly, self._performance) if one is not None]
        self._fleet = Fleet(config, environment, folder, traffic=plan.traffic.arguments())
        if plan.cut_counts:
            self._fleet.program = (str(_CUTTING_OFTEN),)
        labels = settings.topics.labels if plan.joiners else None
        self._flow = Flow(brokers, f"{plan.name}.events", labels, plan.traffic, plan.per_s)
        # What a fault began is ended when its time comes: time, a number that breaks ties, what to do.
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._ties = itertools.count()
        self._began_s = time.monotonic()
        self.report = Report()

    def run(self) -> Report:
        """Do all of it. 1. Traffic and members begin. 2. Faults. 3. All catch up. 4. Compare."""
        with self._door:
            return self._run()

    def _run(self) -> Report:
        try:
            self._create()
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

    def _create(self) -> None:
        """Create topics, and let the route begin with the first alert of all."""
        settings = self._assembly.settings
        for topic in [settings.topics.events, *([settings.topics.labels] if self._performance else [])]:
            self._brokers.create_topic(topic)
        self._until(self._topics_are_there, "topics could not be created", every_s=0.5)
        if self._plan.routers:
            pin(settings, group_of(settings, DOOR))

    def _topics_are_there(self) -> bool:
        """Create driftline's topics; a broker may not have heard yet of what another has created."""
        try:
            ensure_topics(self._assembly.settings)
        except SettingsError:
            return False
        return True

    def _begin(self) -> None:
        """Begin; faults are for members that work: each monitor has tested a window.

        Servers come last. Before a counter has spoken a judge knows of no partition, and would wait for nobody else.
        """
        self._add("counter", "judge", "joiner", "router")
        self._flow.start()
        for assembly in self._assemblies:
            self._until(lambda one=assembly: bool(self._status(one)), "no window was tested", every_s=1.0)  # type: ignore[misc]
        self._add("server")
        self._flow.flow()

    def _add(self, *roles: Role) -> None:
        for role in roles:
            for _ in range(self._plan.members()[role]):
                self._fleet.add(role, self._now())

    def _commit(self, fault: Fault) -> None:
        role = fault.kind.role
        if role is None:
            self._until(lambda: not self._brokers.busy(), "brokers are not in sync")
            index = fault.of(len(self._brokers.kafka.nodes))
            self._note(fault, f"broker {index + 1}")
            self._brokers.kill(index, fault.lasts_s)
            return
        if fault.kind.name.startswith("ADD"):
            member = self._fleet.add(role, self._now())
            self._after(fault.lasts_s, lambda: self._fleet.stop(member, None))
        else:
            self._until(lambda: bool(self._fleet.running(role)), "no member came back")
            running = self._fleet.running(role)
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
        self._until(lambda: self._flow.drained, "traffic did not end")
        self._let_servers_go()
        self._flow.close_windows()
        self._until(lambda: self._flow.done, "traffic did not end")
        if self._flow.failed:
            self._say(f"{self._flow.failed} events were not acknowledged; the recount is of those on the topic")
        began = self._now()
        for assembly in self._assemblies:
            self._until(lambda one=assembly: self._has_all(one), "not caught up", every_s=1.0)  # type: ignore[misc]
        self.report.caught_up_s = self._now() - began
        if self._plan.routers:
            events = published(self._assembly, self._servers)
            self._until(lambda: {one["id"] for one in events} <= {came.json["id"] for came in self._door.came},
                        "not all alerts were delivered", every_s=0.5)  # fmt: skip

    def _has_all(self, assembly: Assembly) -> bool:
        return reached_ms(self._status(assembly)) >= self._plan.traffic.last_boundary_ms

    def _let_servers_go(self) -> None:
        """Stop servers; the last one goes when those that were killed are waited for no more.

        Leases end by the time of the log: somebody must write to it.
        """
        servers = [member for member in self._fleet.members if member.role == "server"]
        if not servers:
            return
        *others, last = servers
        self._until(lambda: last.running and all(member.running for member in others), "a server did not come back")
        for member in others:
            self._fleet.stop(member, None)
        self._until(lambda: not any(member in self._fleet.members for member in others), "a server did not stop")
        enough = sum(journal.reports for journal in self._journals().values()) + _REPORTS_TO_LAST
        self._until(lambda: sum(journal.reports for journal in self._journals().values()) >= enough,
                    "a server did not report", every_s=0.2)  # fmt: skip
        self._fleet.stop(last, None)
        self._until(lambda: last not in self._fleet.members, "a server did not stop")

    def _journals(self) -> dict[str, Journal]:
        return journals(self._fleet.folder.glob("server-*.log"))

    def _compare(self) -> None:
        for member in list(self._fleet.members):
            self._fleet.stop(member, None)
        deadline = self._now() + _STOPS_WITHIN_S
        while self._fleet.members and self._now() < deadline:
            self._fleet.tend(self._now())
            time.sleep(_TICK_S)
        self.report.differences += [f"{m.name} did not stop in {_STOPS_WITHIN_S} s" for m in self._fleet.members]
        told = self._journals() if self._plan.servers else None
        came = [request.json for request in self._door.came] if self._plan.routers else None
        outcome = compare(self._assembly, self._performance, self._servers, self._plan.traffic, told, came)
        self.report.outcome = outcome
        self.report.differences += outcome.differences
        self.report.differences += [f"unexpected error, see {log}" for log in self._fleet.tracebacks()]

    def _status(self, assembly: Assembly) -> dict[str, Any]:
        try:
            return latest_status(assembly, self._servers)
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
        deadline_s = self._now() + self._plan.within_s
        while not condition():
            if self._now() > deadline_s:
                self.report.differences.append(f"{complaint} after {self._plan.within_s:.0f} s")
                self._say(self.report.differences[-1])
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
