"""The rate of rows against the schedule: whether windows have enough of them, and how long until drift can open."""

from collections.abc import Iterator

import numpy as np

from consumers.assembly import Assembly
from consumers.onboarding.pace import Pace, every_for
from consumers.preflight.decoded import DecodedSample
from consumers.preflight.line import Line, amount, length
from stream.durations import format_duration
from stream.segments import SegmentColumn

_COMFORTABLE = 3


def pace_lines(decoded: DecodedSample, assembly: Assembly) -> Iterator[Line]:
    """Say how many rows a window will have, and when the first can be tested."""
    settings, pace = assembly.settings, decoded.pace
    if not pace.rows:
        return
    if pace.per_hour <= 0:
        yield Line("warning", "pace", "all events have one time: how fast they come cannot be told")
        return
    yield _rows_line(pace, assembly)
    if decoded.rows is not None and decoded.rows.segments is not None:
        yield from _segment_lines(pace, decoded.rows.segments, assembly)
    window_ms, (needed, of) = settings.window_ms, settings.policy().persist
    first_ms = window_ms + settings.lateness_ms
    opens_ms = first_ms + (needed - 1) * window_ms
    says = (
        f"the first window is tested {length(first_ms)} of event time after the first boundary of the schedule, and "
        f"drift can open {length(opens_ms)} after it ({needed} of {of} windows must agree)"
    )
    yield Line("ok", "schedule", says)
    if assembly.unverified:
        yield Line("warning", "budget", f"{assembly.budget}: {assembly.unverified}")


def _rows_line(pace: Pace, assembly: Assembly) -> Line:
    settings = assembly.settings
    window, least = format_duration(settings.window_ms), settings.schedule.min_samples
    rows = pace.rows_in(settings.window_ms)
    says = f"about {amount(rows)} rows in a window of {window} ({amount(pace.per_hour)} an hour), min_samples = {least}"
    if rows >= _COMFORTABLE * least:
        return Line("ok", "pace", says)
    every_ms = every_for(pace, least)
    wanted_ms = _whole(every_ms or 0, settings.every_ms)
    change = (
        f'schedule.window = "{format_duration(wanted_ms)}"' if wanted_ms > settings.window_ms else "a longer window"
    )
    if rows < least:
        return Line("problem", "pace", f"{says}: windows will be insufficient, and never be tested", change)
    return Line("warning", "pace", f"{says}: quiet hours will be insufficient", change)


def _whole(window_ms: int, every_ms: int) -> int:
    """Return a window that is a whole number of the schedule's steps."""
    return -(-window_ms // every_ms) * every_ms


def _segment_lines(pace: Pace, segments: SegmentColumn, assembly: Assembly) -> Iterator[Line]:
    """Name the segments whose windows stay insufficient."""
    settings, least = assembly.settings, assembly.settings.schedule.min_samples
    shares = np.bincount(segments.codes, minlength=len(segments.names)) / max(1, len(segments.codes))
    rows = pace.rows_in(settings.window_ms)
    told = zip(segments.names, shares, strict=True)
    small = ["/".join(map(str, name)) for name, share in told if share * rows < least]
    if small:
        says = f"{len(small)} of {len(segments.names)} segments have fewer rows a window: {', '.join(small[:5])}"
        yield Line("warning", "segments", says, "a longer window, or fewer segments")
    if len(segments.names) > settings.events.max_segments:
        says = f"{len(segments.names)} segments in the sample, max_segments = {settings.events.max_segments}"
        yield Line("warning", "segments", says, "the others are watched together: raise events.max_segments")
