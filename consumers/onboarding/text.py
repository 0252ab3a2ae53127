"""The configuration that a proposal comes to, with comments on what was found and what else it could be."""

from collections.abc import Iterator, Mapping, Sequence

from consumers.decode.format_names import AUTO
from consumers.onboarding.features import made_up_names
from consumers.onboarding.proposal import Proposal
from consumers.onboarding.surroundings import surroundings_lines
from consumers.settings import Settings
from consumers.settings.problems import toml_value
from stream.durations import UNITS_MS, format_duration

_COMMENT_AT = 34
_MOST_NAMED = 8
# Formats whose library is an extra; behind Confluent's framing the schema says what the values are.
_EXTRAS = {
    "arrow": "driftline[arrow]",
    "avro": "driftline[avro]",
    "open-inference-protobuf": "driftline[protobuf]",
    "confluent": "driftline[avro] or driftline[protobuf], as the schemas are",
}


def configuration_text(proposal: Proposal, baseline: str, around: Settings, *, fitted: bool = False) -> str:
    """Return a driftline.toml; ``baseline`` is the path that stands in it, ``around`` has broker and registry.

    ``fitted`` says that the baseline is the sample's own.
    """
    parts = (
        _monitor(proposal, baseline),
        _schedule(proposal),
        _events(proposal, fitted=fitted),
        _kafka(proposal, around),
    )
    head = f"# Written by `driftline init` after {proposal.seen.records:,} records of {_plain(proposal.sample.name)}."
    return "\n".join(
        [head, "# `driftline check` tries it; every key: docs/configuration.md.", *("\n".join(p) for p in parts), ""]
    )


def _monitor(proposal: Proposal, baseline: str) -> Iterator[str]:
    yield "\n[monitor]"
    yield _line("name", proposal.name, "names the topics and groups of this monitor")
    yield _line("baseline", baseline, "written by `driftline fit`; relative to this file")


def _schedule(proposal: Proposal) -> Iterator[str]:
    yield "\n[schedule]"
    every_ms = proposal.every_ms or UNITS_MS["h"]
    rows = proposal.pace.rows_in(every_ms)
    why = (
        f"about {rows:,.0f} rows a window at the pace of the sample"
        if proposal.every_ms
        else "the sample shows no pace"
    )
    yield _line("every", format_duration(every_ms), why)
    yield _line(
        "lateness", format_duration(proposal.lateness_ms), "999 of 1,000 events of the sample are in time by it"
    )
    yield "# min_samples = 100               # a window with fewer rows is not tested"


def _events(proposal: Proposal, *, fitted: bool) -> Iterator[str]:
    yield "\n[events]"
    named = proposal.place.guess.format
    must = "" if named == AUTO else "; records do not tell it, so that it must be named"
    yield _line("format", named, f"found: {formats_words(proposal)}{must}")
    if extras := _extras(proposal):
        yield f"# to read them, driftline needs an extra wherever it runs: {extras}"
    clock = proposal.clock
    if clock is None:
        yield _aligned('# timestamp = "ts"', "no time was found; without one, the Kafka record's own is taken")
    elif clock.path is None:
        yield _aligned('# timestamp = "ts"', "not set: the Kafka record's own timestamp")
    else:
        yield _line("timestamp", clock.path, f"{clock.share:.0%} of the events have a time there")
        yield _line("timestamp_unit", clock.unit, "")
    for other in [one for one in proposal.clocks if one.path is not None][:3]:
        yield _line("# timestamp", other.path, "could be, too")
    if proposal.marks.id:
        yield _line("id", proposal.marks.id, "different in nearly every event")
    yield _line("features", proposal.place.guess.features, _features_words(proposal))
    if proposal.place.guess.more:
        yield _line("more_features", list(proposal.place.guess.more), "further objects with features")
    yield from _value_names(proposal, fitted=fitted)
    for place in list(proposal.others)[:3]:
        yield _line("# features", place.guess.features, f"could be, too: {_names(place.columns)}")
    yield from _models(proposal)
    for path, n in list(proposal.marks.segments.items())[:3]:
        yield _line("# segment", [path], f"{n} values: watches each of them apart")


def _value_names(proposal: Proposal, *, fitted: bool) -> Iterator[str]:
    """Name values that come without, where the baseline does not: it has not all of them, or is still to be fitted."""
    known = proposal.place.guess.known
    if fitted and known and {feature.name for feature in proposal.kinds.features} != set(known):
        yield _line("names", list(known), "of the values, in their order: they come without")
    elif not fitted and known == made_up_names(len(known)) != ():
        yield _line("# names", list(known), "of the values, in their order; default: the baseline's features")


def _models(proposal: Proposal) -> Iterator[str]:
    marks = proposal.marks
    if marks.model is None:
        return
    only = f"{{{toml_value(marks.model)} = {toml_value(proposal.where or next(iter(marks.models)))}}}"
    if proposal.where:
        yield _aligned(f"where = {only}", f"it has the baseline's features, of: {_told(marks.models)}")
    else:
        yield _aligned(f"# where = {only}", f"only this model, of: {_told(marks.models)}")
        yield _line("# model", marks.model, "or: watches each model apart")
    if marks.model_version:
        yield _line("# model_version", marks.model_version, "watches each version apart")


def _told(models: Mapping[str, int]) -> str:
    return ", ".join(f"{_plain(model)} ({n:,})" for model, n in list(models.items())[:_MOST_NAMED])


def _kafka(proposal: Proposal, around: Settings) -> Iterator[str]:
    yield from surroundings_lines(around)
    yield "\n[topics]"
    if proposal.sample.of_topic:
        yield f"events = {toml_value(proposal.sample.name)}"
    else:
        yield _line("events", "inference-events", "a file does not tell: the topic that the events are on")


def _features_words(proposal: Proposal) -> str:
    return f"{place_words(proposal)}: {_names([feature.name for feature in proposal.kinds.features])}"


def place_words(proposal: Proposal) -> str:
    """Say where the features are."""
    paths = proposal.place.guess.paths
    if paths != ("",):
        return f"at {', '.join(toml_value(path) if path else 'the top' for path in paths)}"
    (chain, _), *_rest = proposal.seen.formats().most_common(1)
    return "in the event itself" if chain[-1:] == ("json",) else f"where {' > '.join(chain)} has them"


def formats_words(proposal: Proposal) -> str:
    """Say in which formats the records were, the outermost first, with how many of each."""
    found = proposal.seen.formats().most_common(3)
    return ", ".join(f"{' > '.join(chain) or 'json'} ({n:,})" for chain, n in found)


def _extras(proposal: Proposal) -> str:
    found = {name for chain in proposal.seen.formats() for name in chain}
    return ", ".join(told for name, told in _EXTRAS.items() if name in found)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(_plain, names[:_MOST_NAMED])) + more


def _line(key: str, value: object, why: str) -> str:
    return _aligned(f"{key} = {toml_value(value)}", why)


def _aligned(text: str, why: str) -> str:
    return f"{text:<{_COMMENT_AT - 2}}  # {why}" if why else text


def _plain(text: str) -> str:
    """Return what may stand in a comment: a control character would end it, or be none of TOML's."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)
