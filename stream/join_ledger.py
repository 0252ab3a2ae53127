"""What became of every prediction and of every label, and how long labels took."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from stream.join import LABEL_FATES, LabelFate

_S, _MIN, _H, _D = 1_000, 60_000, 3_600_000, 86_400_000
# The upper ends of the histogram's steps; the first holds labels that are older than their predictions.
DELAY_STEPS_MS = (0, 10 * _S, _MIN, 10 * _MIN, _H, 6 * _H, _D, 3 * _D, 7 * _D, 30 * _D)


@dataclass(slots=True)
class Delays:
    """How long after the prediction its label's time is: milliseconds, over all labels that met their prediction."""

    count: int = 0
    sum_ms: int = 0
    least_ms: int | None = None
    most_ms: int | None = None
    # One more than DELAY_STEPS_MS: the last holds what is longer than all of them.
    steps: list[int] = field(default_factory=lambda: [0] * (len(DELAY_STEPS_MS) + 1))

    def note(self, delay_ms: int) -> None:
        """Add one label."""
        self.add(Delays(1, delay_ms, delay_ms, delay_ms, _at(delay_ms)))

    def add(self, other: "Delays") -> None:
        """Add in place."""
        self.count += other.count
        self.sum_ms += other.sum_ms
        self.least_ms = _either(min, self.least_ms, other.least_ms)
        self.most_ms = _either(max, self.most_ms, other.most_ms)
        self.steps = [mine + theirs for mine, theirs in zip(self.steps, other.steps, strict=True)]


@dataclass(slots=True)
class JoinLedger:
    """Predictions and labels by fate.

    ``predictions = labelled + waiting + unlabelled + foreign + rejected`` and
    ``labels = matched + duplicate + late + unmatched + labels_foreign + labels_rejected`` always.
    """

    predictions: int = 0
    waiting: int = 0
    labelled: int = 0
    foreign: int = 0
    unlabelled: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    labels: int = 0
    matched: int = 0
    duplicate: int = 0
    late: int = 0
    unmatched: int = 0
    # What is nobody's label: the other half of a model server's traffic.
    labels_foreign: int = 0
    labels_rejected: Counter[str] = field(default_factory=Counter)
    delays: Delays = field(default_factory=Delays)

    def add(self, other: "JoinLedger") -> None:
        """Add in place."""
        for name in ("predictions", "waiting", "labelled", "foreign", "labels", "labels_foreign", *LABEL_FATES):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unlabelled.update(other.unlabelled)
        self.rejected.update(other.rejected)
        self.labels_rejected.update(other.labels_rejected)
        self.delays.add(other.delays)

    def note_label(self, fate: LabelFate) -> None:
        """Add a label that was read; one that matched takes its prediction from the waiting."""
        self.labels += 1
        setattr(self, fate, getattr(self, fate) + 1)
        if fate == "matched":
            self.labelled += 1
            self.waiting -= 1

    def note_gone(self, gone: Counter[str]) -> None:
        """Move predictions that waited in vain, by why they wait no longer."""
        self.unlabelled.update(gone)
        self.waiting -= gone.total()

    @property
    def match_rate(self) -> float | None:
        """The share of predictions that got a label, of those that wait no longer; None while there are none."""
        settled = self.labelled + self.unlabelled.total()
        return self.labelled / settled if settled else None

    def by_fate(self) -> dict[tuple[str, str], int]:
        """Return predictions by fate and reason, but those that wait."""
        fates = {("labelled", ""): self.labelled, ("foreign", ""): self.foreign}
        fates |= {("unlabelled", reason): number for reason, number in sorted(self.unlabelled.items())}
        return fates | {("rejected", reason): number for reason, number in sorted(self.rejected.items())}

    def labels_by_fate(self) -> dict[tuple[str, str], int]:
        """Return labels by fate and reason."""
        fates = {(str(fate), ""): getattr(self, fate) for fate in LABEL_FATES}
        fates |= {("foreign", ""): self.labels_foreign}
        return fates | {("rejected", reason): number for reason, number in sorted(self.labels_rejected.items())}

    def balanced(self) -> bool:
        """Tell whether every prediction and every label is in exactly one entry."""
        settled, labels = sum(self.by_fate().values()), sum(self.labels_by_fate().values())
        return (self.predictions, self.labels) == (settled + self.waiting, labels)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, reasons in order, for JSON."""
        delays = self.delays
        return {
            "predictions": {
                "read": self.predictions,
                "waiting": self.waiting,
                "labelled": self.labelled,
                "unlabelled": dict(sorted(self.unlabelled.items())),
                "foreign": self.foreign,
                "rejected": dict(sorted(self.rejected.items())),
            },
            "labels": {
                "read": self.labels,
                "matched": self.matched,
                "duplicate": self.duplicate,
                "late": self.late,
                "unmatched": self.unmatched,
                "foreign": self.labels_foreign,
                "rejected": dict(sorted(self.labels_rejected.items())),
            },
            "match_rate": self.match_rate,
            "label_delay": {
                "count": delays.count,
                "mean_s": delays.sum_ms / delays.count / 1000 if delays.count else None,
                "min_s": None if delays.least_ms is None else delays.least_ms / 1000,
                "max_s": None if delays.most_ms is None else delays.most_ms / 1000,
                "steps": [
                    {"up_to_s": None if end is None else end // 1000, "labels": labels}
                    for end, labels in zip((*DELAY_STEPS_MS, None), delays.steps, strict=True)
                ],
            },
        }


def _at(delay_ms: int) -> list[int]:
    steps = [0] * (len(DELAY_STEPS_MS) + 1)
    # A label of the same moment belongs to the second step: only what is older is in the first.
    steps[0 if delay_ms < 0 else max(1, bisect_left(DELAY_STEPS_MS, delay_ms))] = 1
    return steps


def _either(choose: Any, mine: int | None, other: int | None) -> int | None:
    known = [value for value in (mine, other) if value is not None]
    return choose(known) if known else None
