"""Counts are cut behind the judge: below what it committed, now and then, and harmlessly where it cannot be."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from consumers.kafka_cut import CuttingSink
from consumers.sink import Outgoing
from consumers.source import LogUnavailable, Place, Position

FIRST, SECOND = ("counts", 0), ("counts", 1)


class Sink:
    """Takes every commit, until told to fail."""

    def __init__(self) -> None:
        self.failing = False
        self.closed = False

    def commit(self, records: Iterable[Outgoing], positions: Mapping[Place, Position], membership: Any) -> None:
        """Fail if told so."""
        if self.failing:
            raise LogUnavailable("no")

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class Scene:
    """A cutting sink, its clock, and the deletions asked for."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.kafka = Sink()
        self.deleted: list[Mapping[Place, int]] = []
        self.error: Exception | None = None
        self.sink = CuttingSink(self.kafka, self.delete, 60.0, lambda: self.now_s)

    def delete(self, behind: Mapping[Place, int]) -> None:
        """Fail as told, or remember what is to be deleted."""
        if self.error is not None:
            raise self.error
        self.deleted.append(behind)

    def commit(self, at_s: float, **offsets: int) -> None:
        """Commit offsets (``p0``, ``p1``) at a time."""
        self.now_s = at_s
        places = {"p0": FIRST, "p1": SECOND}
        self.sink.commit([], {places[name]: Position(offset) for name, offset in offsets.items()}, None)


@pytest.fixture
def scene() -> Scene:
    """Return a sink that cuts once a minute."""
    return Scene()


def test_the_log_is_cut_at_the_latest_commit_of_each_partition_once_in_a_while(scene: Scene) -> None:
    """Nothing before the time is up; then everything below the offsets just committed, of all partitions at once."""
    scene.commit(10, p0=5)
    scene.commit(59, p1=7)
    assert scene.deleted == []
    scene.commit(60, p0=9)
    assert scene.deleted == [{FIRST: 9, SECOND: 7}]
    scene.commit(100, p0=12)
    assert len(scene.deleted) == 1
    scene.commit(120, p0=20)
    assert scene.deleted[1:] == [{FIRST: 20}]


def test_what_was_not_committed_is_never_deleted(scene: Scene) -> None:
    """A commit that fails cuts nothing, not even what was committed before it; the next that succeeds does."""
    scene.commit(10, p0=5)
    scene.kafka.failing = True
    with pytest.raises(LogUnavailable):
        scene.commit(70, p0=9)
    assert scene.deleted == []
    scene.kafka.failing = False
    scene.commit(71, p1=2)
    assert scene.deleted == [{FIRST: 5, SECOND: 2}]


def test_a_deletion_that_fails_is_said_once_and_tried_again(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """The commit stands; after a deletion that succeeds another failure is said again."""
    scene.error = KafkaTimeoutError("slow")
    scene.commit(60, p0=5)
    scene.commit(120, p0=6)
    assert len(caplog.records) == 1
    scene.error = None
    scene.commit(180, p0=7)
    assert scene.deleted == [{FIRST: 7}]
    scene.error = KafkaTimeoutError("slow")
    scene.commit(240, p0=8)
    assert len(caplog.records) == 2


def test_closing_closes_the_sink_inside(scene: Scene) -> None:
    """Nothing is deleted on the way out."""
    scene.commit(1, p0=5)
    scene.sink.close()
    assert scene.kafka.closed
    assert scene.deleted == []
