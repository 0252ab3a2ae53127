"""``driftline fit --time``: what the options say, and what was learned, in a sentence."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from baselines import Baseline, Calibration
    from stream.schedule import Schedule


def schedule_of(time: str, every: str, timezone: str) -> "Schedule | None":
    """Return the windows to learn from; None without ``time``.

    Raises ``BaselineError`` naming the option that is wrong.
    """
    from pydantic import ValidationError

    from baselines import BaselineError
    from consumers.settings.schedule import ScheduleSettings
    from stream.schedule import Schedule

    if bool(time) != bool(every):
        given, lacking = ("--time", "--every") if time else ("--every", "--time")
        raise BaselineError(f"{given}: needs {lacking}, too: write for example --time ts --every 1h")
    if not time:
        return None
    try:
        settings = ScheduleSettings.model_validate({"every": every, "timezone": timezone})
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        raise BaselineError(f"--{first['loc'][0]} {first['input']}: {said}") from error
    return Schedule(settings.every_ms, settings.every_ms, settings.timezone)


def learned(baseline: "Baseline") -> str:
    """Return in a sentence what windows of the training data showed; what ``budget`` is without it."""
    calibration = baseline.calibration
    if calibration is None:
        return "budget: unverified: how features move between windows is not known; --time and --every learn it"
    moving = sorted(_most(calibration), reverse=True)[:3]
    most = ", ".join(f"{feature} ({check}, design effect {effect:.1f})" for effect, feature, check in moving)
    return f"calibrated on {span(calibration)}; moving most: {most}"


def span(calibration: "Calibration") -> str:
    """Return which windows it was learned from."""
    from stream.drift_event import iso
    from stream.durations import format_duration

    return (
        f"{calibration.windows:,} windows of {format_duration(calibration.every_ms)} from {iso(calibration.start_ms)} "
        f"to {iso(calibration.end_ms)}, for {', '.join(calibration.movements)}"
    )


def _most(calibration: "Calibration") -> list[tuple[float, str, str]]:
    """Return the design effect of each feature's most moving check, against the baseline."""
    features = next(iter(calibration.movements.values())).items()
    return [
        max((1.0 + one.excess * one.rows, feature, check) for check, one in checks.items())
        for feature, checks in features
    ]
