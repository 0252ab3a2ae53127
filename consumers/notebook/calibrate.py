"""What ``driftline fit --time --every`` learns, from a data frame."""

import warnings

from baselines import Baseline, FitRemark
from baselines.fitting import FitOptions
from baselines.tables import training
from consumers.notebook.labelled import checked
from consumers.settings.spelling import parse_every_ms
from consumers.training import LabelColumns, Learning, learn, with_labels
from stream.schedule import Schedule


def calibrate(
    baseline: Baseline,
    data: object,
    *,
    time: str,
    every: str,
    timezone: str = "UTC",
    min_samples: int = 100,
    labels: LabelColumns | None = None,
) -> Baseline:
    """Return the baseline with what windows of its own training data show, so that its budget of false alarms holds.

    ``data`` is what the baseline was fitted to, ``time`` its column with the rows' times, ``every`` the length of the
    windows ("1h"), which should be the monitor's, ``labels`` what `fit_labelled` was given. Raises BaselineError for
    rows without a time and for other data than the fit's, ValueError for a duration that is none.
    """
    every_ms = parse_every_ms(every)
    schedule = Schedule(every_ms, every_ms, timezone)
    options = with_labels(FitOptions(time=time), checked(labels)) if labels else FitOptions(time=time)
    learning = Learning(training(data), options, schedule, min_samples)
    return learn(baseline, learning, tell=lambda note: warnings.warn(note, FitRemark, stacklevel=4))
