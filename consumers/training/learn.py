"""Learning a baseline's calibration from the files that it was fitted to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from baselines import Baseline, Layout
from baselines.fitting import FitOptions
from baselines.fitting.files import Training
from consumers.training.windows import Progress, TrainingWindows
from stream.calibrate import FEWEST_WINDOWS, calibrate
from stream.durations import format_duration
from stream.policy import Policy
from stream.schedule import Schedule

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Learning:
    """What to learn from: the files of the fit and its options, the windows, and the rows that one must have.

    ``options.time`` names the column with the rows' times.
    """

    paths: Sequence[Training]
    options: FitOptions
    schedule: Schedule
    min_samples: int = 100


def learn(
    baseline: Baseline,
    learning: Learning,
    *,
    tell: Tell = lambda note: None,
    progress: Progress = lambda done, total: None,
) -> Baseline:
    """Return the baseline with what its training data shows of windows; without, where that is nothing.

    What could not be learned is said through ``tell``. Raises ``BaselineError`` for rows without a time, and for files
    that are not those of the fit.
    """
    windows = TrainingWindows.of_files(learning.paths, learning.options, Layout(baseline), learning.schedule, progress)
    calibration = calibrate(windows, Policy(min_samples=learning.min_samples), progress)
    if calibration is None:
        tell(
            f"--every {format_duration(learning.schedule.every_ms)}: too short to learn from: of "
            f"{len(windows.starts):,} windows fewer than {FEWEST_WINDOWS} have {learning.min_samples:,} rows"
        )
    return replace(baseline, calibration=calibration)
