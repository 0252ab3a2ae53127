"""The baseline of labelled events and the table on labels: what fits together, and what does not."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from baselines import save
from baselines.fitting import fit
from consumers.assembly import assemble, assemble_performance, event_format
from consumers.decode import EventDecoder
from consumers.errors import SettingsError
from consumers.joiner import Joiner
from consumers.kafka_joins import new_pairer
from consumers.memory_follower import MemoryArchive, MemoryFollower
from consumers.memory_log import MemoryLog
from consumers.memory_source import MemorySink, MemorySource
from consumers.patience import Patience
from consumers.raw import RawBatch
from consumers.settings import Settings, load_settings
from stream.counts import Counts
from tests.labelled_rows import draw, fitted, labelled

LABELLED = '[events]\nid = "id"\nfeatures = "features"\n[labels]\nbaseline = "labelled.json"\ntask = "{task}"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a labelled baseline, and one of the inputs alone."""
    rows = labelled(*draw(np.random.default_rng(51), 600), "classification")
    save(fitted(tmp_path / "train.jsonl", rows, "classification"), tmp_path / "labelled.json")
    (tmp_path / "inputs.csv").write_text("a,b\n" + "".join(f"{one['a']},{one['b']}\n" for one in rows[0]))
    save(fit([tmp_path / "inputs.csv"]), tmp_path / "baseline.json")
    return tmp_path


def settings(folder: Path, rest: str) -> Settings:
    """Return the settings of a file that begins with the monitor's name."""
    path = folder / "driftline.toml"
    path.write_text(f'[monitor]\nname = "cats"\nbaseline = "baseline.json"\n{rest}')
    return load_settings(path, {})


def test_detectors_listen_where_the_labels_are(folder: Path) -> None:
    """One file for both monitors: that of the events is not asked for labels, that of the labels listens."""
    made = settings(folder, LABELLED.format(task="classification") + '[decision]\ndetectors = ["adwin"]\n')
    performance = assemble_performance(made)
    assert performance is not None
    assert performance.settings.policy().detectors == ("adwin",)
    assert assemble(made).baseline.relation is None


def test_a_baseline_fitted_for_another_task_is_refused(folder: Path) -> None:
    """Its strata would count outcomes that never come."""
    with pytest.raises(SettingsError, match=r'labels.task: is "regression", but .* was fitted for "classification"'):
        assemble_performance(settings(folder, LABELLED.format(task="regression")))


def test_joined_events_count_as_the_rows_of_the_fit_did(folder: Path) -> None:
    """The held-out rows, sent as events and labels and joined, fall into the very cells of the baseline."""
    made = settings(folder, LABELLED.format(task="classification"))
    performance = assemble_performance(made)
    assert made.labels is not None
    assert performance is not None
    log = MemoryLog({"inference-events": 1, "cats.labels": 1, "cats.labelled": 1, "cats.rejects": 1})
    for number, line in enumerate((folder / "train.jsonl").read_bytes().splitlines()):
        row = orjson.loads(line)
        label = {"id": number, "label": row.pop("label")}
        log.append("inference-events", orjson.dumps({"id": number} | row), timestamp_ms=number)
        log.append("cats.labels", orjson.dumps(label), timestamp_ms=number)
    source, follower = MemorySource(log, "inference-events", "joiners"), MemoryFollower(log, "cats.labels")
    pairer = new_pairer(made, made.labels, 1, ())
    joiner = Joiner(source, follower, MemoryArchive(log), MemorySink(log), pairer, Patience(1_000))
    joiner.step(0.0)
    joiner.finish()
    joined = [record.value for record in log.records("cats.labelled")]
    decoder = EventDecoder(performance.baseline, event_format(performance.settings.events))
    rows = decoder.decode(RawBatch("cats.labelled", 0, list(range(600)), joined, [0] * 600)).rows
    layout = performance.layout
    assert np.array_equal(Counts.of(layout, rows).cells, layout.reference)
