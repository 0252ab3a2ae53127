"""What becomes of the events of a sample, and whether their clocks agree with the log's."""

from collections.abc import Iterator

import numpy as np

from consumers.onboarding.sample import Sample
from consumers.preflight.decoded import DecodedSample
from consumers.preflight.line import Level, Line, length, percent
from consumers.settings import Settings
from stream.durations import UNITS_MS, format_duration

# Rejects up to this share are a nuisance; more are a monitor that looks at half of its traffic.
_MANY = 0.05
_FEW_LATE = 0.01
# Clocks that are off by whole hours, to within this, are in another time zone.
_ZONE_SLACK_MS = 3 * UNITS_MS["m"]


def fate_lines(decoded: DecodedSample, settings: Settings) -> Iterator[Line]:
    """Say how much would be counted, and of the rest why not, and what to change."""
    ledger = decoded.ledger
    if not ledger.read:
        yield Line("problem", "events", "there are none to look at", "send some events, or name another topic")
        return
    shares = {name: getattr(ledger, name) / ledger.read for name in ("counted", "foreign", "late", "ahead")}
    told = f"{ledger.counted:,} of {ledger.read:,} events would be counted"
    yield Line("ok", "events", told) if ledger.counted else Line("problem", "events", told, _paths(settings))
    for reason, n in ledger.rejected.most_common():
        share = n / ledger.read
        says = f"{percent(share)} are rejected as {reason} ({decoded.details.get(reason, '')})"
        yield Line("problem" if share > _MANY else "warning", "events", says, _remedy(reason, settings))
    if ledger.foreign == ledger.read:
        yield Line(
            "problem", "events", "all are foreign", "events.where has no such events, or events.side is the other"
        )
    elif shares["foreign"]:
        yield Line("ok", "events", f"{percent(shares['foreign'])} are foreign: other models', or the other side's")
    yield from _late(decoded, settings, shares["late"])
    if shares["ahead"]:
        says = f"{percent(shares['ahead'])} lie more than {format_duration(settings.ahead_ms)} ahead of their record"
        change = "mend the clock or time zone of the sender, name another events.timestamp, or raise schedule.ahead"
        yield Line("problem" if shares["ahead"] > _MANY else "warning", "time", says, change)


def _paths(settings: Settings) -> str:
    return f'look at [events] in {settings.path}: features = "{settings.events.features}", timestamp, format, where'


def _remedy(reason: str, settings: Settings) -> str:
    events = settings.events
    if reason in ("no_timestamp", "bad_timestamp"):
        return f'events.timestamp = "{events.timestamp}", timestamp_unit = "{events.timestamp_unit}": name another'
    if reason in ("no_features", "wrong_shape", "unknown_names", "wrong_length"):
        return f'events.features = "{events.features}", events.names: name where they are; `driftline init` looks'
    if reason == "missing_extra":
        return "install the extra, here and where driftline is to run"
    if reason in ("no_registry", "unknown_schema"):
        return "set schema_registry.url"
    return "they are kept on the rejects topic; mend the sender"


def _late(decoded: DecodedSample, settings: Settings, share: float) -> Iterator[Line]:
    if not share:
        yield Line("ok", "time", f"no event is late by lateness = {format_duration(settings.lateness_ms)}")
        return
    needed_ms = float(np.quantile(decoded.behind_ms, 0.999))
    seconds = -(-needed_ms // UNITS_MS["s"])
    wanted = format_duration(int(-(-seconds // 60) * UNITS_MS["m"]) if seconds > 90 else int(seconds * UNITS_MS["s"]))
    says = f"{percent(share)} are late by more than lateness = {format_duration(settings.lateness_ms)}"
    level: Level = "problem" if share > _MANY else "warning" if share > _FEW_LATE else "ok"
    yield Line(level, "time", says, f'schedule.lateness = "{wanted}" lets 999 of 1,000 in')


def clock_lines(decoded: DecodedSample, sample: Sample, settings: Settings, now_ms: int) -> Iterator[Line]:
    """Say how event times lie to the records' own times, and how old the newest event is."""
    rows = decoded.rows
    if rows is None:
        return
    if settings.events.timestamp is not None and len(decoded.skew_ms):
        skew_ms = float(np.median(decoded.skew_ms))
        yield _skew_line(skew_ms)
        if abs(skew_ms) > UNITS_MS["d"]:
            return
    age_ms = now_ms - int(rows.times_ms.max())
    quiet_ms = max(settings.window_ms, UNITS_MS["h"])
    if sample.of_topic and age_ms > quiet_ms:
        says = f"the newest event is {length(age_ms)} old: the topic is silent, or holds recorded events"
        yield Line("warning", "time", says, "the last windows stay open until newer events come")


def _skew_line(skew_ms: float) -> Line:
    """Say how far events lie from their records; further than a day, they are not from now."""
    hours, side = round(skew_ms / UNITS_MS["h"]), "before" if skew_ms >= 0 else "after"
    if 1 <= abs(hours) <= 14 and abs(skew_ms - hours * UNITS_MS["h"]) < _ZONE_SLACK_MS:
        says = f"events lie {abs(hours)} h {'behind' if hours > 0 else 'ahead of'} their records: a time zone, it seems"
        return Line("warning", "time", says, "let the sender write UTC, or an offset (+02:00)")
    says = f"events lie {length(abs(skew_ms))} {side} their records"
    if abs(skew_ms) > UNITS_MS["d"]:
        change = "the last windows stay open until newer events come"
        return Line("warning", "time", f"{says}: recorded ones, it seems", change)
    return Line("ok", "time", says)
