"""Processes that count by themselves and report to the counts topic: whose reports count, and who is still there.

A report is sent again until it is known to be written, so it may be there twice; its run and its number say so. A
process that dies says nothing, so each has a lease: after so much log time in silence nobody waits for it any more.

Log time counts for leases in small steps: between two records, never more than a quarter of a lease passes. While
Kafka is away nobody can write, and that must be nobody's silence; who writes first afterwards would end all others'
leases.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consumers.records import TapMemory, TapReport, TapRun
from consumers.source import Place
from stream.waiting_events import iso_or_none

# A run is known for so long after its last report; a tap begins another run before that (`consumers.tap.edge_run`).
REMEMBERED_MS = 86_400_000
# Of those that are over, so many are known at the same time at most.
_MOST_OVER = 1_000
_MOST_TOLD = 50
_STEPS_PER_LEASE = 4


def tap_place(run: str) -> Place:
    """Return where a run stands in the watermark; the colon keeps it apart from every topic."""
    return f"tap:{run}", 0


@dataclass(slots=True)
class Taps:
    """A function of the reports and log times that it is shown, in their order."""

    memory: TapMemory = field(default_factory=TapMemory)

    def pass_time(self, log_ms: int | None) -> None:
        """Let the leases' clock go on to the time of the record that is being taken; None: it stands still."""
        memory = self.memory
        if log_ms is None:
            return
        passed_ms = 0 if memory.log_ms is None else max(0, log_ms - memory.log_ms)
        longest_ms = min((run.lease_ms for run in memory.runs.values() if run.speaks), default=REMEMBERED_MS)
        memory.clock_ms += min(passed_ms, longest_ms // _STEPS_PER_LEASE)
        memory.log_ms = log_ms if memory.log_ms is None else max(log_ms, memory.log_ms)

    def take(self, report: TapReport) -> int | None:
        """Return how many reports are missing before this one; None when it was taken before, and must not count."""
        memory, known = self.memory, self.memory.runs.get(report.run)
        due = 0 if known is None else known.sequence + 1
        if report.sequence < due:
            memory.repeated += 1
            return None
        memory.lost += report.sequence - due
        memory.runs[report.run] = TapRun(report.sequence, memory.clock_ms, report.lease_ms, not report.closing)
        return report.sequence - due

    def lapsed(self) -> list[str]:
        """Return the runs whose leases have ended since this was asked last; forget those that ended long ago."""
        clock_ms, runs = self.memory.clock_ms, self.memory.runs
        ended = sorted(name for name, run in runs.items() if run.speaks and clock_ms - run.heard_ms > run.lease_ms)
        for name in ended:
            runs[name].speaks = False
        over = sorted((run.heard_ms, name) for name, run in runs.items() if not run.speaks)
        forgotten = [pair for pair in over if clock_ms - pair[0] > REMEMBERED_MS]
        for _, name in over[: max(len(forgotten), len(over) - _MOST_OVER)]:
            del runs[name]
        return ended

    def told(self, newest_ms: Mapping[Place, int | None], idle: set[Place]) -> dict[str, Any] | None:
        """Return what the status says of taps, given what the watermark knows of them; None before the first one."""
        memory = self.memory
        if not memory.runs and not memory.lost:
            return None
        speaking = sorted(name for name, run in memory.runs.items() if run.speaks)
        latest = [
            {"run": name, "newest": iso_or_none(newest_ms.get(tap_place(name))), "idle": tap_place(name) in idle}
            for name in speaking[:_MOST_TOLD]
        ]
        return {
            "reporting": len(speaking),
            "idle": sum(tap_place(name) in idle for name in speaking),
            "runs": latest,
            "lost_reports": memory.lost,
            "repeated_reports": memory.repeated,
        }
