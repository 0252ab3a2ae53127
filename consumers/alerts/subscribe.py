"""The front door for programs that react to drift."""

import os
from collections.abc import Iterable
from pathlib import Path

from consumers.alerts.interest import Interest
from consumers.alerts.kafka_alerts import KafkaAlerts
from consumers.alerts.subscription import Subscription
from consumers.settings import Settings, load_settings


def subscribe(
    config: Settings | Path | str = "driftline.toml",
    *,
    group: str | None = None,
    monitors: Iterable[str] = (),
    types: Iterable[str] = (),
    min_severity: str = "info",
    from_beginning: bool = False,
    burst: bool = False,
) -> Subscription:
    """Follow the alerts topic that a configuration names; the environment's DRIFTLINE_* variables apply.

    With ``group``, a name of your own, every event comes at least once whatever becomes of your process: the group's
    position moves behind an event when the loop asks for the next one. Without, events come from now on, and what
    happens while you are away is missed. A new group begins now, too, or ``from_beginning``. The filters are those of
    `Interest`; ``burst`` ends at what is the end of the topic now.

    Raises SettingsError for a configuration that cannot be used, ValueError for a filter that is none, LogUnavailable
    and LogRefused when the topic cannot be read.
    """
    interest = Interest(monitors, types, min_severity)
    settings = config if isinstance(config, Settings) else load_settings(Path(config), os.environ)
    log = KafkaAlerts(settings, group, from_beginning=from_beginning)
    return Subscription(log, interest, remembers=group is not None, burst=burst)
