"""One broker of a local Kafka: its settings, its Java process, its end."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from consumers.local_kafka_jars import LocalKafkaUnavailable, program

LOOPBACK: Final = "127.0.0.1"
_STORAGE_TOOL: Final = "kafka.tools.StorageTool"
_BROKER: Final = "kafka.Kafka"
# Starts quickly on few cores; a broker of tests and demos does not live long enough for the second compiler.
_JVM_OPTIONS: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Xms128m")
_FORMAT_WITHIN_S: Final = 60
_TERM_WITHIN_S: Final = 20

_LOG4J: Final = """Configuration:
  status: ERROR
  Appenders:
    File:
      name: file
      fileName: {path}
      PatternLayout: {{pattern: "%d %p %c{{1}}: %m%n"}}
  Loggers:
    Root: {{level: WARN, AppenderRef: {{ref: file}}}}
"""

# Between fork and Java: the kernel kills the broker when the thread that started it is gone, whatever took it.
_DIE_WITH_PARENT: Final = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"  # PR_SET_PDEATHSIG of linux/prctl.h
    "os.getppid() == int(sys.argv[1]) or sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


def free_ports(count: int) -> list[int]:
    """Return ``count`` distinct TCP ports that nobody listens on at the moment.

    They lie below the range that systems hand out to outgoing connections: a client that keeps trying a port of that
    range while its broker is down can end up connected to itself and hold the port for good.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = 10_240 + secrets.randbelow(32_768 - 10_240)
        if port not in ports and _is_free(port):
            ports.append(port)
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@dataclass(slots=True)
class KafkaNode:
    """A broker and controller in one Java process; ``port`` and data in ``folder`` outlive the process."""

    node_id: int
    port: int
    folder: Path
    jars: Path
    heap_mb: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Host and port as clients write it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The Java process while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def format(self, cluster_id: str, settings: Mapping[str, str]) -> None:
        """Write the settings and an empty, formatted log folder (KIP-631); raise `LocalKafkaUnavailable`."""
        self.folder.mkdir(parents=True)
        self._log4j.write_text(_LOG4J.format(path=self._server_log), encoding="utf-8")
        own = {"log.dirs": str(self.folder / "data"), **settings}
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in own.items()), encoding="utf-8")
        command = self._java(_STORAGE_TOOL, "format", f"--cluster-id={cluster_id}", "-c", str(self._properties))
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_FORMAT_WITHIN_S, check=False
        )
        if done.returncode:
            raise LocalKafkaUnavailable(f"Kafka's storage tool failed:\n{done.stdout}{done.stderr}")

    def start(self) -> None:
        """Start the process and return at once; it listens a second or two later."""
        if self.pid is not None:
            return
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603
                dying_with_us(self._java(_BROKER, str(self._properties))),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C at the terminal is for us; the broker goes when it is told to.
                start_new_session=True,
            )

    def kill(self) -> None:
        """End the process with SIGKILL, as a crash would, and wait for it."""
        self._end(signal.SIGKILL)

    def terminate(self, within_s: float = _TERM_WITHIN_S) -> None:
        """End the process with SIGTERM, a controlled shutdown; with SIGKILL when it takes longer than ``within_s``."""
        try:
            self._end(signal.SIGTERM, within_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def exit_code(self) -> int | None:
        """Return how the process ended; None while it runs or was never started."""
        return None if self._process is None else self._process.poll()

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines of what the broker printed and logged."""
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in self._logs if path.exists()]
        return "\n".join("".join(texts).splitlines()[-lines:])

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _log4j(self) -> Path:
        return self.folder / "log4j2.yaml"

    @property
    def _output(self) -> Path:
        return self.folder / "output.txt"

    @property
    def _server_log(self) -> Path:
        return self.folder / "server.log"

    @property
    def _logs(self) -> tuple[Path, Path]:
        return self._output, self._server_log

    def _java(self, main_class: str, *arguments: str) -> list[str]:
        options = (
            f"-Xmx{self.heap_mb}m",
            f"-Dlog4j2.configurationFile={self._log4j}",
            "-Djava.net.preferIPv4Stack=true",
        )
        return [program("java"), *_JVM_OPTIONS, *options, "-cp", f"{self.jars}/*", main_class, *arguments]

    def _end(self, how: signal.Signals, within_s: float | None = None) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(within_s)


def dying_with_us(command: Sequence[str]) -> list[str]:
    """Return the command such that on Linux its process is killed when the thread that started it is gone."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-S", "-E", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command]
