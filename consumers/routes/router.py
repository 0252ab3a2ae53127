"""The router: every route of a configuration on a thread of its own, so that none waits for another's service."""

import logging
import random
import threading
from collections.abc import Callable
from contextlib import closing

from consumers.alerts.kafka_alerts import pin
from consumers.facts import LogUnanswered, Observer
from consumers.routes.kafka_route import KafkaRoute, group_of
from consumers.routes.route import role_of
from consumers.settings import Settings
from consumers.source import LogRefused, LogUnavailable

_WAIT_S = 0.5
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 60.0
_log = logging.getLogger("driftline.routes")


class Router:
    """Starts routes and ends them; ``died`` is called when one ends by a fault of ours, on its thread."""

    def __init__(self, settings: Settings, observer: Observer, died: Callable[[], None] = lambda: None) -> None:
        self._settings, self._observer, self._died = settings, observer, died
        self._stopping, self._finishing = threading.Event(), threading.Event()
        self.dead: list[str] = []
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"route-{name}", daemon=True)
            for name in settings.routes
        ]

    def start(self) -> None:
        """Mark where new groups begin, then begin. Raises LogUnavailable or LogRefused."""
        for name in self._settings.routes:
            pin(self._settings, group_of(self._settings, name))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask every route to end; what it works on just now is told again by the next owner. Safe from any thread."""
        self._stopping.set()

    def finish(self) -> None:
        """Ask every route to end when what is on the topic now is delivered or given up."""
        self._finishing.set()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for the routes to end."""
        for thread in self._threads:
            thread.join(timeout_s)

    def wait(self) -> None:
        """Wait until stopped, or until one route died."""
        self._stopping.wait()

    def _run(self, name: str) -> None:
        done = False
        try:
            self._patiently(name)
            done = True
        finally:
            if not done:
                # The traceback is on its way to standard error.
                self.dead.append(name)
                self.stop()
                self._died()

    def _patiently(self, name: str) -> None:
        """Open the route, and again with growing pauses while Kafka is away or refuses us."""
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                with closing(KafkaRoute(self._settings, name, self._observer, self._stopping)) as opened:
                    _log.info("%s: routes %s to %s", name, self._settings.topics.alerts, opened.route.settings.kind)
                    self._step(opened)
            except (LogUnavailable, LogRefused) as error:
                _log.warning("%s: %s; trying again in %.1f s", name, error, wait_s)
                self._observer.note(LogUnanswered(role_of(name), str(error)))
                self._stopping.wait(wait_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            else:
                return

    def _step(self, opened: KafkaRoute) -> None:
        marked = False
        while not self._stopping.is_set():
            if self._finishing.is_set() and not marked:
                opened.log.mark_end()
                marked = True
            if not opened.route.step(_WAIT_S) and marked and opened.log.at_end():
                return
