"""Replay in a notebook: a table of events, or files of them, and a baseline in; a result out."""

import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines import Baseline, load
from baselines.fitting.frame import Frame
from consumers.assembly import Assembly, assemble_on
from consumers.errors import SettingsError
from consumers.notebook.columns import column_batches
from consumers.notebook.records import Records
from consumers.notebook.result import ReplayResult
from consumers.notebook.rows import row_batches
from consumers.replay import DecodedBatch, Replay, check_streams, decoded, findings_of
from consumers.settings import Settings
from consumers.settings.document import Document, read_document
from consumers.settings.load import settings_of
from consumers.streams import stream_batches
from stream.monitor import Tick

if TYPE_CHECKING:
    from stream.drift_event import DriftEvent

# Stands in messages where a configuration file's path would.
_NO_FILE = Path("config")
_FINDING = ("window_end", "feature", "check", "drift", "effect", "threshold", "p_value", "p_adjusted")
_WINDOW = ("start", "end", "n", "status", "events")
Config = Mapping[str, Any] | Path | str | None


def replay(
    data: object,
    baseline: Baseline | Path | str,
    *,
    time: str = "",
    every: str = "",
    window: str = "",
    config: Config = None,
    findings: bool = True,
) -> ReplayResult:
    """Judge recorded events against a baseline, exactly as ``driftline replay`` and ``driftline run`` would.

    ``data`` is a data frame (polars, pandas, pyarrow) in order of time, a row per event and a column per feature, or
    the path of a file of events, or several. ``time`` names the column, or the path in the event, with its time.
    ``every`` and ``window`` are durations ("1h"); everything else may stand in ``config``: tables as in
    ``driftline.toml``, or its path. Without ``findings`` p-values are computed only where something depends on them.

    Raises SettingsError and BaselineError with what is wrong and what to write instead.
    """
    paths = _paths(data)
    settings = _settings(config, _said(time, every, window), rows=not paths)
    assembly = assemble_on(baseline if isinstance(baseline, Baseline) else load(Path(baseline)), settings)
    if paths:
        check_streams(settings, paths)
        return _result(Replay(assembly), decoded(assembly, stream_batches(paths)), findings=findings)
    if settings.events.timestamp is None:
        raise SettingsError('time: is missing; name the column with the rows\' times, for example time="ts"')
    table = Frame.of(data)
    columns = column_batches(assembly, table, settings.events.timestamp)
    if columns is None:
        columns = decoded(assembly, row_batches(table, settings.events.timestamp))
    return _result(Replay(assembly), columns, findings=findings)


def _paths(data: object) -> list[Path]:
    given = data if isinstance(data, list | tuple) else [data]
    return [Path(one) for one in given if isinstance(one, str | Path)]


def _said(time: str, every: str, window: str) -> dict[tuple[str, str], str]:
    given = {("events", "timestamp"): time, ("schedule", "every"): every, ("schedule", "window"): window}
    return {key: value for key, value in given.items() if value}


def _settings(config: Config, said: Mapping[tuple[str, str], str], *, rows: bool) -> Settings:
    if isinstance(config, str | Path):
        document = read_document(Path(config), os.environ)
    else:
        document = Document(_NO_FILE, deepcopy(dict(config or {})))
    document.tables.setdefault("monitor", {}).setdefault("name", "notebook")
    if rows:
        # A row is the event itself, whatever the events of the stream are wrapped in.
        document.put(("events", "features"), "", str(document.path))
        document.put(("events", "format"), "json", str(document.path))
    for key, value in said.items():
        document.put(key, value, f"{key[-1]}=")
    return settings_of(document)


def _result(work: Replay, batches: Iterable[DecodedBatch], *, findings: bool) -> ReplayResult:
    events: list[DriftEvent] = []
    tests: list[dict[str, Any]] = []
    windows: list[dict[str, Any]] = []
    for tick in work.run_decoded(batches):
        events += tick.events
        windows.append(_window(work.assembly, tick))
        if findings:
            tests += findings_of(work.assembly.identity(tick.segment), tick)
    return ReplayResult(
        events=tuple(events),
        findings=Records(tests, _FINDING),
        windows=Records(windows, _WINDOW),
        ledger=work.ledger,
        summary=work.summary(),
        unverified=work.assembly.unverified,
    )


def _window(assembly: Assembly, tick: Tick) -> dict[str, Any]:
    window, told = tick.window, assembly.identity(tick.segment).told_apart
    return {
        "start_ms": window.start_ms,
        "end_ms": window.end_ms,
        "n": window.n,
        "status": tick.status,
        "events": ", ".join(event.type for event in tick.events),
        "segment": told,
    }
