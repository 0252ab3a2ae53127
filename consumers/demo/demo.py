"""The demo from end to end: training data, baseline, broker, a day of traffic, a verdict."""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from consumers.demo.file_stage import file_stage
from consumers.demo.kafka_stage import PARTITIONS, kafka_stage
from consumers.demo.narrator import new_console
from consumers.demo.progress import Progress
from consumers.demo.stage import DemoFailed, Stage
from consumers.demo.story import Story
from consumers.demo.surroundings import kept_or_temporary, own_broker, stopped_by_signals, yesterday_ms
from consumers.demo.traffic import DAY_EVENTS, TRAINING_ROWS, Day, simulated_day
from consumers.demo.verdict import verdict
from consumers.demo.words import clock
from consumers.demo.workshop import EVENTS_TOPIC, Workshop
from consumers.settings import Settings, load_settings
from stream.schedule import DAY_MS

_LOOK_S = 0.1
_FINISH_WITHIN_S = 60
_MONITOR = "house-prices"
_NO_SERVER = "localhost:9092"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demo is played: ``broker`` None is a local one of its own, ``keep`` None a temporary folder."""

    seconds: float = 100.0
    files: bool = False
    broker: str | None = None
    keep: Path | None = None


def run_demo(options: DemoOptions) -> bool:
    """Play the demo and return whether the story went as told.

    Raises DemoFailed, LogUnavailable or LogRefused when it cannot be played, SettingsError for options that do not fit.
    """
    day = simulated_day(PARTITIONS)
    story = Story(new_console(), day)
    story.say("driftline demo: a day of house-price requests, in which something changes.\n", "bold")
    with stopped_by_signals(), kept_or_temporary(options.keep) as folder:
        workshop, features = Workshop(folder), _prepare(story, Workshop(folder))
        with _stage(options, workshop, story) as (stage, settings):
            progress = _play(stage, day, story, options.seconds, (workshop.events, settings.topics.alerts))
        outcome = verdict(progress.alerts, progress.midnight_ms)
        story.end(outcome, progress, features)
        if outcome.complaints:
            story.say(f"\nThe story did not go as told: {'; '.join(outcome.complaints)}.", "bold red")
            return False
        story.farewell()
    _say_what_is_left(story, options)
    return True


def _prepare(story: Story, workshop: Workshop) -> int:
    with story.step(f"training data: {TRAINING_ROWS:,} rows") as came_of:
        features = workshop.write_training()
        came_of.append(f"of {features} features")
    with story.step("driftline fit train.csv --out baseline.json"):
        workshop.fit()
    return features


@contextmanager
def _stage(options: DemoOptions, workshop: Workshop, story: Story) -> Iterator[tuple[Stage, Settings]]:
    with ExitStack() as stack:
        server = None if options.files else options.broker or own_broker(stack, story)
        monitor, events_topic = _MONITOR, EVENTS_TOPIC
        if options.broker is not None:
            # Somebody else's broker: nothing there may be called the same.
            monitor = f"driftline-demo-{secrets.token_hex(3)}"
            events_topic = f"{monitor}.{EVENTS_TOPIC}"
        workshop.write_config(monitor, server or _NO_SERVER, events_topic)
        settings = load_settings(workshop.config, {})
        if server is None:
            with story.step("no broker: lines of JSON, as driftline replay reads them"):
                stage: Stage = stack.enter_context(file_stage(settings))
        else:
            with story.step("driftline run --config driftline.toml"):
                tidy = options.broker is not None
                stage = stack.enter_context(kafka_stage(settings, workshop.log, tidy=tidy))
        yield stage, settings


def _play(stage: Stage, day: Day, story: Story, seconds: float, names: tuple[Path, str]) -> Progress:
    """Send the day as it comes and tell what driftline says; ``names``: a file for the events, and the alerts topic."""
    events, alerts_topic = names
    progress = Progress(yesterday_ms())
    values = day.values(progress.midnight_ms)
    story.say(f"\nA day in {seconds:.0f} seconds: {DAY_EVENTS:,} events, tested every half hour of event time.\n")
    started = time.monotonic()
    with events.open("wb") as file, story.day():
        while not progress.over:
            elapsed_s = time.monotonic() - started
            if elapsed_s > seconds + _FINISH_WITHIN_S:
                raise DemoFailed(f"driftline did not come to the end of the day within {_FINISH_WITHIN_S} s")
            progress.time_ms = min(round(elapsed_s / seconds * DAY_MS), DAY_MS)
            due = len(day) if progress.time_ms == DAY_MS else day.sent_by(progress.time_ms)
            some = list(islice(values, due - progress.sent))
            stage.send(some)
            file.writelines(value + b"\n" for value in some)
            progress.sent = due
            _look(stage, story, progress, alerts_topic)
        # The last alert is committed with the last status, yet may be read after it.
        _look(stage, story, progress, alerts_topic)
    return progress


def _look(stage: Stage, story: Story, progress: Progress, alerts_topic: str) -> None:
    seen = stage.look(_LOOK_S)
    progress.take(seen)
    story.traffic(progress.time_ms)
    for alert in seen.alerts:
        story.alert(alert, f"{clock(progress.time_ms)}  on the topic {alerts_topic}")
    story.show(progress)


def _say_what_is_left(story: Story, options: DemoOptions) -> None:
    if options.keep is None:
        story.say("\nNothing is left behind: processes have ended, topics and files are deleted.", "dim")
    else:
        again = f"driftline replay --config {options.keep}/driftline.toml {options.keep}/events.jsonl"
        story.say(f"\nEverything is in {options.keep}; the same day again, without a broker:\n  {again}", "dim")
