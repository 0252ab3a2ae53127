"""What may befall a monitor, drawn from a seed: the same seed gives the same faults in the same order."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Role = Literal["counter", "judge", "joiner", "router", "server"]
ROLES: tuple[Role, ...] = ("counter", "judge", "joiner", "router", "server")


class Kind(StrEnum):
    """What is done to one member or one broker."""

    KILL_COUNTER = "kill -9 of a counter"
    KILL_JUDGE = "kill -9 of a judge"
    STOP_COUNTER = "SIGTERM to a counter"
    STOP_JUDGE = "SIGTERM to a judge"
    ADD_COUNTER = "a counter more, for a while"
    ADD_JUDGE = "a judge more, for a while"
    PAUSE_COUNTER = "SIGSTOP of a counter, short"
    PAUSE_JUDGE = "SIGSTOP of a judge, short"
    FREEZE_COUNTER = "SIGSTOP of a counter past its session"
    FREEZE_JUDGE = "SIGSTOP of a judge past its session"
    KILL_JOINER = "kill -9 of a joiner"
    FREEZE_JOINER = "SIGSTOP of a joiner past its session"
    KILL_ROUTER = "kill -9 of a router"
    KILL_SERVER = "kill -9 of a server that counts"
    KILL_BROKER = "kill -9 of a broker"

    @property
    def role(self) -> Role | None:
        """Whose fault it is; None of a broker."""
        return next((role for role in ROLES if self.name.endswith(role.upper())), None)


# The session of a member ends after 6 s without a word from it.
_LASTS_S = {"KILL": (0.2, 3.0), "STOP": (0.2, 3.0), "ADD": (4.0, 12.0), "PAUSE": (0.5, 4.0), "FREEZE": (7.5, 11.0)}
_WEIGHTS = {
    Kind.KILL_COUNTER: 22,
    Kind.KILL_JUDGE: 18,
    Kind.STOP_COUNTER: 8,
    Kind.STOP_JUDGE: 7,
    Kind.ADD_COUNTER: 8,
    Kind.ADD_JUDGE: 4,
    Kind.PAUSE_COUNTER: 6,
    Kind.PAUSE_JUDGE: 4,
    Kind.FREEZE_COUNTER: 7,
    Kind.FREEZE_JUDGE: 5,
    Kind.KILL_JOINER: 9,
    Kind.FREEZE_JOINER: 3,
    Kind.KILL_ROUTER: 5,
    Kind.KILL_SERVER: 9,
    Kind.KILL_BROKER: 11,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """``after_s`` the one before; ``pick`` (0 to 1) chooses the victim among those there are; then it ``lasts_s``."""

    kind: Kind
    after_s: float
    pick: float
    lasts_s: float

    def of(self, count: int) -> int:
        """Return the number of the victim among ``count``."""
        return min(int(self.pick * count), count - 1)


def draw(seed: int, count: int, mean_gap_s: float, roles: Collection[Role] = ROLES) -> list[Fault]:
    """Return ``count`` faults of brokers and of these roles, the first of each kind early if there are enough."""
    rng = random.Random(seed)
    weights = {kind: weight for kind, weight in _WEIGHTS.items() if kind.role is None or kind.role in roles}
    kinds = list(weights) if count >= len(weights) else []
    rng.shuffle(kinds)
    kinds += rng.choices(list(weights), list(weights.values()), k=count - len(kinds))
    return [
        Fault(kind, rng.uniform(0.3, 1.7) * mean_gap_s, rng.random(), rng.uniform(*_LASTS_S[kind.name.split("_")[0]]))
        for kind in kinds
    ]


def each_once(counters: int, judges: int, brokers: int, gap_s: float) -> Sequence[Fault]:
    """Return kill -9 of every counter, every judge and every broker, in turn."""
    victims = [(Kind.KILL_COUNTER, counters), (Kind.KILL_JUDGE, judges), (Kind.KILL_BROKER, brokers)]
    return [Fault(kind, gap_s, (number + 0.5) / count, 1.0) for kind, count in victims for number in range(count)]
