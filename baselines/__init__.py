"""What normal looked like: cells, the Baseline artefact, fitting it from training data.

This room knows nothing of Kafka, time or windows; nothing of driftline stands above it.
"""

from baselines.artifact import dumps, load, loads, save
from baselines.baseline import Baseline, CategoricalReference, NumericReference
from baselines.calibration import Calibration, Movement
from baselines.errors import BaselineError
from baselines.layout import Layout
from baselines.tables import FitRemark, fit

__all__ = [
    "Baseline",
    "BaselineError",
    "Calibration",
    "CategoricalReference",
    "FitRemark",
    "Layout",
    "Movement",
    "NumericReference",
    "dumps",
    "fit",
    "load",
    "loads",
    "save",
]
