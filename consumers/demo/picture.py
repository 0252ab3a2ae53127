"""The day as three rows of marks, one per window: what was sent of the two features that change, and what was said."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from consumers.demo.progress import EVERY_MS, WINDOWS, Progress
from consumers.demo.traffic import CHANGE_MS, HOUR_MS, RETURN_MS, Day

if TYPE_CHECKING:
    from baselines.cells import FloatArray, IntArray

_BARS = "▁▂▃▄▅▆▇█"
_QUIET, _DRIFT = "·", "■"
_LABEL_COLUMNS = 22
# What the lowest and the highest bar mean.
_AGES, _SHARES = (38.0, 50.0), (0.5, 0.9)


class Picture:
    """Knows every window's mean age and share of mobile devices; draws those that the day has passed."""

    def __init__(self, day: Day) -> None:
        windows = day.times_ms // EVERY_MS
        self._ages = _means(windows, day.features["user_age"])
        self._mobile = _means(windows, [device == "mobile" for device in day.features["device_type"]])

    def rows(self, progress: Progress) -> list[Text]:
        """Return the rows with the hours above them."""
        passed = min(progress.time_ms // EVERY_MS, WINDOWS)
        age = f"{self._ages[passed - 1]:.1f}" if passed else ""
        mobile = f"{self._mobile[passed - 1]:.0%}" if passed else ""
        hours = "".join(f"{hour:02d}".ljust(3 * HOUR_MS // EVERY_MS) for hour in range(0, 24, 3))
        return [
            Text(" " * _LABEL_COLUMNS + hours, "dim"),
            _row("user_age, mean", age, _bars(self._ages[:passed], _AGES)),
            _row("mobile, share", mobile, _bars(self._mobile[:passed], _SHARES)),
            _row("driftline says", "", _marks(progress.drift_seen)),
        ]


def _means(windows: "IntArray", values: Sequence[float]) -> "FloatArray":
    sums = np.bincount(windows, weights=np.asarray(values, dtype=float), minlength=WINDOWS)[:WINDOWS]
    return np.asarray(sums / np.maximum(np.bincount(windows, minlength=WINDOWS)[:WINDOWS], 1))


def _row(label: str, value: str, marks: Text) -> Text:
    return Text.assemble(f"{label:<15}", (f"{value:>5}  ", "bold"), marks)


def _bars(values: "FloatArray", span: tuple[float, float]) -> Text:
    text = Text()
    for window, value in enumerate(values.tolist()):
        place = round((value - span[0]) / (span[1] - span[0]) * (len(_BARS) - 1))
        changed = CHANGE_MS <= window * EVERY_MS < RETURN_MS
        text.append(_BARS[min(max(place, 0), len(_BARS) - 1)], "yellow" if changed else "cyan")
    return text


def _marks(drift_seen: Sequence[bool]) -> Text:
    text = Text()
    for drift in drift_seen:
        text.append(_DRIFT if drift else _QUIET, "bold red" if drift else "green")
    return text
