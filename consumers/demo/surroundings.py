"""What stands around a story: a folder, a broker of its own, yesterday, and an end in good order."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from consumers.demo.narrator import Narrator
from consumers.errors import SettingsError
from consumers.local_kafka import LocalKafka, LocalKafkaUnavailable
from consumers.local_kafka_jars import KAFKA_VERSION, cache_dir


def own_broker(stack: ExitStack, story: Narrator) -> str | None:
    """Start a local Kafka that ends with the stack and return its address; None, and say why, where there is none."""
    try:
        with story.step(f"Apache Kafka: a broker of our own{_first_time()}") as came_of:
            kafka = stack.enter_context(LocalKafka())
            came_of.append(f"on {kafka.bootstrap_servers[0]}")
    except LocalKafkaUnavailable as missing:
        why = str(missing).splitlines()[0]
        story.say(f"  No local Kafka ({why}): the same day goes through files instead.", "yellow")
        return None
    return kafka.bootstrap_servers[0]


def _first_time() -> str:
    there = (cache_dir() / f"kafka-{KAFKA_VERSION}").is_dir()
    return "" if there else ", downloaded this first time"


def yesterday_ms() -> int:
    """Return the last whole day's midnight: an event may not lie ahead of the record that carries it."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return round((today - timedelta(days=1)).timestamp() * 1000)


@contextmanager
def kept_or_temporary(keep: Path | None) -> Iterator[Path]:
    """Yield the folder to keep, which must be new or empty (else SettingsError), or one that goes with the block."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="driftline-demo-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise SettingsError(f"--keep {keep}: is not empty; name a folder that is, or that does not exist yet")
    except OSError as error:
        raise SettingsError(f"--keep {keep}: cannot be used: {error.strerror}") from error
    yield keep


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a story as Ctrl-C does: broker, process and folder go first."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
