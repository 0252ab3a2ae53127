"""Fixtures that every kind of test may ask for."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

from baselines import save
from baselines.fitting import FitOptions, fit
from consumers.assembly import Assembly, assemble
from consumers.book import Book
from consumers.counter import Counter, CounterOutlet
from consumers.facts import NOBODY, Observer
from consumers.idle import IdleWatch
from consumers.judge import Judge, JudgeTopics
from consumers.memory_log import MemoryLog
from consumers.memory_source import MemorySink, MemorySource
from consumers.observed import ObservedSink, ObservedSource
from consumers.records import PaneChunk, counts_partition, grow, read_counts_topic
from consumers.settings import load_settings
from stream.panes import Pane, PaneKey

# A deadline for each example would be a promise about the machine.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# What is left when the tests are over, a tap that nobody closed, has nobody to tell.
logging.getLogger("driftline").addHandler(logging.NullHandler())
RealMonitor = Callable[..., Path]
START_MS = 1_700_000_000_000
EVERY_MS = 10_000

_DATA_VARIABLE = "DRIFTLINE_TEST_DATA"
_REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout that the tests belong to."""
    return _REPOSITORY


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder with the real data sets; skip the test where there is none."""
    chosen = os.environ.get(_DATA_VARIABLE)
    folder = Path(chosen) if chosen else _REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: set {_DATA_VARIABLE} to the folder that holds them")
    return folder


@pytest.fixture(scope="session")
def real_monitor(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> RealMonitor:
    """Return ``make(name, every="100s", window="200s")``: fits a real set, returns its new driftline.toml.

    The monitor has the name of the set and the default decisions; categories coded as digits are declared, as a person
    who knows the data would.
    """

    def make(name: str, every: str = "100s", window: str = "200s") -> Path:
        kinds = json.loads((data_dir / name / "truth.json").read_text())["kinds"]
        categorical = frozenset(feature for feature, kind in kinds.items() if kind == "categorical")
        folder = tmp_path_factory.mktemp(name)
        save(fit([data_dir / name / "reference.csv.gz"], FitOptions(categorical=categorical)), folder / "baseline.json")
        config = folder / "driftline.toml"
        config.write_text(
            f"""[monitor]
name = "{name}"
[schedule]
every = "{every}"
window = "{window}"
[events]
timestamp = "ts"
id = "id"
features = "features"
"""
        )
        return config

    return make


@dataclass
class Stage:
    """One monitor over a log in memory: two partitions of ``events``, one of ``counts``, ``panes`` and the rest."""

    assembly: Assembly
    log: MemoryLog = field(
        default_factory=lambda: MemoryLog(
            {"events": 2, "counts": 1, "panes": 1, "alerts": 1, "status": 1, "rejects": 1}
        )
    )

    @property
    def counted_on(self) -> str:
        """What marks counts on this stage's baseline and schedule."""
        return self.assembly.schedule.counted_on(self.assembly.baseline.fingerprint)

    def counter(
        self,
        *,
        most_records: int = 150,
        idle_s: float = 60.0,
        clock: Callable[[], float] = float,
        observer: Observer = NOBODY,
        counts_partitions: int = 1,
    ) -> Counter:
        """Return a new member of the counters' group; its clock stands still unless another is given."""
        monitor = self.assembly.settings.monitor.name
        partition = counts_partition(monitor, counts_partitions)
        source = MemorySource(self.log, "events", "counters", most_records=most_records)
        return Counter(
            ObservedSource(source, "counter", observer),
            ObservedSink(MemorySink(self.log), "counter", observer),
            self.assembly.new_decoder(),
            self.assembly.new_tallier(),
            CounterOutlet("counts", counts_partitions, partition, "rejects", monitor, self.counted_on),
            IdleWatch(idle_s, clock),
            observer,
        )

    def judge(self, *, most_records: int = 20_000, observer: Observer = NOBODY) -> Judge:
        """Return a new member of the judges' group."""
        source = MemorySource(self.log, "counts", "judges", most_records=most_records)
        return Judge(
            ObservedSource(source, "judge", observer),
            ObservedSink(MemorySink(self.log), "judge", observer),
            JudgeTopics("panes", "alerts", "status"),
            self.book,
            lambda number: self.log.pairs("panes", number),
            observer=observer,
        )

    def book(self) -> Book:
        """Return a book that has taken nothing."""
        return self.assembly.new_book()

    def feed(self, events: list[bytes | None]) -> None:
        """Append events, each to the next partition."""
        for number, event in enumerate(events):
            self.log.append("events", event, partition=number % 2)

    def events(self) -> list[dict[str, Any]]:
        """Return the drift events that are published."""
        return [json.loads(record.value or b"") for record in self.log.records("alerts")]

    def counted(self) -> dict[int, Pane]:
        """Add up everything on the counts topic, pane by pane."""
        panes: dict[PaneKey, Pane] = {}
        for record in self.log.records("counts"):
            read = read_counts_topic(record.value or b"")
            if isinstance(read, PaneChunk):
                grow(panes, read, self.assembly.layout)
        return {start: pane for (_, start), pane in panes.items()}

    def remembered(self) -> Book:
        """Return what a judge would go on from."""
        book = self.book()
        book.restore(self.log.pairs("panes"))
        return book

    def drain(self, counter: Counter, judge: Judge) -> None:
        """Step both until everything is counted, judged and written."""
        for loop in (counter, judge):
            ends = loop.end_offsets()
            while not loop.caught_up(ends):
                loop.step(0.0)
        judge.finish()


