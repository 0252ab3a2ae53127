"""The loops of one process: those that its role asks for, of the monitor of the events and of that of their labels."""

from collections.abc import Iterator
from dataclasses import dataclass

from consumers.assembly import Assembly
from consumers.errors import SettingsError
from consumers.facts import Observer
from consumers.kafka_joins import new_joiner
from consumers.kafka_loops import new_loop
from consumers.observed import ObservedLoop
from consumers.service import Loop

JOINER = "joiner"


@dataclass(frozen=True)
class Post:
    """One loop to run: a role of one of the monitors; ``name`` tells it from the others of its process."""

    role: str
    assembly: Assembly
    name: str

    def new_loop(self, observer: Observer) -> Loop:
        """Return the loop, a member of its group; ``observer`` is told its facts. Raises LogUnavailable, LogRefused."""
        settings = self.assembly.settings
        if self.role == JOINER and settings.labels is not None:
            return ObservedLoop(new_joiner(self.assembly, settings.labels, observer), JOINER, observer)
        return new_loop(self.role, self.assembly, observer)


def posts(role: str, assembly: Assembly, performance: Assembly | None) -> list[Post]:
    """Return what a role means: "all" is every loop there is work for; counters and judges are those of both monitors.

    Their order is that of the events' way, so that a burst passes on what it has read. The joiner is the loop of the
    events' monitor that feeds the other one. Raises SettingsError for a role that has nothing to do.
    """
    crew = list(_posts(role, assembly, performance))
    if not crew:
        why = {
            JOINER: "--role joiner joins labels, and there is no [labels]; write that table",
            "counter": 'topics.events is "": taps count, and a counter has nothing to read',
        }
        raise SettingsError(f"{assembly.settings.path}: {why[role]}")
    return crew


def _posts(role: str, assembly: Assembly, performance: Assembly | None) -> Iterator[Post]:
    if performance is not None and role in (JOINER, "all"):
        yield Post(JOINER, assembly, JOINER)
    for monitor, prefix in ((assembly, ""), (performance, "performance ")):
        for name in ("counter", "judge"):
            # Where taps count, there are no events to read.
            if monitor is not None and role in (name, "all") and (name == "judge" or monitor.settings.topics.events):
                yield Post(name, monitor, f"{prefix}{name}")
