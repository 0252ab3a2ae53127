"""Alternative settings to try on recorded events: each another monitor over the same counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines import Baseline, load
from consumers.assembly import Assembly, assemble_on
from consumers.errors import SettingsError
from consumers.settings import Settings, load_settings, parse_changes
from stream.durations import format_duration

# The name of the settings as they stand in the configuration file.
CONFIGURED = "configured"
_COUNTING = ("every_ms", "timezone", "lateness_ms", "ahead_ms")
_FILE, _MILLISECONDS = ".toml", "_ms"


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings under a name; ``said`` is how they differ from the configuration file, as it was written."""

    name: str
    said: str
    assembly: Assembly


def variants_of(settings: Settings, tries: Sequence[str], environ: Mapping[str, str]) -> list[Variant]:
    """Return the settings themselves, then what each of ``tries`` makes of them.

    A try is ``NAME:key=value,key=value`` over these settings, or another configuration, ``[NAME:]FILE.toml``.
    Raises SettingsError or BaselineError: also where a variant would have counted the events in another way.
    """
    baseline = load(settings.baseline_path)
    variants = [Variant(CONFIGURED, "", assemble_on(baseline, settings))]
    for text in tries:
        name, said = _named(text)
        if name in {variant.name for variant in variants}:
            raise SettingsError(f"--try {text}: there is a variant {name} already; write another name before the colon")
        tried = _settings(settings, name, said, environ)
        _check_counted_alike(f"--try {name}", settings, tried, baseline)
        variants.append(Variant(name, said, _assembled(f"--try {name}", baseline, tried)))
    return variants


def _assembled(origin: str, baseline: Baseline, settings: Settings) -> Assembly:
    try:
        return assemble_on(baseline, settings)
    except SettingsError as error:
        raise SettingsError(f"{origin}: {error}") from error


def _named(text: str) -> tuple[str, str]:
    """Return the name and what is to be tried; a file may give its own name."""
    name, colon, said = text.partition(":")
    if colon and "=" not in name and name and said:
        return name, said
    if text.endswith(_FILE):
        return Path(text).stem, text
    raise SettingsError(
        f'--try {text}: has no name and changes; write for example "strict:persist=3 of 4", or the path of another '
        f"configuration, which ends in {_FILE}"
    )


def _settings(settings: Settings, name: str, said: str, environ: Mapping[str, str]) -> Settings:
    if said.endswith(_FILE) and "=" not in said:
        return load_settings(Path(said), environ)
    return load_settings(settings.path, environ, parse_changes(said, f"--try {name}"))


def _check_counted_alike(origin: str, settings: Settings, tried: Settings, baseline: Baseline) -> None:
    """Raise SettingsError for the first thing that would have made other counts of the same events."""
    for key, configured, other in _differences(settings, tried):
        raise SettingsError(
            f"{origin}: {key} is {other}, but {configured} in {settings.path}: events are counted once for all "
            "variants, and this would count them in another way; replay it by itself"
        )
    if tried.baseline_path.resolve() != settings.baseline_path.resolve():
        fingerprint = load(tried.baseline_path).fingerprint
        if fingerprint != baseline.fingerprint:
            raise SettingsError(
                f"{origin}: {tried.baseline_path} is another baseline than {settings.baseline_path}: events are "
                "counted once for all variants, on the cells of one baseline; replay it by itself"
            )


def _differences(settings: Settings, tried: Settings) -> Iterator[tuple[str, ...]]:
    """Yield key, value here and value there, of what decides how events are counted."""
    for section, names in (("schedule", _COUNTING), ("events", tuple(type(settings.events).model_fields))):
        here, there = getattr(settings, section), getattr(tried, section)
        for name in names:
            pair = getattr(here, name), getattr(there, name)
            if pair[0] != pair[1]:
                shown = map(format_duration, pair) if name.endswith(_MILLISECONDS) else map(str, pair)
                yield (f"{section}.{name.removesuffix(_MILLISECONDS)}", *shown)
