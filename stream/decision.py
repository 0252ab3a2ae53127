"""Who may speak in a tick: all its tests are one family, corrected together; size is asked beside significance.

A test is drift only when its effect reaches its floor *and* its corrected p-value its level. Tests under their floor
count in the family with p = 1, so they need no p-value. Among the others p is computed only where the conservative
bound on it does not already decide.
"""

import math
from dataclasses import dataclass, field

from stream.checks import Measured
from stream.persistence import AGREEING, CLEAN, COMPANION, NOVEL, OPENING, Carried, Vote
from stream.policy import CUSUM, NOVELTY, Policy

# The level of a tick never exceeds this, however rarely the schedule ticks: a family-wise level above it says nothing.
HIGHEST_TICK_LEVEL = 0.05
# A test at its floor agrees with drift that another tick has proved when its own p-value is at or below this.
AGREEING_P = 0.001

# A window still has what training never had, once an incident has opened on it, from this part of the floor on.
LINGERING = 0.5
NOTHING_CARRIED = Carried()


def tick_level(policy: Policy, every_ms: int) -> float:
    """Return a tick's family-wise level: the budget of false alarms spread over ticks and segments (union bound).

    >>> round(tick_level(Policy(false_alarms_per_ms=1 / 86_400_000), 60_000) * 1440, 12)
    1.0
    """
    return min(policy.false_alarms_per_ms * every_ms, HIGHEST_TICK_LEVEL) / policy.segments


def cusum_level(policy: Policy, level: float) -> float:
    """Return what of a tick's ``level`` the check "cusum" may spend; its family is all features, by Bonferroni."""
    return policy.alpha.get(CUSUM, policy.cusum_share * level)


@dataclass(slots=True, eq=False)
class Trial:
    """One test of one feature: place in its ``Measured``, effect and floor, and what was decided of it.

    It ``opens`` an incident, is listed in an open one as ``companion``, or only ``agrees`` with what opens one: what
    does either agrees, too. ``trace`` is its p-value over the largest one that is a trace of what training never had.
    """

    measured: Measured
    row: int
    floor: float
    level: float
    opens: bool = False
    companion: bool = False
    agrees: bool = False
    trace: float = math.inf
    outright: bool = False
    p_adjusted: float | None = None
    _p: float | None = field(default=None, repr=False)

    @property
    def feature(self) -> str:
        """The name of the feature tested."""
        return self.measured.features[self.row]

    @property
    def effect(self) -> float:
        """How large the difference is, in the check's unit."""
        return self.measured.at(self.row)[1]

    @property
    def vote(self) -> int:
        """What it says of its feature, as a level of a vote."""
        if self.opens:
            return NOVEL if self.measured.check in NOVELTY else OPENING
        return COMPANION if self.companion else AGREEING if self.agrees else CLEAN

    @property
    def p(self) -> float:
        """The p-value that decides; computed once, when it is asked for."""
        if self._p is None:
            self._p = self.measured.p_decision(self.row)
        return self._p


@dataclass(frozen=True, slots=True)
class Decision:
    """A tick's family of ``family`` tests, and those of them that reach their floor, decided."""

    family: int
    trials: tuple[Trial, ...]

    def opening(self) -> frozenset[str]:
        """Features that may open an incident."""
        return frozenset(trial.feature for trial in self.trials if trial.opens)

    def began_ms(self) -> dict[str, int]:
        """Return since when (UTC ms) the features that a slow change may open are changing."""
        slow = ((trial.feature, trial.measured.trend, trial.row) for trial in self.trials if trial.opens)
        return {feature: trend(row).since_ms for feature, trend, row in slow if trend is not None}

    def drifting(self) -> frozenset[str]:
        """Features that may open an incident or are listed in an open one."""
        return frozenset(trial.feature for trial in self.trials if trial.opens or trial.companion)

    def levels(self) -> dict[str, int]:
        """Return what the tick says of each feature (see ``stream.persistence``), in the order of names."""
        said: dict[str, int] = {}
        for trial in self.trials:
            said[trial.feature] = max(trial.vote, said.get(trial.feature, CLEAN))
        return {feature: level for feature, level in sorted(said.items()) if level != CLEAN}

    def traces(self) -> dict[str, float]:
        """Return the features of which the tick says no more than that they show a trace of what training never had."""
        levels = self.levels()
        return {one.feature: one.trace for one in self.trials if one.trace <= 1.0 and one.feature not in levels}

    def vote(self, start_ms: int, end_ms: int, untested: frozenset[str]) -> Vote:
        """Return what the tick says of the window from start to end (UTC ms); ``untested`` had too few samples."""
        return Vote(start_ms, end_ms, self.levels(), untested, self.began_ms(), self.traces())


