"""Where an example is played: a folder, and in it what a user would do: commands, a broker, `driftline run`.

The examples' own files are what is to be copied; this one only sets the stage. Without Java there is no local broker:
then the same events go through the machinery of `driftline replay`, and the story says so.
"""

import argparse
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaProducer

from consumers.demo.file_stage import FileStage, file_stage
from consumers.demo.kafka_stage import kafka_stage
from consumers.demo.narrator import Narrator, new_console
from consumers.demo.stage import DemoFailed, Stage
from consumers.demo.surroundings import kept_or_temporary, own_broker, stopped_by_signals
from consumers.errors import SettingsError
from consumers.settings import Settings, load_settings
from consumers.settings.performance import performance_of
from consumers.source import LogRefused, LogUnavailable
from consumers.tap import KafkaEvents, Outlet

# As it stands in the examples' driftline.toml.
_SERVER = "localhost:9092"


@dataclass(frozen=True, slots=True)
class Options:
    """How an example is played: ``broker`` None is a local one of its own, ``keep`` None a temporary folder."""

    seconds: float
    files: bool = False
    broker: str | None = None
    keep: Path | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """What runs: what it says can be looked at, what the tap sends goes to the outlet.

    ``producer`` is for labels, None where there is no broker. With labels a second one of ``monitors`` watches them.
    """

    settings: Settings
    stage: Stage
    outlet: Outlet
    producer: KafkaProducer | None = None

    @property
    def monitors(self) -> tuple[str, ...]:
        """Return the names of the monitors that run."""
        performance = None if self.producer is None else performance_of(self.settings)
        return tuple(each.monitor.name for each in (self.settings, performance) if each is not None)


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one performance, and who tells of it."""

    options: Options
    folder: Path
    narrator: Narrator

    def driftline(self, *arguments: str) -> str:
        """Run a verb of the command line in the folder, tell that it was run, and return what it said.

        Raises DemoFailed when it did not end well.
        """
        with self.narrator.step(" ".join(["driftline", *arguments])):
            command = [sys.executable, "-m", "consumers.cli", *arguments]
            done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoFailed(f"driftline {arguments[0]}: {done.stderr}")
        return done.stdout + done.stderr

    @contextmanager
    def opened(self, config: Path) -> Iterator[Open]:
        """Copy a configuration to the folder, and run it for as long as the block lasts."""
        with ExitStack() as stack:
            server = None if self.options.files else self.options.broker or own_broker(stack, self.narrator)
            copy = self.folder / "driftline.toml"
            copy.write_text(config.read_text(encoding="utf-8").replace(_SERVER, server or _SERVER), encoding="utf-8")
            settings = load_settings(copy, {})
            if server is None:
                with self.narrator.step("no broker: lines of JSON, as driftline replay reads them"):
                    replay = stack.enter_context(file_stage(settings))
                yield Open(settings, replay, _StageOutlet(replay))
            else:
                with self.narrator.step("driftline run --config driftline.toml"):
                    tidy = self.options.broker is not None
                    running = stack.enter_context(kafka_stage(settings, self.folder / "run.log", tidy=tidy))
                outlet = KafkaEvents(settings.kafka.bootstrap_servers, settings.topics.events)
                producer = KafkaProducer(**settings.kafka.for_client("producer"), linger_ms=20)
                stack.callback(producer.close, timeout=1)
                yield Open(settings, running, outlet, producer)


class _StageOutlet:
    """An outlet of the tap, straight into what replays."""

    def __init__(self, stage: FileStage) -> None:
        self._stage = stage

    def send(self, lines: Sequence[bytes], settled: Callable[[int, int], None]) -> None:
        """See `Outlet.send`."""
        self._stage.send(lines)
        settled(len(lines), 0)

    def flush(self, timeout_s: float) -> None:
        """Do nothing: everything is handed over at once."""

    def close(self, timeout_s: float) -> None:
        """Do nothing."""

    def forget(self) -> None:
        """Do nothing: the examples do not fork."""


def read_options(about: str, seconds: float, arguments: Sequence[str] | None) -> Options:
    """Read the command line of an example; ``seconds`` is how long it takes unless told otherwise."""
    parser = argparse.ArgumentParser(description=about)
    how_long = f"how long the simulated time takes (default {seconds:.0f})"
    parser.add_argument("--seconds", type=_seconds, default=seconds, help=how_long)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--files", action="store_true", help="without a broker: replay the same events")
    where.add_argument("--broker", metavar="HOST:PORT", help="use this broker; topics are deleted at the end")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep all files here")
    return Options(**vars(parser.parse_args(arguments)))


def _seconds(text: str) -> float:
    if not 1 <= float(text) <= 3600:
        raise argparse.ArgumentTypeError("must be from 1 to 3600")
    return float(text)


@contextmanager
def place(options: Options) -> Iterator[Place]:
    """Yield a place that leaves nothing behind, but for the folder to keep."""
    with stopped_by_signals(), kept_or_temporary(options.keep) as folder:
        yield Place(options, folder, Narrator(new_console()))


def performed(options: Options, perform: Callable[[Place], object]) -> int:
    """Perform an example, and return the exit code of its command."""
    # What matters is told by the story; a client that loses its broker at the end is no news.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        with place(options) as here:
            perform(here)
    except (DemoFailed, LogUnavailable, LogRefused, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
