"""Back-test: variants over one counting, what is told of each, and what cannot be tried."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from baselines import save
from baselines.fitting import fit
from consumers.backtest import Backtest
from consumers.cli import app
from consumers.errors import SettingsError
from consumers.raw import RawBatch
from consumers.replay import Replay
from consumers.variants import variants_of

START_MS, EVERY_MS = 1_700_000_000_000, 10_000
WIDE, ONCE = "wide:window=20s,checks=[ks,chi2],min_samples=60", "once:persist=1 of 1"


@pytest.fixture
def stream(tmp_path: Path, incident_lines: list[bytes]) -> Path:
    """Return a file with an incident in it."""
    path = tmp_path / "stream.jsonl"
    path.write_bytes(b"\n".join(incident_lines))
    return path


def replay(config: Path, *arguments: object) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(app, ["replay", "--config", str(config), *map(str, arguments)])


def message(result: Result) -> str:
    """Return the one message of an error that is meant for people."""
    assert isinstance(result.exception, SettingsError), result.output
    return str(result.exception)


def batches(lines: Sequence[bytes], size: int) -> Iterator[RawBatch]:
    """Cut lines into batches of one file."""
    for start in range(0, len(lines), size):
        some = lines[start : start + size]
        yield RawBatch("file", 0, range(start, start + len(some)), some)


def test_each_variant_says_what_a_replay_of_its_own_says(
    stage_assembly: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Another window, other checks, other persistence: every tick and event is that of a monitor fed alone."""
    variants = variants_of(stage_assembly().settings, [WIDE, ONCE, "few:min_samples=500"], {})
    for size in (97, len(incident_lines)):
        together: dict[str, list[Any]] = {variant.name: [] for variant in variants}
        for variant, tick in Backtest(variants).run(batches(incident_lines, size)):
            together[variant.name].append((tick.window, tick.status, [event.to_dict() for event in tick.events]))
        for variant in variants:
            alone = [
                (tick.window, tick.status, [event.to_dict() for event in tick.events])
                for tick in Replay(variant.assembly).run(batches(incident_lines, size))
            ]
            assert together[variant.name] == alone


