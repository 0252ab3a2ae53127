"""Fitting: from files of training rows to a Baseline, in memory that does not grow with their length.

The order of reading is the order of the data: ``files`` opens, ``delimited``, ``lines`` and ``arrow`` yield chunks of
``cells``, ``columns`` counts them pass by pass with ``numbers`` and ``names``, and ``fit`` is the loop around it.
"""

from baselines.fitting.fit import fit
from baselines.fitting.options import FitOptions

__all__ = ["FitOptions", "fit"]
