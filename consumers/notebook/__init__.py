"""driftline in a notebook: data frames in, results to look at out; the arithmetic is that of the command line.

The order of reading: ``columns`` decodes a table, or ``rows`` makes events of its rows, ``replay`` judges them, and
``result``, ``records`` and ``plots`` show what came of it. ``calibrate`` learns from windows of the training data,
``labelled`` from rows whose labels are known.
"""

from baselines import fit
from consumers.notebook.calibrate import calibrate
from consumers.notebook.labelled import fit_labelled, labelled_rows
from consumers.notebook.records import Records
from consumers.notebook.replay import replay
from consumers.notebook.result import ReplayResult
from consumers.training import LabelColumns

__all__ = ["LabelColumns", "Records", "ReplayResult", "calibrate", "fit", "fit_labelled", "labelled_rows", "replay"]
