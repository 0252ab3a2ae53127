"""Importance from the model: how much each feature moves its output, for ``driftline fit --importance``.

``model_file`` loads a model without running anything that its file brings along, ``table`` reads the rows to try it on,
``gradients`` and ``permutation`` attribute its outputs to the features, and ``attribute`` makes weights of that.
``shap_values`` reads what somebody else has attributed already. PyTorch and captum are imported when they are needed.
"""

from consumers.importance.attribute import Attributing, attribute
from consumers.importance.model import Model, model_of
from consumers.importance.model_file import load_model
from consumers.importance.permutation import permutation_sizes
from consumers.importance.shap_values import read_shap
from consumers.importance.table import Columns, Table, read_table, reference_row

__all__ = [
    "Attributing",
    "Columns",
    "Model",
    "Table",
    "attribute",
    "load_model",
    "model_of",
    "permutation_sizes",
    "read_shap",
    "read_table",
    "reference_row",
]
