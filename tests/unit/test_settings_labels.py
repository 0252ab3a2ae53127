"""The table on labels: what it asks for, and the monitor of labelled events that follows from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from baselines import save
from baselines.fitting import fit
from consumers.assembly import assemble, assemble_performance, event_format
from consumers.decode import EventDecoder
from consumers.errors import SettingsError
from consumers.joiner import Joiner
from consumers.kafka_crew import posts
from consumers.kafka_joins import new_pairer
from consumers.memory_follower import MemoryArchive, MemoryFollower
from consumers.memory_log import MemoryLog
from consumers.memory_source import MemorySink, MemorySource
from consumers.patience import Patience
from consumers.raw import RawBatch
from consumers.settings import Settings, load_settings
from consumers.settings.performance import performance_of

EVENTS = '[events]\nid = "id"\nfeatures = "features"\n'
LABELS = '[labels]\nbaseline = "labelled.json"\ntask = "regression"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Return ``make(rest, environ)``: the settings of a file that begins with the monitor's name."""

    def make(rest: str = EVENTS + LABELS, environ: dict[str, str] | None = None) -> Settings:
        path = tmp_path / "driftline.toml"
        path.write_text(f'[monitor]\nname = "prices"\n{rest}')
        return load_settings(path, environ or {})

    return make


def test_without_the_table_there_is_no_second_monitor(settings: Callable[..., Settings]) -> None:
    """Labels are a wish, not a default."""
    assert settings("").labels is None
    assert performance_of(settings("")) is None


def test_labelled_events_have_their_features_in_one_object(settings: Callable[..., Settings]) -> None:
    """In however many objects of the prediction's event they stood."""
    made = performance_of(settings(EVENTS + 'more_features = ["device"]\n' + LABELS))
    assert made is not None
    assert (made.events.features, made.events.more_features) == ("features", ())


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (LABELS, 'labels: needs to know where events keep their id; write under [events] for example id = "id"'),
        (EVENTS + '[labels]\ntask = "regression"\n', "labels.baseline: is missing"),
        (EVENTS + '[labels]\nbaseline = "b"\ntask = "ranking"\n', 'write one of "classification"'),
        (EVENTS + LABELS + "wait = 7\n", "labels.wait: must be a whole number and a unit"),
        (EVENTS + LABELS + 'wait = "1ms"\n', 'labels.wait: must be at least "1s"'),
        (EVENTS + LABELS + 'waits = "7d"\n', "labels.waits: unknown key; write wait"),
        (EVENTS + LABELS + "max_waiting = 0\n", "labels.max_waiting: must be at least 1"),
        (EVENTS + LABELS + 'every = "1h"\nwindow = "90m"\n', "labels: window: must be a whole number of every"),
        (EVENTS + LABELS + 'every = "1500ms"\n', "labels: every: must be whole seconds"),
        (EVENTS + 'segment = ["source"]\n' + LABELS, 'labels: events are told apart by "source"'),
        (EVENTS + LABELS + '[topics]\nevents = ""\n', 'labels: joins events of a topic, and topics.events is ""'),
        (EVENTS + LABELS + 'format = "kserv"\n', "labels.format: "),
        (EVENTS + LABELS + '[topics]\nlabelled = "inference-events"\n', "topics: events and labelled are both"),
    ],
)
def test_what_cannot_be_joined_is_an_error_of_the_file(settings: Callable[..., Settings], rest: str, told: str) -> None:
    """The key, what is wrong with it, and what to write instead."""
    with pytest.raises(SettingsError) as raised:
        settings(rest)
    assert told in str(raised.value)


def test_the_environment_sets_keys_of_a_table_that_may_be_left_out(settings: Callable[..., Settings]) -> None:
    """Numbers, durations and lists are read there as in any other table."""
    environ = {"DRIFTLINE_LABELS__MAX_WAITING": "7", "DRIFTLINE_LABELS__CLASSES": "cat,dog"}
    labels = settings(environ=environ).labels
    assert labels is not None
    assert (labels.max_waiting, labels.classes) == (7, ("cat", "dog"))


