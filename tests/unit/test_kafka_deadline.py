"""Calls that may never end are given up in time, and otherwise are what they are."""

import threading

import pytest
from kafka.errors import KafkaTimeoutError

from consumers.kafka_deadline import within


def test_a_call_that_never_ends_is_given_up() -> None:
    """Who waits goes on with an error that may be tried again."""
    never = threading.Event()
    with pytest.raises(KafkaTimeoutError, match="no answer"):
        within(0.05, never.wait)
    never.set()


def test_a_call_that_ends_raises_what_it_raises() -> None:
    """Its own error, or nothing."""
    within(5.0, lambda: None)
    with pytest.raises(KeyError):
        within(5.0, lambda: {}["x"])
