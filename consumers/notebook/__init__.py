"""driftline in a notebook: data frames in, results to look at out; the arithmetic is that of the command line.

The order of reading: ``rows`` makes events of a table's rows, ``replay`` judges them, and ``result``, ``records`` and
``plots`` show what came of it. ``calibrate`` learns from windows of the training data.
"""

from baselines import fit
from consumers.notebook.calibrate import calibrate
from consumers.notebook.records import Records
from consumers.notebook.replay import replay
from consumers.notebook.result import ReplayResult

__all__ = ["Records", "ReplayResult", "calibrate", "fit", "replay"]
