"""Facts become the answers of health probes: whether the loops step, and whether they can do their work."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from consumers.facts import Fact, LogUnanswered, PartitionsOwned, RecordsPolled, Stepped

# The time-outs within one step add up to less; a loop that shows nothing for longer hangs and must be started again.
LONGEST_STEP_S = 120.0
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

    def hindrance(self, now_s: float) -> dict[str, str]:
        """Return why this loop cannot do its work just now; nothing when it can."""
        if self.unanswered is not None:
            return {"reason": "log_unavailable", "detail": self.unanswered}
        if not self.stepped:
            return {"reason": "starting", "detail": "no step has come to its end yet"}
        if not self.owned and not self.joined:
            return {"reason": "not_in_group", "detail": "not a member of its consumer group yet, or no more"}
        if now_s - self.stepped_s > WAITING_STEP_S:
            return {"reason": "log_slow", "detail": f"the present step has waited for {now_s - self.stepped_s:.0f} s"}
        return {}


class Health:
    """What is known of each loop; a frozen value per role, replaced by the loops' thread and read by any."""

    def __init__(self, roles: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._roles = {role: _Role(clock()) for role in roles}

    def note(self, fact: Fact) -> None:
        """See `Observer.note`."""
        if getattr(fact, "role", None) not in self._roles:
            # Of no loop, or of a route, which runs on a thread of its own and may wait for a service for long.
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
        """Tell whether the thread still steps; where it does not, only a new process helps.

        One thread steps all loops in turn, and stays with one whose log does not answer: any step is a sign of life.
        """
        age_s = self._clock() - max(state.stepped_s for state in self._roles.values())
        body: dict[str, Any] = {"live": age_s <= LONGEST_STEP_S, "last_step_seconds": round(age_s, 3)}
        if age_s > LONGEST_STEP_S:
            body |= {"reason": "stuck", "detail": f"no step has come to its end for {age_s:.0f} s"}
        return Answer(body["live"], body)

    def ready(self) -> Answer:
        """Tell whether every loop is in its group and the log answers."""
        now_s = self._clock()
        hindrances = {role: state.hindrance(now_s) for role, state in self._roles.items()}
        partitions = {role: state.owned for role, state in self._roles.items()}
        hindered = {role: hindrance for role, hindrance in hindrances.items() if hindrance}
        body: dict[str, Any] = {"ready": not hindered, "partitions_owned": partitions}
        if hindered:
            role, first = next(iter(hindered.items()))
            body |= {"reason": first["reason"], "detail": f"{role}: {first['detail']}", "roles": hindered}
        return Answer(not hindered, body)
