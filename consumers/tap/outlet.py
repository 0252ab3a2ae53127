"""Where the tap's events go, and what stands there in tests and when a baseline is fitted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

# Called with how many of the lines are safe and how many are lost, as that becomes known, from any thread.
Settled: TypeAlias = Callable[[int, int], None]


class Outlet(Protocol):
    """Takes events from the tap's own thread; it may wait there, but it must end what it waits for."""

    def send(self, lines: Sequence[bytes], settled: Settled) -> None:
        """Send events, one JSON object each; each of them is settled once, sooner or later."""
        ...

    def flush(self, timeout_s: float) -> None:
        """Let what was sent settle, at most so long. Called from any thread."""
        ...

    def close(self, timeout_s: float) -> None:
        """Flush, and let go of everything."""
        ...

    def forget(self) -> None:
        """Let go of everything without touching it: this is a forked child, and all of it is the parent's."""
        ...


class MemoryEvents:
    """Keeps events in a list, for tests of serving code: ``lines`` holds every one of them."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def send(self, lines: Sequence[bytes], settled: Settled) -> None:
        """See `Outlet.send`."""
        self.lines.extend(lines)
        settled(len(lines), 0)

    def flush(self, timeout_s: float) -> None:
        """Do nothing: everything is settled at once."""

    def close(self, timeout_s: float) -> None:
        """Keep the lines."""

    def forget(self) -> None:
        """Begin with an empty list."""
        self.lines = []


class FileEvents:
    """Writes events to a file of JSON lines, from which ``driftline fit --features features`` makes a baseline.

    The file is begun anew. Raises OSError at once where it cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        # No buffer: a forked child would write what its parent had not written yet a second time.
        self._file = Path(path).open("wb", buffering=0)  # noqa: SIM115 - closed by close()

    def send(self, lines: Sequence[bytes], settled: Settled) -> None:
        """See `Outlet.send`."""
        self._file.write(b"".join(line + b"\n" for line in lines))
        settled(len(lines), 0)

    def flush(self, timeout_s: float) -> None:
        """Do nothing: everything is written at once."""

    def close(self, timeout_s: float) -> None:
        """Close the file."""
        self._file.close()

    def forget(self) -> None:
        """Let a child write into the same file: every batch is one write of whole lines."""
