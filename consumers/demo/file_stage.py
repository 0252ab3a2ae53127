"""The stage without a broker: the machinery of ``driftline replay``, fed line by line as the day goes on."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from consumers.assembly import assemble
from consumers.demo.stage import Seen, Told
from consumers.raw import RawBatch
from consumers.replay import Replay
from consumers.settings import Settings


@contextmanager
def file_stage(settings: Settings) -> Iterator["FileStage"]:
    """Yield a stage whose thread ends with the block."""
    with ThreadPoolExecutor(1, thread_name_prefix="replay") as pool:
        stage = FileStage(settings, pool)
        try:
            yield stage
        finally:
            stage.end()


class FileStage:
    """Replays what it is sent in a thread of its own; owned by the thread that sends and looks."""

    def __init__(self, settings: Settings, pool: ThreadPoolExecutor) -> None:
        self._monitor = settings.monitor.name
        self._replay = Replay(assemble(settings))
        self._batches: SimpleQueue[RawBatch | None] = SimpleQueue()
        self._statuses: SimpleQueue[Told] = SimpleQueue()
        self._alerts: SimpleQueue[Told] = SimpleQueue()
        self._sent = 0
        self._drifting: list[str] = []
        self._working: Future[None] = pool.submit(self._work)

    def send(self, values: Sequence[bytes]) -> None:
        """See `Stage.send`."""
        offsets = range(self._sent, self._sent + len(values))
        self._batches.put(RawBatch("events.jsonl", 0, offsets, values))
        self._sent += len(values)

    def look(self, wait_s: float) -> Seen:
        """See `Stage.look`."""
        time.sleep(wait_s)
        if self._working.done():
            self._working.result()
        return Seen(_drained(self._statuses), _drained(self._alerts))

    def end(self) -> None:
        """Let the thread come to its end."""
        self._batches.put(None)

    def _work(self) -> None:
        for tick in self._replay.run(iter(self._batches.get, None)):
            for event in tick.events:
                self._alerts.put(event.to_dict())
                self._drifting = _drifting_after(event.to_dict(), self._drifting)
            status = {"monitor": self._monitor, "window": tick.window.to_dict(), "drifting": self._drifting}
            self._statuses.put({**status, "ledger": self._replay.ledger.to_dict()})


def _drifting_after(event: Told, before: list[str]) -> list[str]:
    if event["type"] == "drift.resolved":
        return []
    names = [feature["name"] for feature in event["features"]]
    return sorted(names) if event["type"].startswith("drift.") else before


def _drained(queue: "SimpleQueue[Any]") -> list[Any]:
    return [queue.get() for _ in range(queue.qsize())]