def event_lines(panes: int, per_pane: int = 120, moved: range = range(0)) -> Iterator[bytes]:
    """Yield events of ``panes`` panes, evenly in time; in the panes ``moved``, ages rise and mobiles double."""
    rng = np.random.default_rng(7)
    for number in range(panes * per_pane):
        shifted = number // per_pane in moved
        features = {
            "age": round(float(rng.normal(48 if shifted else 40, 8)), 3),
            "device": "mobile" if rng.random() < (0.8 if shifted else 0.4) else "desktop",
        }
        time_ms = START_MS + number * EVERY_MS // per_pane
        yield json.dumps({"ts": time_ms, "id": str(number), "features": features}).encode()


@pytest.fixture(scope="session")
def stage_assembly(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Assembly]:
    """Return ``make(**settings)``: a monitor of age and device, every 10 s, from settings like ``lateness="1s"``.

    ``events`` and ``decision`` are whole tables in TOML's inline form.
    """

    def make(*, events: str = "", decision: str = "", **schedule: str) -> Assembly:
        folder = tmp_path_factory.mktemp("stage")
        rows = (json.loads(line)["features"] for line in event_lines(10))
        (folder / "training.csv").write_text(
            "age,device\n" + "".join(f"{row['age']},{row['device']}\n" for row in rows)
        )
        save(fit([folder / "training.csv"]), folder / "baseline.json")
        schedule = {"every": "10s", "window": "10s", "lateness": "1s"} | schedule
        lines = [
            '[monitor]\nname = "stage"',
            "[schedule]",
            *(f'{key} = "{value}"' for key, value in schedule.items()),
            f'[events]\ntimestamp = "ts"\nfeatures = "features"\n{events}',
            f"[decision]\n{decision}",
        ]
        (folder / "driftline.toml").write_text("\n".join(lines))
        return assemble(load_settings(folder / "driftline.toml", {}))

    return make


@pytest.fixture(scope="session")
def new_stage() -> type[Stage]:
    """Return what makes a stage of an assembly."""
    return Stage


@pytest.fixture
def stage(stage_assembly: Callable[..., Assembly]) -> Callable[..., Stage]:
    """Return ``make(**settings)``: a new log, and a monitor over it."""
    return lambda **settings: Stage(stage_assembly(**settings))


@pytest.fixture(scope="session")
def incident_lines() -> list[bytes]:
    """Return a stream in which drift opens and resolves: three panes as trained, four moved, five as trained."""
    return list(event_lines(12, moved=range(3, 7)))