def test_labelled_events_have_a_monitor_of_their_own(settings: Callable[..., Settings]) -> None:
    """Its own name, baseline, schedule and state; the same alerts and rejects; its events are the labelled ones."""
    segments = 'segment = ["country", "features.shop", "ts"]\nmodel_version = "v"\n'
    made = performance_of(
        settings(
            EVENTS.replace('"features"', '"features"\n' + segments).replace('"ts"', '"shop"')
            + LABELS
            + 'every = "1d"\n'
        )
    )
    assert made is not None
    assert (made.monitor.name, made.baseline_path.name) == ("prices.performance", "labelled.json")
    assert (made.every_ms, made.window_ms, made.labels) == (86_400_000, 86_400_000, None)
    assert (made.topics.events, made.topics.alerts, made.topics.rejects) == (
        "prices.labelled", "prices.alerts", "prices.rejects",
    )  # fmt: skip
    assert made.topics.counts == "prices.performance.counts"
    assert (made.events.timestamp, made.events.features, made.events.where) == ("label_ts", "features", {})
    assert made.events.told_apart_by == ("country", "features.shop", "shop", "v")


def test_what_is_said_of_a_labels_feature_is_for_its_monitor(
    settings: Callable[..., Settings], stage_assembly: Callable[..., Any], tmp_path: Path
) -> None:
    """[features."driftline.loss"] is no feature of the events; those that labelled events lack are watched there."""
    (tmp_path / "rows.csv").write_text("age,driftline.loss\n" + "40,1.5\n41,2.5\n" * 50)
    (tmp_path / "inputs.csv").write_text("age,device\n" + "40,a\n41,b\n" * 50)
    save(fit([tmp_path / "rows.csv"]), tmp_path / "labelled.json")
    save(fit([tmp_path / "inputs.csv"]), tmp_path / "baseline.json")
    features = '[features."driftline.loss"]\nmean_abs = 0.5\n[features.device]\nfrequency = 0.2\n'
    made = settings(EVENTS + LABELS + features)
    performance = assemble_performance(made)
    assert performance is not None
    assert list(performance.settings.features) == ["driftline.loss"]
    assert [post.name for post in posts("all", assemble(made), performance)] == [
        "joiner", "counter", "judge", "performance counter", "performance judge",
    ]  # fmt: skip
    assert [post.assembly.settings.monitor.name for post in posts("judge", assemble(made), performance)] == [
        "prices", "prices.performance",
    ]  # fmt: skip
    with pytest.raises(SettingsError, match=r"there is no \[labels\]"):
        posts("joiner", assemble(made), None)
    with pytest.raises(SettingsError, match="the baseline has no such feature"):
        assemble_performance(settings(EVENTS + LABELS + features.replace(".loss", ".loos")))


def test_segments_of_the_events_are_those_of_their_labels(settings: Callable[..., Settings], tmp_path: Path) -> None:
    """What tells events apart is read of a labelled event where its monitor looks for it, wherever it stood."""
    told_apart = 'segment = ["meta.country", "features.shop"]\nmodel_version = "v"\n'
    made = settings(EVENTS + told_apart + LABELS)
    performance = performance_of(made)
    assert made.labels is not None
    assert performance is not None
    log = MemoryLog({"inference-events": 1, "prices.labels": 1, "prices.labelled": 1, "prices.rejects": 1})
    event = {"id": 1, "meta": {"country": "DE"}, "features": {"shop": "x", "age": 3}, "v": 7, "prediction": 1.0}
    log.append("inference-events", orjson.dumps(event), timestamp_ms=5)
    log.append("prices.labels", b'{"id": 1, "label": 2.0}', timestamp_ms=9)
    joiner = Joiner(
        MemorySource(log, "inference-events", "joiners"),
        MemoryFollower(log, "prices.labels"),
        MemoryArchive(log),
        MemorySink(log),
        new_pairer(made, made.labels, 1, ()),
        Patience(1_000),
    )
    joiner.step(0.0)
    joiner.finish()
    (labelled,) = [record.value for record in log.records("prices.labelled")]
    (tmp_path / "rows.csv").write_text("age,driftline.loss\n" + "40,1.5\n41,2.5\n" * 50)
    decoder = EventDecoder(fit([tmp_path / "rows.csv"]), event_format(performance.events))
    rows = decoder.decode(RawBatch("prices.labelled", 0, [0], [labelled], [10])).rows
    assert rows.times_ms.tolist() == [9]
    assert rows.segments is not None
    assert [rows.segments.names[code] for code in rows.segments.codes] == [("DE", "x", "7")]


def test_memory_is_shared_out_over_the_partitions(settings: Callable[..., Settings]) -> None:
    """However the partitions move, a lane's bound is the same: who owns it changes nothing."""
    made = settings(EVENTS + LABELS + "max_waiting = 1000\n")
    assert made.labels is not None
    window = new_pairer(made, made.labels, 16, ()).new_window()
    assert window._limits.most == 62
