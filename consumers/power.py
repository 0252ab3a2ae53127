"""What a monitor with these settings would catch, and how often it would cry wolf: the questions, put and answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from baselines import Baseline, NumericReference
from consumers.assembly import Assembly
from consumers.errors import SettingsError
from consumers.raw import RawBatch
from consumers.replay import Replay
from consumers.settings import Settings
from consumers.settings.places import nearest
from stream.comparators import BASELINE
from stream.decision import tick_level
from stream.durations import format_duration
from stream.monitor import INCOMPLETE
from stream.power import Catch, Progress, Question, catchable, family_size
from stream.quiet import Quiet, quiet

_HOUR_MS, _MONTH_MS = 3_600_000, 30 * 86_400_000
UNITS = {"mean": "sd", "spread": "growth", "share": "share", "new_category": "share", "missing": "share"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How sure a change must be caught (``power``), the features asked for (all where empty), draws and seed."""

    power: float = 0.8
    features: tuple[str, ...] = ()
    draws: int = 64
    seed: int = 0


def rows_at_rate(settings: Settings, events_per_hour: float) -> int:
    """Return the rows of a window at this traffic."""
    return round(events_per_hour * settings.window_ms / _HOUR_MS)


def rows_in_sample(assembly: Assembly, batches: Iterable[RawBatch]) -> int:
    """Return the rows of a middling window of recorded events (the median).

    Raises SettingsError where no window is whole.
    """
    ticks = Replay(assembly).run(batches)
    rows = [tick.window.n for tick in ticks if tick.status != INCOMPLETE]
    if not rows:
        raise SettingsError(
            f"the events given fill no window of {format_duration(assembly.settings.window_ms)}: give more of them, or "
            "--rows-per-window"
        )
    return round(median(rows))


def report(assembly: Assembly, rows: int, wanted: Wanted, progress: Progress) -> dict[str, Any]:
    """Simulate, and return what is caught and what alarms for nothing, for JSON; features by importance.

    Raises SettingsError where the settings leave nothing to simulate.
    """
    settings, policy, baseline = assembly.settings, assembly.settings.policy(), assembly.baseline
    _check(settings, rows)
    asked = _asked(baseline, wanted.features)
    rng = np.random.default_rng(wanted.seed)
    level = tick_level(policy, settings.every_ms)
    family = family_size(baseline, policy, rows, rng)
    question = Question(rows, level, family, power=wanted.power, draws=wanted.draws)
    catches = list(catchable(asked, policy, question, rng, progress))
    return {
        "monitor": settings.monitor.name,
        "baseline": baseline.fingerprint,
        "rows_per_window": rows,
        "window": format_duration(settings.window_ms),
        "power": wanted.power,
        "persist": list(policy.persist),
        "tick_level": level,
        "tests_per_tick": family,
        "false_alarms": _false_alarms(settings, level, quiet(baseline, policy, level, rows, rng)),
        "features": _features(asked, catches),
    }


def _check(settings: Settings, rows: int) -> None:
    least = settings.schedule.min_samples
    if rows < least:
        raise SettingsError(
            f"{settings.path}: schedule.min_samples is {least}: a window of {rows} rows would never be tested; widen "
            f"schedule.window to {least / max(rows, 1):.2g} times its length, or ask for a smaller min_samples"
        )
    if BASELINE not in settings.decision.comparators:
        raise SettingsError(
            f'{settings.path}: decision.comparators: has no "{BASELINE}", and power is simulated against the training '
            "data; add it"
        )


def _asked(baseline: Baseline, names: Sequence[str]) -> Baseline:
    """Return the baseline with the features asked for alone."""
    known = [feature.name for feature in baseline.features]
    for name in names:
        if name not in known:
            guess = nearest(name, known)
            instead = f"write {guess}" if guess else f"its features are {', '.join(known)}"
            raise SettingsError(f"--features {name}: the baseline has no such feature; {instead}")
    wanted = set(names or known)
    return replace(baseline, features=tuple(feature for feature in baseline.features if feature.name in wanted))


def _false_alarms(settings: Settings, level: float, found: Quiet) -> dict[str, Any]:
    budget = None if settings.decision.alpha else level * _MONTH_MS / settings.every_ms
    return {
        "budget_per_30d": budget,
        "simulated_windows": found.windows,
        "alarming": found.alarming,
        "opened": found.opened,
        "opened_share_at_most": found.most,
    }


def _features(baseline: Baseline, catches: Sequence[Catch]) -> list[dict[str, Any]]:
    order = sorted(baseline.features, key=lambda feature: -baseline.importance[feature.name])
    return [
        {
            "name": feature.name,
            "kind": feature.kind,
            "importance": baseline.importance[feature.name],
            "std": feature.std if isinstance(feature, NumericReference) else None,
            "changes": [_change(catch) for catch in catches if catch.feature == feature.name],
        }
        for feature in order
    ]


def _change(catch: Catch) -> dict[str, Any]:
    within = {str(windows): size for windows, size in catch.sizes.items()}
    told = {"change": catch.change, "unit": UNITS[catch.change], "within_windows": within, "limit": catch.limit}
    return told if catch.category is None else {**told, "category": catch.category}
