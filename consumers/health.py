"""Facts become the answers of health probes: whether loops and routes step, and whether they can do their work."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from consumers.facts import Fact, LogUnanswered, PartitionsOwned, RecordsPolled, Stepped

# The time-outs within one step add up to less; a loop that shows nothing for longer hangs and must be started again.
LONGEST_STEP_S = 120.0
# A route's step waits for a service, too: one attempt may take two minutes, to connect and to be answered.
LONGEST_ROUTE_STEP_S = 300.0
# A step that takes longer waits for the log: working steps take a second or two.
WAITING_STEP_S = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe is told: whether all is well, and why not."""

    well: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Role:
    stepped_s: float
    owned: int = 0
    joined: bool = False
    stepped: bool = False
    unanswered: str | None = None
    # A route has a thread of its own, and its steps wait for a service.
    route: bool = False

    def hindrance(self, now_s: float) -> dict[str, str]:
        """Return why this loop cannot do its work just now; nothing when it can."""
        if self.unanswered is not None:
            return {"reason": "log_unavailable", "detail": self.unanswered}
        if not self.stepped:
            return {"reason": "starting", "detail": "no step has come to its end yet"}
        if not self.owned and not self.joined:
            return {"reason": "not_in_group", "detail": "not a member of its consumer group yet, or no more"}
        if not self.route and now_s - self.stepped_s > WAITING_STEP_S:
            return {"reason": "log_slow", "detail": f"the present step has waited for {now_s - self.stepped_s:.0f} s"}
        return {}


class Health:
    """What is known of each loop and each route; a frozen value per role, replaced by its thread and read by any."""

    def __init__(
        self, loops: Iterable[str], routes: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._roles = {role: _Role(clock()) for role in loops}
        self._roles |= {role: _Role(clock(), route=True) for role in routes}

    def note(self, fact: Fact) -> None:
        """See `Observer.note`."""
        if getattr(fact, "role", None) not in self._roles:
            return
        now_s = self._clock()
        match fact:
            case Stepped(role):
                self._roles[role] = replace(self._roles[role], stepped_s=now_s, stepped=True, unanswered=None)
            case LogUnanswered(role, why):
                self._roles[role] = replace(self._roles[role], stepped_s=now_s, unanswered=why)
            case PartitionsOwned(role, places):
                self._roles[role] = replace(self._roles[role], owned=len(places))
            case RecordsPolled(role, bool(joined)):
                self._roles[role] = replace(self._roles[role], joined=joined)

    def live(self) -> Answer:
        """Tell whether every thread still steps; where one does not, only a new process helps.

        One thread steps all loops in turn, and stays with one whose log does not answer: any step is a sign of its
        life. Each route is a thread of its own.
        """
        late_s, age_s, name = max(self._ages())
        body: dict[str, Any] = {"live": late_s <= 0, "last_step_seconds": round(age_s, 3)}
        if late_s > 0:
            body |= {"reason": "stuck", "detail": f"{name}no step has come to its end for {age_s:.0f} s"}
        return Answer(body["live"], body)

    def ready(self) -> Answer:
        """Tell whether every loop and every route is in its group and the log answers."""
        now_s, roles = self._clock(), dict(self._roles)
        hindrances = {role: state.hindrance(now_s) for role, state in roles.items()}
        partitions = {role: state.owned for role, state in roles.items() if not state.route}
        hindered = {role: hindrance for role, hindrance in hindrances.items() if hindrance}
        body: dict[str, Any] = {"ready": not hindered, "partitions_owned": partitions}
        if hindered:
            role, first = next(iter(hindered.items()))
            body |= {"reason": first["reason"], "detail": f"{role}: {first['detail']}", "roles": hindered}
        return Answer(not hindered, body)

    def _ages(self) -> Iterator[tuple[float, float, str]]:
        """Yield of each thread by how much its step is late, how long ago its last one ended (s), and its name."""
        now_s, roles = self._clock(), dict(self._roles)
        loops = [now_s - state.stepped_s for state in roles.values() if not state.route]
        if loops:
            yield min(loops) - LONGEST_STEP_S, min(loops), ""
        for role, state in roles.items():
            if state.route:
                age_s = now_s - state.stepped_s
                yield age_s - LONGEST_ROUTE_STEP_S, age_s, f"{role}: "
