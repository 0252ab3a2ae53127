"""Trying until it is delivered or given up: with growing, jittered pauses, and as long as the other end asks."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from consumers.routes.post import Answer
from consumers.routes.request import Request

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
# A process that says nothing for longer is taken for one that hangs.
_SLICE_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an event's delivery ended, and after how many attempts."""

    delivered: bool
    attempts: int
    why: str = ""


class Delivery:
    """Delivers requests one at a time.

    ``post`` makes one attempt; ``pause`` waits for so many seconds and tells whether to stop meanwhile; ``failed`` is
    told of every attempt that failed, with the pause that follows.
    """

    def __init__(
        self,
        post: Callable[[Request], Answer],
        pause: Callable[[float], bool],
        give_up_after_s: float,
        failed: Callable[[str, float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._post, self._pause, self._failed, self._clock = post, pause, failed, clock
        self._give_up_after_s = give_up_after_s

    def deliver(self, request: Request) -> Outcome | None:
        """Return how it ended; None when stopped before it did. The last attempt is made when the time is up."""
        deadline_s = self._clock() + self._give_up_after_s
        attempts, wait_s = 0, _FIRST_WAIT_S
        while True:
            answer, attempts = self._post(request), attempts + 1
            left_s = deadline_s - self._clock()
            if answer.delivered or answer.final or left_s <= 0:
                return Outcome(answer.delivered, attempts, answer.why)
            # Jitter: many routes must not come back to a service in step.
            pause_s = min(left_s, max(answer.wait_s, wait_s * random.uniform(0.5, 1.0)))  # noqa: S311  # no secret
            self._failed(answer.why, pause_s)
            if self._pause(pause_s):
                return None
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def pausing(stopped: Callable[[float], bool], alive: Callable[[], None]) -> Callable[[float], bool]:
    """Return a pause that calls ``alive`` every few seconds; ``stopped`` waits, and tells whether to end meanwhile."""

    def pause(seconds: float) -> bool:
        left_s = seconds
        while left_s > 0:
            if stopped(min(left_s, _SLICE_S)):
                return True
            alive()
            left_s -= _SLICE_S
        return False

    return pause
