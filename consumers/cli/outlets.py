"""Where a replay writes: drift events, findings and a summary, each to a file of its own."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from consumers.errors import SettingsError
from consumers.replay import findings_of
from stream.drift_event import Identity
from stream.monitor import Tick


@dataclass(frozen=True, slots=True)
class Outlet:
    """Open files; None where nobody asked."""

    events: BinaryIO | None
    findings: BinaryIO | None
    summary: BinaryIO | None

    def take(self, identity: Identity, tick: Tick, variant: str | None = None) -> None:
        """Write what a tick said; where there are several variants, each line names its own."""
        mark = {} if variant is None else {"variant": variant}
        if self.events is not None:
            for event in tick.events:
                self.events.write(orjson.dumps({**mark, **event.to_dict()}, option=orjson.OPT_APPEND_NEWLINE))
        if self.findings is not None:
            for finding in findings_of(identity, tick):
                self.findings.write(orjson.dumps({**mark, **finding}, option=orjson.OPT_APPEND_NEWLINE))

    def close(self, told: dict[str, Any]) -> None:
        """Write the summary; nothing else follows."""
        if self.events is not None:
            self.events.flush()
        if self.summary is not None:
            self.summary.write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def outlets(
    stack: ExitStack,
    events: Path | None,
    findings: Path | None,
    summary: Path | None,
    *,
    standard: BinaryIO | None = None,
) -> Outlet:
    """Open the files that were named, before the work, which may be long; ``standard`` takes events without a file.

    Raises SettingsError for a path that cannot be written.
    """
    files = [None if path is None else stack.enter_context(_writable(path)) for path in (events, findings, summary)]
    return Outlet(files[0] or standard, files[1], files[2])


def _writable(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from error
