"""What ``driftline fit --time --every`` learns, from a data frame."""

import warnings

from baselines import Baseline, FitRemark
from baselines.fitting import FitOptions
from baselines.tables import training
from consumers.settings.spelling import parse_every_ms
from consumers.training import Learning, learn
from stream.schedule import Schedule


def calibrate(
    baseline: Baseline, data: object, *, time: str, every: str, timezone: str = "UTC", min_samples: int = 100
) -> Baseline:
    """Return the baseline with what windows of its own training data show, so that its budget of false alarms holds.

    ``data`` is what the baseline was fitted to, ``time`` its column with the rows' times, ``every`` the length of the
    windows ("1h"), which should be the monitor's. Raises BaselineError for rows without a time and for other data than
    the fit's, ValueError for a duration that is none.
    """
    every_ms = parse_every_ms(every)
    schedule = Schedule(every_ms, every_ms, timezone)
    learning = Learning(training(data), FitOptions(time=time), schedule, min_samples)
    return learn(baseline, learning, tell=lambda note: warnings.warn(note, FitRemark, stacklevel=4))
