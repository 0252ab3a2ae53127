"""All that can be looked at before a monitor runs, in one order: baseline, broker, topics, events, features, pace."""

from collections.abc import Callable, Iterator

from baselines import BaselineError
from consumers.assembly import Assembly, assemble, new_registry
from consumers.errors import SettingsError
from consumers.onboarding.sample import Sample
from consumers.preflight.decoded import decode_sample
from consumers.preflight.fates import clock_lines, fate_lines
from consumers.preflight.features import feature_lines
from consumers.preflight.labels import label_lines
from consumers.preflight.line import Line
from consumers.preflight.pace import pace_lines
from consumers.settings import Settings
from consumers.source import LogRefused, LogUnavailable

Sampling = Callable[[str], Sample]


def check_file(settings: Settings, sample: Sample, now_ms: int) -> Iterator[Line]:
    """Check baseline and events of a file; no broker is asked."""
    assembly, lines = _assembled(settings)
    yield from lines
    if assembly is not None:
        yield from _live_lines(assembly, sample, now_ms)


def check_log(settings: Settings, broker: Iterator[Line], sampling: Sampling, now_ms: int) -> Iterator[Line]:
    """Check baseline, broker and live events; ``broker`` are the broker's lines, ``sampling`` reads a topic by name."""
    assembly, lines = _assembled(settings)
    yield from lines
    servers = ", ".join(settings.kafka.bootstrap_servers)
    try:
        found = list(broker)
        yield from found
        if settings.topics.events and not any(line.about == "topics" and _is_away(line) for line in found):
            sample = sampling(settings.topics.events)
            if assembly is not None:
                yield from _live_lines(assembly, sample, now_ms)
            if settings.labels is not None:
                yield from label_lines(settings, sampling)
    except LogUnavailable as error:
        yield Line("problem", "broker", f"{servers}: {error}", "start the broker, or mend kafka.bootstrap_servers")
    except LogRefused as error:
        yield Line("problem", "rights", f"{servers}: {error}", "grant the right, or mend the credentials in [kafka]")


def _live_lines(assembly: Assembly, sample: Sample, now_ms: int) -> Iterator[Line]:
    """Say what becomes of events; what fails while they are decoded is the registry of their schemas."""
    try:
        yield from event_lines(assembly, sample, now_ms)
    except LogUnavailable as error:
        yield Line("problem", "registry", str(error), "start it, or mend schema_registry.url")
    except LogRefused as error:
        yield Line("problem", "registry", str(error), "mend the credentials in [schema_registry]")


def _is_away(line: Line) -> bool:
    return line.level == "problem" and line.says.startswith("there is no topic")


def _assembled(settings: Settings) -> tuple[Assembly | None, list[Line]]:
    try:
        assembly = assemble(settings)
    except BaselineError as error:
        return None, [Line("problem", "baseline", str(error), "fit it with `driftline fit`, or mend monitor.baseline")]
    except SettingsError as error:
        return None, [Line("problem", "settings", sentence) for sentence in str(error).splitlines()]
    baseline = assembly.baseline
    kinds = f"{len(baseline.numeric)} numeric and {len(baseline.categorical)} categorical features"
    return assembly, [Line("ok", "baseline", f"{baseline.n:,} rows, {kinds}")]


def event_lines(assembly: Assembly, sample: Sample, now_ms: int) -> Iterator[Line]:
    """Say what becomes of a sample's events, feature by feature."""
    settings = assembly.settings
    if settings.events.timestamp is None and not sample.of_topic:
        change = 'write for example timestamp = "ts"'
        yield Line(
            "problem", "time", "events.timestamp is not set, and lines of a file have no time of their own", change
        )
        return
    decoded = decode_sample(assembly, sample)
    yield from fate_lines(decoded, settings)
    yield from clock_lines(decoded, sample, settings, now_ms)
    if decoded.rows is not None:
        yield from feature_lines(assembly, decoded.rows, sample, new_registry(settings))
        yield from pace_lines(decoded, assembly)
