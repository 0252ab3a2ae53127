"""The status as people read it in a terminal: a chapter per monitor, then driftline's own health."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consumers.cli.baseline_tables import printable
from stream.drift_event import label, told_apart
from stream.waiting_events import place_names
from stream.words import number

_COLOURS = {"critical": "bold red", "warning": "yellow", "info": "green"}
_MOST_FEATURES = 20


def status_text(told: dict[str, Any]) -> RenderableType:
    """Return the report as text and tables."""
    parts: list[RenderableType] = [part for status in told["monitors"] for part in _monitor(status)]
    if not told["monitors"]:
        parts += [Text(f"{told['monitor']}: no window has ended yet, so there is no status"), Text("")]
    if told.get("labels") is not None:
        parts += _labels(told["labels"])
    return Group(*parts, *_health(told))


def _monitor(status: dict[str, Any]) -> Iterator[RenderableType]:
    yield _heading(status)
    window = status["window"]
    yield Text(f"window     {window['start']} to {window['end']}, {window['n']:,} events")
    yield Text(f"watermark  {_watermark(status)}")
    for reason, wait in status.get("waiting", {}).items():
        names = place_names([(place["topic"], place["partition"]) for place in wait["partitions"]])
        yield Text(f"waits      for {names}, {reason}, since {wait['since']}", _COLOURS["warning"])
    yield Text(f"events     {ledger_words(status['ledger'])}")
    # A status of an earlier release says nothing of losses.
    for topic, partitions in status.get("lost", {}).items():
        yield Text(f"lost       {sum(partitions.values()):,} offsets of {topic}, deleted before they were read")
    if "taps" in status:
        yield Text(f"taps       {tap_words(status['taps'])}")
    for change in status.get("schema", ()):
        yield Text(f"schema     {printable(change['change'])}, since {change['since']}", _COLOURS["warning"])
    yield Text(f"baseline   {_shortened(status['baseline'])}")
    if "budget" in status:  # an earlier release does not say
        yield Text(f"budget     {status['budget']}")
    if status["incident"]:
        yield Text(f"incident   {status['incident']}")
    yield Text("")
    features = status["features"]
    if features:
        yield _features(features[:_MOST_FEATURES])
        more = len(status["drifting"]) - min(len(features), _MOST_FEATURES)
        yield Text(f"and {more} more; --json has 50 and all names\n" if more else "")


def _heading(status: dict[str, Any]) -> Text:
    told = told_apart(status["segment"], status.get("model"), status.get("model_version"))
    name = label(status["monitor"], told, between=" ")
    since = f" since {status['since']}" if status["since"] else ""
    if status["incident"]:
        drifting, watched = len(status["drifting"]), status["features_watched"]
        verb = "drifts" if drifting == 1 else "drift"
        words, colour = f"{drifting} of {watched} features {verb}{since}, {status['severity']}", status["severity"]
    elif status["status"] == "tested":
        words, colour = f"no drift in {status['features_watched']} features", "info"
    else:
        few = f": fewer than {status['min_samples']} events in a window, nothing is tested"
        words, colour = f"{status['status']}{since}{few if status['status'] == 'insufficient' else ''}", "warning"
    return Text.assemble((name, "bold"), "  ", (words, _COLOURS.get(colour, "")))


def _shortened(fingerprint: str) -> str:
    """Return as much of a fingerprint as tells it from others; a whole one does not fit on a line."""
    return f"{fingerprint[:27]}..." if len(fingerprint) > 30 else fingerprint


def _watermark(status: dict[str, Any]) -> str:
    behind_s = status["watermark_behind_s"]
    if behind_s is None:
        return "unknown yet"
    side = "behind" if behind_s >= 0 else "ahead of"
    return f"{status['watermark']}, {duration_words(abs(behind_s))} {side} the clock"


def duration_words(seconds: float) -> str:
    """Return a length of time by its two largest units.

    >>> duration_words(12.4), duration_words(3_700), duration_words(200_000)
    ('12 s', '1 h 1 min', '2 d 7 h')
    """
    left, words = round(seconds), []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2]) or "0 s"


def ledger_words(ledger: dict[str, Any]) -> str:
    """Return a ledger in one line, without what did not happen.

    >>> ledger_words({"read": 1002, "counted": 1000, "late": 2, "ahead": 0, "foreign": 0, "rejected": {}})
    '1,002 read: 1,000 counted, 2 late'
    """
    fates = [f"{ledger[fate]:,} {fate}" for fate in ("counted", "late", "ahead", "foreign") if ledger[fate]]
    fates += [f"{events:,} rejected ({reason})" for reason, events in ledger["rejected"].items()]
    fates += [f"{ledger['rows']['counted']:,} rows counted"] if "rows" in ledger else []
    return f"{ledger['read']:,} read" + (f": {', '.join(fates)}" if fates else "")


def tap_words(taps: dict[str, Any]) -> str:
    """Return in one line which processes count by themselves, without what did not happen.

    >>> tap_words({"reporting": 2, "idle": 1, "runs": [], "lost_reports": 1, "repeated_reports": 0})
    '2 report, 1 idle; 1 report lost'
    """
    idle, lost = taps["idle"], taps["lost_reports"]
    verb = "reports" if taps["reporting"] == 1 else "report"
    words = f"{taps['reporting']:,} {verb}" + (f", {idle:,} idle" if idle else "")
    return words + (f"; {lost:,} {'report' if lost == 1 else 'reports'} lost" if lost else "")


def _labels(joined: dict[str, Any]) -> Iterator[RenderableType]:
    yield Text.assemble(("labels", "bold"), f"  {_match_rate(joined['match_rate'])}")
    for name in ("predictions", "labels"):
        yield Text(f"{name:<12}{fate_words(joined[name])}")
    delay = joined["label_delay"]
    if delay["count"]:
        least, mean, most = (_signed(delay[f"{key}_s"]) for key in ("min", "mean", "max"))
        yield Text(f"{'delay':<12}{mean} on average, {least} to {most}")
    yield Text("")


def _match_rate(rate: float | None) -> str:
    if rate is None:
        return "no prediction has its label yet, and none has waited in vain"
    return f"{rate:.1%} of the predictions that wait no longer got their label"


def _signed(seconds: float) -> str:
    return f"{'-' if seconds <= -0.5 else ''}{duration_words(abs(seconds))}"


def fate_words(fates: dict[str, Any]) -> str:
    """Return predictions or labels in one line, without what did not happen.

    >>> fate_words({"read": 1200, "labelled": 1000, "foreign": 0, "unlabelled": {"expired": 200}})
    '1,200 read: 1,000 labelled, 200 unlabelled (expired)'
    """
    words = []
    for fate, found in fates.items():
        if isinstance(found, dict):
            words += [f"{number:,} {fate} ({reason})" for reason, number in found.items()]
        elif found and fate != "read":
            words.append(f"{found:,} {fate}")
    return f"{fates['read']:,} read" + (f": {', '.join(words)}" if words else "")


def _features(features: Iterable[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("feature", "severity", "check", "effect", "floor", "since"):
        table.add_column(column, justify="right" if column in ("effect", "floor") else "left")
    for feature in features:
        colour, clean = _COLOURS.get(feature["severity"], ""), feature["check"] is None
        table.add_row(
            Text(printable(feature["name"]), colour),
            Text(feature["severity"], colour),
            "not in this window" if clean else feature["check"],
            "" if clean else number(feature["effect"]),
            "" if clean else number(feature["threshold"]),
            feature["since"],
        )
    return table


def _health(told: dict[str, Any]) -> Iterator[RenderableType]:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("role", "group", "state", "members", "partitions", "lag"):
        table.add_column(column, justify="right" if column in ("members", "partitions", "lag") else "left")
    for group in told["groups"]:
        numbers = (f"{group['members']}", f"{len(group['partitions'])}", f"{group['lag']:,}")
        table.add_row(group["role"], group["group"], group["state"], *numbers)
    yield table
    yield Text("")
    for route in told.get("routes", ()):
        if last := route["last_undelivered"]:
            words = f"route {route['route']}: {route['undelivered']:,} alerts given up; the last one is {last['place']}"
            yield Text(f"{words}, {last['type']}: {last['why']}\n", _COLOURS["warning"])
    if told["healthy"]:
        yield Text("driftline is healthy", "green")
        return
    yield Text("driftline is not healthy:", "bold red")
    for problem in told["problems"]:
        yield Text(f"- {problem['reason']}: {problem['detail']}")
