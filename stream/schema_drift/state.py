"""What must outlive the process of how events are made: habits, what was not judged yet, votes, and what was told."""

from dataclasses import dataclass, field

from stream.looks import Looks
from stream.schema_drift.change import Ballot, Change
from stream.schema_drift.features import FeatureTally
from stream.schema_drift.fields import Habits
from stream.schema_drift.volume import Volumes


@dataclass(slots=True)
class Incident:
    """Changes that began together: when (event time, UTC ms), the reason they were told under, those that last."""

    began_ms: int
    reason: str
    keys: list[str]
    changes: list[Change]


@dataclass(slots=True)
class SchemaState:
    """A few kilobytes: a tally and looks that are not enough for a verdict yet, and what the verdicts were."""

    features: FeatureTally = field(default_factory=FeatureTally)
    looks: Looks = field(default_factory=Looks)
    habits: Habits = field(default_factory=Habits)
    volumes: Volumes = field(default_factory=Volumes)
    ballots: dict[str, Ballot] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