def decide(
    measured: tuple[Measured, ...], policy: Policy, level: float, carried: Carried = NOTHING_CARRIED
) -> Decision:
    """Decide one tick at the family-wise ``level``, or at the plain levels of ``policy.alpha`` where they are given.

    Corrections: Holm (1979), Bonferroni, Benjamini and Hochberg (1995), or none; companions always by Benjamini and
    Hochberg at ``policy.companions_fdr``. Slow changes are decided apart, with their own share of the level.
    ``carried`` are features that another tick has proved to have what training never had.
    """
    slow = [trial for one in measured if one.check == CUSUM for trial in _decide_slow(one, policy, level)]
    windowed = [one for one in measured if one.check != CUSUM]
    family = sum(len(one.features) for one in windowed)
    rest = level * (1.0 - policy.cusum_share) if policy.accumulates else level
    trials = [trial for one in windowed for trial in _trials(one, policy, rest)]
    _pass_outright(trials, family, policy.correction)
    _adjust_rest(trials, family, policy.correction)
    for trial in trials:
        trial.opens = trial.outright or (trial.p_adjusted is not None and trial.p_adjusted <= trial.level)
    _mark_companions(trials, family, policy.companions_fdr)
    for trial in trials:
        trial.agrees = trial.opens or trial.companion or trial.p <= AGREEING_P
        if not trial.agrees and trial.measured.check in NOVELTY:
            trial.trace = trial.p / NOVELTY[trial.measured.check]
            trial.agrees = trial.trace <= carried.allows(trial.feature)
    lingering = [trial for one in windowed if one.check in NOVELTY for trial in _lingering(one, policy, carried)]
    return Decision(family, (*trials, *lingering, *slow))


def p_adjusted(trial: Trial, family: int, correction: str) -> float:
    """Return a decided trial's p-value as the correction sees it, for reports."""
    if trial.p_adjusted is not None:
        return trial.p_adjusted
    return min(1.0, trial.p * (1 if correction == "none" else family))


def _decide_slow(measured: Measured, policy: Policy, level: float) -> list[Trial]:
    """Decide slow changes: what Bonferroni makes of 1 / wealth, the same whatever the other checks say.

    Wealth is not held against a level tick by tick as p-values are: over any number of ticks together it passes
    features / level no oftener than level times ticks, which step-wise corrections would not keep.
    """
    family = 1 if policy.correction == "none" else measured.family or len(measured)
    trials = _trials(measured, policy, cusum_level(policy, level))
    for trial in trials:
        trial.p_adjusted = min(1.0, trial.p * family)
        trial.opens = trial.agrees = trial.p < 1.0 and trial.p_adjusted <= trial.level
    return trials


def _lingering(measured: Measured, policy: Policy, carried: Carried) -> list[Trial]:
    """Return the tests under their floors that agree all the same, because their incident would end without them."""
    reached = _trials(measured, policy, 0.0, LINGERING) if carried.lingering else []
    under = [one for one in reached if one.feature in carried.lingering and one.effect < one.floor]
    found = [trial for trial in under if trial.p <= NOVELTY[measured.check]]
    for trial in found:
        trial.agrees = True
        # As of all tests under their floors.
        trial.p_adjusted = 1.0
    return found


def _trials(measured: Measured, policy: Policy, level: float, part: float = 1.0) -> list[Trial]:
    level = policy.alpha.get(measured.check, level)
    # Most tests lie below any floor: what each one's own is need not be asked.
    least = policy.least_floor(measured.check) if measured.floors is None else measured.floors
    rows = measured.reaching(part * least)
    reached = zip(rows.tolist(), measured.numbers(rows)[1].tolist(), strict=True)
    floors = ((row, effect, measured.floor(row, policy)) for row, effect in reached)
    return [Trial(measured, row, floor, level) for row, effect, floor in floors if effect >= part * floor]


def _pass_outright(trials: list[Trial], family: int, correction: str) -> None:
    """Mark the trials that pass whatever the others are: by Bonferroni, or by themselves without a correction.

    Step-wise corrections take their order from all p-values: only those that pass the strictest of the levels are sure
    to stand before the rest.
    """
    multiplier = 1 if correction == "none" else family
    strictest = min((trial.level for trial in trials), default=0.0)
    for trial in trials:
        level = strictest if correction in ("holm", "bh") else trial.level
        upper = float(trial.measured.p_upper(trial.row))
        trial.outright = min(upper * multiplier, 1.0) <= level or min(trial.p * multiplier, 1.0) <= level


def _adjust_rest(trials: list[Trial], family: int, correction: str) -> None:
    """Correct what Bonferroni does not pass outright; those that it does are the smallest, and pass Holm and BH too."""
    rest = sorted((trial for trial in trials if not trial.outright), key=lambda trial: trial.p)
    ahead = len(trials) - len(rest)
    if correction == "holm":
        running = 0.0
        for place, trial in enumerate(rest):
            running = max(running, min(1.0, trial.p * (family - ahead - place)))
            trial.p_adjusted = running
    elif correction == "bh":
        running = 1.0
        for place, trial in reversed(list(enumerate(rest))):
            running = min(running, trial.p * family / (ahead + place + 1))
            trial.p_adjusted = running


def _mark_companions(trials: list[Trial], family: int, rate: float) -> None:
    """Mark the discoveries of Benjamini and Hochberg's step-up procedure over the whole family."""
    sure = [trial.outright and bool(trial.measured.p_upper(trial.row) * family <= rate) for trial in trials]
    certain = [trial for trial, known in zip(trials, sure, strict=True) if known]
    rest = [trial for trial, known in zip(trials, sure, strict=True) if not known]
    ordered = sorted(rest, key=lambda trial: trial.p)
    found = 0
    for place, trial in enumerate(ordered, start=1):
        if trial.p <= (len(certain) + place) * rate / family:
            found = place
    for trial in certain + ordered[:found]:
        trial.companion = True
