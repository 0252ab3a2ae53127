"""What a user of driftline would have: training data, a fitted baseline, a configuration, in one folder."""

from dataclasses import dataclass
from pathlib import Path

from baselines import Baseline, save
from baselines.fitting import fit
from consumers.demo.traffic import training, write_csv

EVERY_MINUTES = 30
EVENTS_TOPIC = "house-price-requests"
_CONFIG = """\
# Written by `driftline demo`.

[monitor]
name = "{monitor}"
baseline = "baseline.json"       # from: driftline fit train.csv --out baseline.json

[schedule]
every = "{every_minutes}m"                    # event time; each window is tested once it is complete

[events]
timestamp = "ts"
id = "id"
features = "features"            # where the features are in an event

[kafka]
bootstrap_servers = ["{server}"]

[topics]
events = "{events_topic}"

[telemetry]
listen = ""                      # no metrics over HTTP: the demo leaves the port to a real run

[decision]                       # the defaults, to be seen
false_alarms = "1 per 30d"       # for all features and checks together
persist = "2 of 3"               # drift must show in two windows, and be gone in two

[decision.severity]              # impact: importance of the feature times the size of its drift
warning = 0.05
critical = 0.15
"""


@dataclass(frozen=True, slots=True)
class Workshop:
    """The folder and the files in it."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration that `driftline run` is started with."""
        return self.folder / "driftline.toml"

    @property
    def training(self) -> Path:
        """The training data."""
        return self.folder / "train.csv"

    @property
    def baseline(self) -> Path:
        """The baseline fitted to it."""
        return self.folder / "baseline.json"

    @property
    def events(self) -> Path:
        """The day's events, as they were sent."""
        return self.folder / "events.jsonl"

    @property
    def log(self) -> Path:
        """What `driftline run` said."""
        return self.folder / "run.log"

    def write_training(self) -> int:
        """Write the training data; return how many features it has."""
        columns = training()
        write_csv(columns, self.training)
        return len(columns)

    def fit(self) -> Baseline:
        """Fit the baseline as `driftline fit` does."""
        baseline = fit([self.training])
        save(baseline, self.baseline)
        return baseline

    def write_config(self, monitor: str, server: str, events_topic: str) -> None:
        """Write the configuration."""
        text = _CONFIG.format(monitor=monitor, server=server, events_topic=events_topic, every_minutes=EVERY_MINUTES)
        self.config.write_text(text, encoding="utf-8")
