"""The alerts topic, for programs and for people: drift events as they are published.

The order of reading: ``kafka_alerts`` reads records, ``event`` makes events of them, ``interest`` picks, and
``subscription`` hands them to a loop.
"""

from consumers.alerts.event import NotAnEvent, read_event
from consumers.alerts.interest import Interest
from consumers.alerts.kafka_alerts import AlertRecord, KafkaAlerts, follow
from consumers.alerts.subscribe import subscribe
from consumers.alerts.subscription import AlertLog, Subscription
from consumers.source import LogRefused, LogUnavailable
from stream.drift_event import DriftEvent

__all__ = [
    "AlertLog",
    "AlertRecord",
    "DriftEvent",
    "Interest",
    "KafkaAlerts",
    "LogRefused",
    "LogUnavailable",
    "NotAnEvent",
    "Subscription",
    "follow",
    "read_event",
    "subscribe",
]
