"""A route's loop: what is told, in what order, what is given up, and what is remembered."""

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from consumers.alerts import AlertRecord, Interest
from consumers.facts import AlertRouted, Fact, RouteFailed
from consumers.routes.delivery import Delivery
from consumers.routes.history import History
from consumers.routes.post import Answer
from consumers.routes.request import Request
from consumers.routes.route import Route, Standing
from consumers.settings.routes import RouteSettings
from consumers.source import LogUnavailable, Place
from tests.unit.test_alerts_subscription import Shelf, value

DOWN, WRONG = Answer(delivered=False, why="HTTP 503"), Answer(delivered=False, why="HTTP 400", final=True)
WELL = Answer(delivered=True)


class Service:
    """Answers requests as it is told, then well; takes what it says well to."""

    def __init__(self, answers: Iterable[Answer] = (), stop_at: int | None = None) -> None:
        self._answers = list(answers)
        self.taken: list[dict[str, Any]] = []
        self.asked = self._paused = 0
        self._stop_at = stop_at

    def post(self, request: Request) -> Answer:
        """Answer."""
        self.asked += 1
        answer = self._answers.pop(0) if self._answers else WELL
        if answer.delivered:
            self.taken.append(json.loads(request.body))
        return answer

    def pause(self, _seconds: float) -> bool:
        """Tell whether to stop."""
        self._paused += 1
        return self._paused == self._stop_at


class Made:
    """A route over a list, with its service, its facts, and its standings as they were written."""

    def __init__(self, shelf: Shelf, service: Service, **how: Any) -> None:
        self.shelf, self.service = shelf, service
        self.facts: list[Fact] = []
        self.written: list[Standing] = []
        self.away = how.pop("away", 0)
        earlier, generation = how.pop("earlier", lambda *_: ()), how.pop("generation", lambda: 0)
        standing = how.pop("standing", Standing())
        settings = RouteSettings.model_validate({"kind": "webhook", "url": "http://x"} | how)
        self.route = Route(
            name="team", settings=settings, log=shelf, observer=self, memory=self.remember, standing=standing,
            history=History(Interest(("m",), settings.types, settings.min_severity), earlier),
            membership=generation, now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
        )  # fmt: skip
        clock = iter(range(10_000)).__next__
        self.route.delivery = Delivery(service.post, service.pause, 5.0, self.route.failed, lambda: float(clock()))

    def note(self, fact: Fact) -> None:
        """Remember facts of routes."""
        if isinstance(fact, AlertRouted | RouteFailed):
            self.facts.append(fact)

    def remember(self, standing: Standing) -> None:
        """Remember the standing, unless the log is away."""
        if self.away:
            self.away -= 1
            raise LogUnavailable("nobody answers")
        self.written.append(standing)

    def run(self) -> list[str]:
        """Step until nothing comes; return what was told."""
        while self.route.step(0.0):
            continue
        return [f"{event['incident']} {event['type'].split('.')[1]}" for event in self.service.taken]


def story(*told: tuple[str, str, str], monitor: str = "m") -> list[bytes | None]:
    """Return events of incidents: name, what happened, severity."""
    return [value(id=f"{i}{t}", incident=i, type=f"drift.{t}", severity=s, monitor=monitor) for i, t, s in told]


def test_what_is_wanted_is_delivered_in_order_and_the_rest_passed_over() -> None:
    """Other monitors' alerts and quiet incidents are not told; positions move over all of them."""
    values = story(("a", "opened", "critical"), ("b", "opened", "info"))
    values += [*story(("x", "opened", "critical"), monitor="other"), b"nonsense"]
    values += story(("b", "resolved", "info"), ("a", "resolved", "info"))
    made = Made(Shelf(values), Service(), min_severity="warning")
    assert made.run() == ["a opened", "a resolved"]
    assert made.shelf.committed == [1, 2, 3, 4, 5, 6]
    ended = [fact.outcome for fact in made.facts if isinstance(fact, AlertRouted)]
    assert ended == ["delivered", "not_an_event", "delivered"]


def test_an_event_that_fails_is_told_before_the_next_one() -> None:
    """The order of an incident is kept, whatever it takes; one line of status when it begins, one when it ends."""
    values = story(("a", "opened", "info"), ("a", "resolved", "info"))
    made = Made(Shelf(values), Service([DOWN, DOWN]))
    assert made.run() == ["a opened", "a resolved"]
    assert [(standing.failing, standing.since) for standing in made.written] == [
        ("HTTP 503", "2026-11-21T00:00:00Z"),
        (None, None),
    ]
    assert made.facts.count(RouteFailed("team")) == 2


def test_an_event_that_cannot_be_delivered_is_given_up_loudly(caplog: pytest.LogCaptureFixture) -> None:
    """In the log with its place, in the metrics, in the status; and the next event is delivered."""
    values = story(("a", "opened", "info"), ("b", "opened", "info"))
    made = Made(Shelf(values), Service([WRONG]))
    assert made.run() == ["b opened"]
    assert "team: drift.opened aopened (alerts-0@0) is given up (attempts: 1): HTTP 400" in caplog.text
    assert made.facts[0] == AlertRouted("team", "undelivered")
    given_up, well = made.written
    assert (given_up.failing, given_up.undelivered) == ("HTTP 400", 1)
    assert given_up.last_undelivered is not None
    assert {"id": "aopened", "place": "alerts-0@0", "why": "HTTP 400"}.items() <= given_up.last_undelivered.items()
    assert (well.failing, well.undelivered, well.last_undelivered) == (None, 1, given_up.last_undelivered)


