"""Who is told how a process of ``driftline run`` is: its log, its health probes and its metrics."""

import logging
from collections.abc import Iterable, Sequence

from consumers.fact_log import FactLog
from consumers.facts import Observer, Observers, Renamed
from consumers.health import Health
from consumers.health_server import serve
from consumers.kafka_crew import Post
from consumers.metrics import Metrics
from consumers.routes.route import role_of
from consumers.telemetry import Telemetry

_log = logging.getLogger("driftline.run")


def watched(crew: Sequence[Post], routes: Iterable[str]) -> list[Observer]:
    """Serve metrics and health as the settings say; return who must be told for them, for each post of the crew.

    ``routes`` are delivered in this process, too; they are told of by the first post's observer.

    Health knows the posts by their names, the metrics by monitor and role.
    """
    metrics, health = Metrics(), Health((post.name for post in crew), map(role_of, routes))
    server = serve(crew[0].assembly.settings, health, metrics.registry)
    if server is None:
        return [FactLog() for _ in crew]
    _log.info("metrics and health at http://%s (/metrics, /healthz, /readyz)", server.address)
    telemetry = {
        post.assembly.settings.monitor.name: Telemetry(
            post.assembly.settings.monitor.name, post.assembly.baseline.fingerprint, metrics
        )
        for post in crew
    }
    return [
        Observers(
            [
                Renamed(Observers([FactLog(), health]), post.role, post.name),
                telemetry[post.assembly.settings.monitor.name],
            ]
        )
        for post in crew
    ]
