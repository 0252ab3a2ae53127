"""Training rows with times: read a second time, as a stream would be, to learn how much they move by themselves."""

from consumers.training.labelled import LabelColumns, with_labels
from consumers.training.learn import Learning, learn
from consumers.training.windows import TrainingWindows

__all__ = ["LabelColumns", "Learning", "TrainingWindows", "learn", "with_labels"]
