"""Apache Kafka's jars: fetched once with Maven into a cache, then used from there without a network."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

KAFKA_VERSION: Final = "4.3.1"
CACHE_VARIABLE: Final = "DRIFTLINE_LOCAL_KAFKA_CACHE"
FETCH_WITHIN_S: Final = 600

# slf4j is bound to log4j here, as in Kafka's own distribution; the version follows the log4j-core that Kafka brings.
_POM: Final = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>driftline</groupId>
  <artifactId>local-kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.4</version>
    </dependency>
  </dependencies>
</project>
"""
_COPY_GOAL: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class LocalKafkaUnavailable(RuntimeError):
    """A local Kafka cannot be had here; the message says what is missing or what went wrong."""


def program(name: str) -> str:
    """Return the full path of ``name`` on PATH; raise `LocalKafkaUnavailable` naming what to install."""
    found = shutil.which(name)
    if found is None:
        wanted = {"java": "a Java runtime (17 or newer)", "mvn": "Apache Maven (3.6 or newer)"}.get(name, name)
        raise LocalKafkaUnavailable(f"`{name}` is not on PATH: a local Kafka needs {wanted}")
    return found


def cache_dir() -> Path:
    """Return where the jars lie: ``$DRIFTLINE_LOCAL_KAFKA_CACHE``, or ``driftline/`` below the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "driftline"
    return Path("~/.cache/driftline").expanduser()


def kafka_jars(cache: Path | None = None) -> Path:
    """Return the folder with Kafka's jars, fetching them with Maven when it is not there yet.

    The folder appears by a rename, whole or not at all; processes that start together wait for the first of them.
    Raises `LocalKafkaUnavailable` when Maven is missing or cannot reach its repository.
    """
    cache = cache_dir() if cache is None else cache
    jars = cache / f"kafka-{KAFKA_VERSION}"
    if jars.is_dir():
        return jars
    maven = program("mvn")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"kafka-{KAFKA_VERSION}.lock"):
            if not jars.is_dir():
                _fetch(maven, jars)
    except OSError as error:
        raise LocalKafkaUnavailable(f"Kafka's jars cannot be kept in {cache}: {error.strerror}") from error
    return jars


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(maven: str, jars: Path) -> None:
    # Maven's own local repository is a part of the staging folder: nothing is written outside the cache, a read-only
    # home is enough, and what Maven needs only for itself goes away with the folder.
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=jars.parent) as staging_name:
        staging = Path(staging_name)
        (staging / "pom.xml").write_text(_POM, encoding="utf-8")
        command = [maven, "-B", "-q", "-f", str(staging / "pom.xml"), f"-Dmaven.repo.local={staging / 'repository'}"]
        command += [_COPY_GOAL, "-DincludeScope=runtime", f"-DoutputDirectory={staging / 'jars'}"]
        _run_maven(command)
        (staging / "jars").rename(jars)


def _run_maven(command: list[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the command is ours from end to end
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LocalKafkaUnavailable(f"Maven did not fetch Kafka {KAFKA_VERSION} within {FETCH_WITHIN_S} s") from error
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[:8])
        raise LocalKafkaUnavailable(f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{tail}")
