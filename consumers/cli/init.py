"""``driftline init``: from events that nobody has described to a configuration that works as it is."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from baselines import Baseline
    from consumers.onboarding.proposal import Proposal
    from consumers.onboarding.sample import Sample
    from consumers.settings import Settings

EXAMPLE = "driftline init house-price-requests --bootstrap-servers localhost:9092 --baseline baseline.json"
_STDOUT = Path("-")
_AROUND = ("DRIFTLINE_KAFKA__", "DRIFTLINE_SCHEMA_REGISTRY__")
_FILE_ENDINGS = (".jsonl", ".ndjson", ".json", ".gz", ".zst")


def init(
    sample: Annotated[str, typer.Argument(metavar="SAMPLE|TOPIC", help="A file of events, a line each, or a topic.")],
    *,
    bootstrap_servers: Annotated[
        str, typer.Option(metavar="HOST:PORT[,...]", help="The brokers. Default: localhost:9092, or the environment.")
    ] = "",
    registry: Annotated[
        str, typer.Option(metavar="URL", help="The Schema Registry, for events in Confluent's framing.")
    ] = "",
    baseline: Annotated[
        Path | None, typer.Option(help="The baseline, where there is one: its features are looked for.")
    ] = None,
    out: Annotated[Path, typer.Option(help='The file to write; "-" prints it.')] = Path("driftline.toml"),
    records: Annotated[int, typer.Option(min=1, max=100_000, help="Records to look at.")] = 2_000,
    fit: Annotated[
        bool, typer.Option("--fit", help="Also fit a baseline to the sample: only if the sample is known to be good.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Look at real events, find format, features, time and pace, and write a configuration."""
    from baselines import load, save
    from consumers.cli.init_text import say
    from consumers.onboarding.text import configuration_text

    fitted = (Path() if out == _STDOUT else out.parent) / "baseline.json"
    _check_out(out, fitted if fit else None, force=force, baseline=baseline)
    known = None if baseline is None else load(baseline)
    around = _surroundings(bootstrap_servers, registry, out)
    proposal = _proposed(_sample(sample, around, records), known, around)
    text = configuration_text(proposal, _beside(baseline or fitted, out), around, fitted=fit)
    say(proposal, known=known is not None)
    if fit:
        made = _made(proposal, sample)
        save(made, fitted)
        typer.echo(f"{fitted}: fitted to {made.n:,} rows of the sample, {made.fingerprint[:19]}", err=True)
    if out == _STDOUT:
        typer.echo(text, nl=False)
    else:
        _write(out, text)
        typer.echo(f"{out}: written", err=True)
    _say_next(proposal, out, known=known is not None or fit)


def _check_out(out: Path, fitted: Path | None, *, force: bool, baseline: Path | None) -> None:
    """Raise SettingsError for files that would be lost, before anything is read."""
    from consumers.errors import SettingsError

    if fitted is not None and baseline is not None:
        raise SettingsError("--fit makes a baseline, and --baseline names one: give one of the two")
    if out != _STDOUT and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise SettingsError(f"--out {out}: must be a file in a directory that exists")
    for path in (out, fitted):
        if path is not None and path != _STDOUT and path.exists() and not force:
            raise SettingsError(f"{path}: is there already; give --force to replace it, or another --out")


def _surroundings(servers: str, registry: str, out: Path) -> "Settings":
    """Return how broker and registry are reached: as the options say, and the environment's variables for them."""
    from consumers.settings.document import Document, completed
    from consumers.settings.load import settings_of

    given = {"DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS": servers, "DRIFTLINE_SCHEMA_REGISTRY__URL": registry}
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_AROUND)}
    environ = kept | {name: value for name, value in given.items() if value}
    return settings_of(completed(Document(out, {"monitor": {"name": "init"}}), environ))


def _sample(name: str, around: "Settings", records: int) -> "Sample":
    from consumers.errors import SettingsError
    from consumers.onboarding.sample import file_sample

    path = Path(name)
    if path.is_file():
        return file_sample(path, records)
    if "/" in name or name.lower().endswith(_FILE_ENDINGS):
        raise SettingsError(f"{name}: no such file; give a file of events, or the name of a topic")
    found = _of_topic(name, around, records)
    if not len(found):
        raise SettingsError(f"the topic {name} is empty: send it some events first, or give a file of them")
    return found


def _proposed(sample: "Sample", known: "Baseline | None", around: "Settings") -> "Proposal":
    from consumers.assembly import new_registry
    from consumers.onboarding.proposal import propose
    from consumers.source import LogRefused, LogUnavailable

    try:
        return propose(sample, known, new_registry(around))
    except (LogUnavailable, LogRefused) as error:
        typer.echo(f"driftline: {error}; look at --registry and DRIFTLINE_SCHEMA_REGISTRY__...", err=True)
        raise typer.Exit(1) from error


def _of_topic(topic: str, around: "Settings", records: int) -> "Sample":
    from consumers.onboarding.kafka_sample import topic_sample
    from consumers.source import LogRefused, LogUnavailable

    try:
        return topic_sample(topic, around.kafka, records)
    except (LogUnavailable, LogRefused) as error:
        remedy = "start the broker, or name another one: --bootstrap-servers HOST:PORT"
        told = f"{error}; {remedy}" if isinstance(error, LogUnavailable) else str(error)
        typer.echo(f"driftline: {', '.join(around.kafka.bootstrap_servers)}: {told}", err=True)
        raise typer.Exit(1) from error


def _beside(baseline: Path, out: Path) -> str:
    """Return the baseline's path as it must stand in the file."""
    folder = Path.cwd() if out == _STDOUT else out.absolute().parent
    return Path(os.path.relpath(baseline.absolute(), folder)).as_posix()


def _made(proposal: "Proposal", sample: str) -> "Baseline":
    from consumers.errors import SettingsError

    if proposal.kinds.baseline is None:
        raise SettingsError(f"{sample}: --fit: {'; '.join(proposal.kinds.remarks)}")
    return proposal.kinds.baseline


def _write(out: Path, text: str) -> None:
    from consumers.errors import SettingsError

    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{out}: cannot be written: {error.strerror}") from error


def _say_next(proposal: "Proposal", out: Path, *, known: bool) -> None:
    from consumers.cli.init_text import next_commands

    config = Path("driftline.toml") if out == _STDOUT else out
    for line in next_commands(proposal, config, known=known):
        typer.echo(line, err=True)