def test_a_service_that_stays_away_does_not_hold_the_route_for_ever() -> None:
    """After the time in which an event is given up the next one is tried."""
    values = story(("a", "opened", "info"), ("b", "opened", "info"))
    made = Made(Shelf(values), Service([DOWN] * 5))
    assert made.run() == ["b opened"]
    assert made.shelf.committed == [1, 2]
    assert made.service.asked == 6


def test_what_is_given_up_is_counted_over_restarts() -> None:
    """The number goes on from what the status topic says."""
    made = Made(Shelf(story(("a", "opened", "info"))), Service([WRONG]), standing=Standing(undelivered=4))
    made.run()
    assert made.written[-1].undelivered == 5


def test_stopped_in_the_middle_the_event_is_told_by_the_next_owner() -> None:
    """No position is written for it, and nothing is given up."""
    made = Made(Shelf(story(("a", "opened", "info"))), Service([DOWN] * 9, stop_at=2))
    made.route.step(0.0)
    assert (made.service.taken, made.shelf.committed) == ([], [])
    assert all(isinstance(fact, RouteFailed) for fact in made.facts)


def test_a_status_that_could_not_be_written_is_written_later(caplog: pytest.LogCaptureFixture) -> None:
    """Deliveries do not wait for the status topic."""
    made = Made(Shelf(story(("a", "opened", "info"))), Service([WRONG]), away=1)
    made.run()
    assert [standing.undelivered for standing in made.written] == [1]
    assert "its status could not be written" in caplog.text


def test_a_position_that_could_not_be_written_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The next position covers it."""
    made = Made(Shelf(story(("a", "opened", "info"), ("b", "opened", "info")), refused=1), Service())
    assert made.run() == ["a opened", "b opened"]
    assert made.shelf.committed == [2]
    assert "rebalancing" in caplog.text


class Beginning:
    """A topic's records for those who read them again; away at first."""

    def __init__(self, values: list[bytes | None], away: int = 0) -> None:
        self.values, self.away, self.asked = values, away, list[tuple[int, int]]()

    def __call__(self, place: Place, start: int, end: int) -> Iterator[AlertRecord]:
        """Yield records from one offset up to another."""
        self.asked.append((start, end))
        if self.away:
            self.away -= 1
            raise LogUnavailable("nobody answers")
        for offset in range(start, end):
            yield AlertRecord(place, offset, self.values[offset])


class Resumed(Shelf):
    """A topic that is read from a position on."""

    def __init__(self, values: list[bytes | None], position: int) -> None:
        super().__init__(values)
        self._next = position


QUIET = [*story(("a", "opened", "info"), ("b", "opened", "critical")), b"?"]
QUIET += story(("a", "resolved", "info"), ("b", "resolved", "info"))


@pytest.mark.parametrize("position", range(6))
def test_wherever_another_process_goes_on_the_same_is_told(position: int) -> None:
    """What is told is a function of the topic: of quiet incidents no end is told, after a restart neither."""
    first = Made(Shelf(QUIET[:position]), Service(), min_severity="critical")
    second = Made(
        Resumed(QUIET, position), Service(), min_severity="critical", earlier=Beginning(QUIET), generation=lambda: 7
    )
    assert first.run() + second.run() == ["b opened", "b resolved"]


def test_what_another_member_read_meanwhile_is_made_up_for() -> None:
    """A member that stood by reads what came before its first record, and no more than once per rebalance."""
    generation, beginning = [1], Beginning(QUIET)
    shelf = Shelf(QUIET)
    made = Made(shelf, Service(), min_severity="critical", earlier=beginning, generation=lambda: generation[0])
    made.route.step(0.0)
    generation[0], shelf._next = 2, 3
    assert made.run() == ["b resolved"]
    assert beginning.asked == [(1, 3)]


def test_a_record_is_not_lost_when_its_history_cannot_be_read() -> None:
    """The step fails, and the next one begins with the same record."""
    beginning = Beginning(QUIET, away=1)
    made = Made(Resumed(QUIET, 4), Service(), min_severity="critical", earlier=beginning, generation=lambda: 7)
    with pytest.raises(LogUnavailable):
        made.route.step(0.0)
    assert made.run() == ["b resolved"]


def test_alertmanager_is_told_the_severity_that_was_told_before(caplog: pytest.LogCaptureFixture) -> None:
    """A rise ends the lower alert, the end names the last one."""
    caplog.set_level(logging.ERROR)
    told = story(("a", "opened", "warning"), ("a", "changed", "critical"), ("a", "resolved", "info"))
    made = Made(Shelf(told), Service(), kind="alertmanager")
    while made.route.step(0.0):
        continue
    labels = [[alert["labels"]["severity"] for alert in alerts] for alerts in made.service.taken]
    assert labels == [["warning"], ["critical", "warning"], ["critical"]]
