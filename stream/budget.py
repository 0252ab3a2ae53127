"""Whether the budget of false alarms is calibrated: what the baseline knows of windows like the monitor's."""

from dataclasses import replace

from baselines.calibration import Calibration
from stream.comparators import BASELINE, COMPARATORS, lags
from stream.durations import format_duration
from stream.policy import Policy
from stream.schedule import DAY_MS, Schedule

UNVERIFIED = "unverified"
YEAR = "last_year"
_FAR_MS = 7 * DAY_MS


def usable(calibration: Calibration | None, schedule: Schedule, policy: Policy) -> Calibration | None:
    """Return what of a calibration holds for a monitor; None where nothing does.

    Windows may be whole multiples of those that it was learned from: a longer window is a mixture of shorter ones, and
    moves no further than these do (D and total variation are convex, and its rows are at most as much alike). Shorter
    windows move more, by an unknown amount. A comparator must look as far back as it did in the learning.

    Few training data reach back a year. What was learned of windows a week or more apart, the furthest known, then
    stands in for `last_year`: windows that far apart have as little in common, and the season between them besides.
    """
    if calibration is None or schedule.window_ms % calibration.every_ms:
        return None
    learned = Schedule(calibration.every_ms, calibration.every_ms, calibration.timezone)
    known = _distances(tuple(calibration.movements), learned, calibration.needed)
    asked = _distances(policy.comparators, schedule, policy.persist[0])
    alike = {name: own for name, own in calibration.movements.items() if known[name] == asked.get(name)}
    far = sorted((name for name in known if known[name] >= _FAR_MS), key=COMPARATORS.index)
    if YEAR in asked and YEAR not in alike and far:
        lender = max(reversed(far), key=known.__getitem__)
        alike[YEAR] = calibration.movements[lender]
        calibration = replace(calibration, borrowed={YEAR: lender})
    return replace(calibration, movements=alike) if alike else None


def budget(calibration: Calibration | None, schedule: Schedule, policy: Policy) -> str:
    """Return in a few words what stands behind the budget, of a calibration that is ``usable``."""
    if calibration is None:
        return UNVERIFIED
    lacking = [name for name in policy.comparators if name not in calibration.movements]
    words = "calibrated"
    if calibration.every_ms != schedule.window_ms:
        words += f" for windows of {format_duration(calibration.every_ms)}"
    words += "".join(f", {name} as {lender}" for name, lender in calibration.borrowed.items())
    return f"{words}, {UNVERIFIED} for {', '.join(lacking)}" if lacking else words


def why_unverified(learned: Calibration | None, schedule: Schedule, policy: Policy) -> str | None:
    """Return what a person can do about a budget that is not wholly calibrated; None where it is."""
    if learned is None:
        return "the baseline does not know how features move between windows; fit it with --time and --every"
    fitting = usable(learned, schedule, policy)
    if UNVERIFIED not in budget(fitting, schedule, policy):
        return None
    every, window = format_duration(learned.every_ms), format_duration(schedule.window_ms)
    if schedule.window_ms % learned.every_ms:
        return f"the baseline is calibrated for windows of {every}, not of {window}; fit it with --every {window}"
    return f"the training data, in windows of {every}, did not reach back far enough for every comparator"


def _distances(comparators: tuple[str, ...], schedule: Schedule, needed: int) -> dict[str, int]:
    """Return how far back comparators look, in milliseconds of a day without a change of clocks."""
    back = {
        lag.comparator: lag.days * DAY_MS + lag.panes * schedule.every_ms for lag in lags(comparators, schedule, needed)
    }
    return {BASELINE: 0, **back}