def test_segments_beyond_the_most_are_added_up_for_each_variant_by_itself(
    stage_assembly: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Two of five segments are watched together: no variant counts what another has added up."""
    settings = stage_assembly(events='segment = ["country"]\nmax_segments = 3').settings
    lines = [
        json.dumps({**json.loads(line), "country": "ABCDE"[i % 5]}).encode() for i, line in enumerate(incident_lines)
    ]
    variants = variants_of(settings, ["wide:min_samples=10", "few:min_samples=20"], {})
    together: dict[str, list[Any]] = {variant.name: [] for variant in variants}
    for variant, tick in Backtest(variants).run(batches(lines, 97)):
        together[variant.name].append((tick.segment, tick.window, tick.status))
    for variant in variants:
        alone = [(tick.segment, tick.window, tick.status) for tick in Replay(variant.assembly).run(batches(lines, 97))]
        assert together[variant.name] == alone


def test_the_summary_tells_when_each_variant_would_have_fired(
    stage_assembly: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Panes 3 to 6 of 12 move: persistence of one opens a pane sooner and resolves a pane sooner."""
    work = Backtest(variants_of(stage_assembly().settings, [ONCE], {}))
    assert len(list(work.run(batches(incident_lines, 500)))) == 22
    configured, once = work.summary()["variants"]
    assert [one["windows"] for one in (configured, once)] == [{"tested": 11}] * 2
    (late,), (soon,) = configured["incidents"], once["incidents"]
    # The first pane begins at 13:20 past 22 h; a window is 10 s.
    assert (soon["opened"], late["opened"]) == ("2023-11-14T22:14:00Z", "2023-11-14T22:14:10Z")
    assert (soon["resolved"], late["resolved"]) == ("2023-11-14T22:14:40Z", "2023-11-14T22:14:50Z")
    assert soon["since"] == late["since"] == "2023-11-14T22:13:50Z"
    assert once["first_opened"] == soon["opened"]
    # 40 s of the 100 s between the first and the last of 11 windows.
    assert once["share_in_incident"] == pytest.approx(0.4)
    assert once["leading"] == {"age": 1}
    assert set(soon["features"]) == {"age", "device"}


def test_an_incident_that_does_not_end_is_counted_to_the_end(
    stage_assembly: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """History ends in the middle: not resolved, and the share goes up to the last window."""
    work = Backtest(variants_of(stage_assembly().settings, [ONCE], {}))
    list(work.run(batches(incident_lines[: 7 * 120], 500)))
    (episode,) = work.courses[1].episodes
    assert episode.resolved_ms is None
    # Windows end at 10 s to 60 s; the one that ends at 40 s opens.
    assert work.courses[1].share_in_incident() == pytest.approx(2 / 5)


def test_the_table_names_every_variant_and_when_it_fired(config: Path, stream: Path) -> None:
    """Standard output has a row per variant and a list of incidents; drift events go nowhere unless asked."""
    result = replay(config, stream, "--try", ONCE, "--try", "deaf:ks=1,mean=99,std=99,chi2=1,frequency=1")
    assert result.exit_code == 0
    assert "configured: would have fired once" in result.stdout
    assert "once (persist=1 of 1): would have fired once" in result.stdout
    assert "deaf (ks=1,mean=99,std=99,chi2=1,frequency=1): would never have fired" in result.stdout
    assert "opened 2023-11-14T22:14:00Z .. resolved 2023-11-14T22:14:40Z" in result.stdout
    assert "drift.opened" not in result.stdout
    assert "1440 events read, 1440 counted. 3 variants." in result.stderr


def test_json_is_the_summary(config: Path, stream: Path, tmp_path: Path) -> None:
    """--json and --summary have the same object; the ledger counts each event once."""
    result = replay(config, stream, "--try", ONCE, "--json", "--summary", tmp_path / "summary.json")
    told = json.loads(result.stdout)
    assert told == json.loads((tmp_path / "summary.json").read_text())
    assert told["ledger"]["read"] == 1440
    assert [variant["variant"] for variant in told["variants"]] == ["configured", "once"]


def test_events_and_findings_are_marked_with_the_variant(config: Path, stream: Path, tmp_path: Path) -> None:
    """Each line names its variant; those of the configured settings are, but for the mark, those of a plain replay."""
    events, findings = tmp_path / "events", tmp_path / "findings"
    replay(config, stream, "--try", ONCE, "--events", events, "--findings", findings)
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert {event["variant"] for event in told} == {"configured", "once"}
    configured = [{k: v for k, v in event.items() if k != "variant"} for event in told if event["variant"] != "once"]
    assert configured == [json.loads(line) for line in replay(config, stream).stdout.splitlines()]
    assert len({json.loads(line)["variant"] for line in findings.read_text().splitlines()}) == 2


def test_the_exit_code_is_that_of_the_configured_settings(config: Path, stream: Path, tmp_path: Path) -> None:
    """A try that fires where the configuration does not is no finding of the configuration."""
    deaf = tmp_path / "deaf.toml"
    text = config.read_text().replace("[monitor]", f'[monitor]\nbaseline = "{config.with_name("baseline.json")}"')
    deaf.write_text(text + "\n[thresholds]\nks = 1\nmean = 99\nstd = 99\nchi2 = 1\nfrequency = 1\n")
    assert replay(config, stream, "--try", str(deaf), "--exit-code").exit_code == 3
    assert replay(deaf, stream, "--try", str(config), "--exit-code").exit_code == 0


def test_a_file_is_tried_under_its_own_name_or_another(config: Path, stream: Path) -> None:
    """The name of a file is its variant's; a name before a colon replaces it."""
    told = replay(config, stream, "--try", str(config), "--try", f"again:{config}", "--json").stdout
    assert [one["variant"] for one in json.loads(told)["variants"]] == ["configured", "driftline", "again"]


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        ("x:every=5s", "--try x: schedule.every is 5s, but 10s in"),
        ("x:lateness=5s", "--try x: schedule.lateness is 5s, but 1s in"),
        ("x:timezone=Europe/Berlin", "--try x: schedule.timezone is Europe/Berlin, but UTC in"),
        ("x:window=25s", '--try x: schedule.window: must be a whole number of every ("10s")'),
        ("x:features.agee.ks=0.3", "agee: the baseline has no such feature; write"),
        ("persist=1 of 1", '--try persist=1 of 1: has no name and changes; write for example "strict:persist=3 of 4"'),
        ("configured:ks=1", "--try configured:ks=1: there is a variant configured already"),
        ("nowhere.toml", "nowhere.toml: there is no such file"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_the_work(config: Path, stream: Path, tried: str, said: str) -> None:
    """Whatever would count the events in another way, or is no setting, is named with what to write instead."""
    result = replay(config, stream, "--try", tried)
    assert said in message(result)
    assert message(result).startswith(("--try", "nowhere.toml"))
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('features = "features"', 'features = ""', "events.features is , but features in"),
        ("[monitor]", '[monitor]\nbaseline = "other.json"', "other.json is another baseline than"),
    ],
)
def test_a_file_that_counts_otherwise_is_refused(config: Path, stream: Path, old: str, new: str, said: str) -> None:
    """Another events section or another baseline would make other counts: replay it by itself."""
    other = config.with_name("other.toml")
    other.write_text(config.read_text().replace(old, new))
    _fit_anew(config.with_name("other.json"), config.with_name("training.csv"))
    told = message(replay(config, stream, "--try", str(other)))
    assert told.startswith("--try other: ")
    assert said in told
    assert told.endswith("replay it by itself")


def _fit_anew(baseline: Path, training: Path) -> None:
    longer = baseline.with_name("longer.csv")
    longer.write_text(training.read_text() + "40,mobile\n")
    save(fit([longer]), baseline)


def test_json_goes_with_a_try(config: Path, stream: Path) -> None:
    """Without --try the events are JSON already, and --json is refused rather than ignored."""
    assert message(replay(config, stream, "--json")).startswith("--json: goes with --try")
