"""Routes in the configuration: what each kind needs, where secrets come from, and that none is ever repeated."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from consumers.errors import SettingsError
from consumers.routes.kafka_route import monitors_of
from consumers.settings import Settings, load_settings

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return ``load(text, environ)``."""

    def loaded(text: str, environ: Mapping[str, str] | None = None) -> Settings:
        (tmp_path / "driftline.toml").write_text(f'[monitor]\nname = "m"\n{text}')
        return load_settings(tmp_path / "driftline.toml", environ or {})

    return loaded


def test_a_route_is_a_kind_and_an_address(load: Load) -> None:
    """Everything else has a default; an event is tried for an hour."""
    route = load('[routes.team]\nkind = "webhook"\nurl = "https://example.com/x"\n').routes["team"]
    assert (route.types, route.min_severity, route.timeout_ms, route.give_up_after_ms) == (
        (),
        "info",
        10_000,
        3_600_000,
    )
    assert load("").routes == {}


def test_secrets_come_from_files_and_from_the_environment(load: Load, tmp_path: Path) -> None:
    """`url_file`, `key_file`, and a variable, which finds a route however the file spells its name."""
    (tmp_path / "key").write_text("abc\n")
    (tmp_path / "url").write_text("https://hooks.example.com/s3cret\n")
    text = '[routes.OnCall]\nkind = "pagerduty"\nkey_file = "key"\n[routes.team]\nkind = "slack"\nurl_file = "url"\n'
    routes = load(text, {"DRIFTLINE_ROUTES__ONCALL__TIMEOUT": "3s", "DRIFTLINE_ROUTES__TEAM__TOKEN": "123"}).routes
    assert (routes["OnCall"].key, routes["OnCall"].timeout_ms) == ("abc", 3_000)
    assert (routes["team"].address, routes["team"].token) == ("https://hooks.example.com/s3cret", "123")
    assert routes["team"].secrets == ("s3cret", "123")
    assert routes["OnCall"].secrets == ("abc",)


WEBHOOK = '[routes.a]\nkind = "webhook"\nurl = "https://example.com/s3cret"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[routes.a]\nkind = "pager"\n', 'routes.a.kind: "pager" is not known here; write one of "webhook"'),
        ('[routes.a]\nkind = "slack"\n', "routes.a: url is missing; write it, or url_file"),
        ('[routes.a]\nkind = "pagerduty"\n', "routes.a: key is missing; write for example key_file"),
        ('[routes.a]\nkind = "slack"\nurl = "ftp://s3cret"\n', "routes.a.url: must be an address that begins"),
        ('[routes.a]\nkind = "slack"\nurl = "https://s3cret:x@h/"\n', "routes.a.url: must not hold a user's name"),
        ('[routes.a]\nkind = "slack"\nurl = "https://h:99999999/s3cret"\n', "routes.a.url: must be an address"),
        ('[routes.a]\nkind = "slack"\nurl = 7\n', "routes.a.url: must be text in quotes"),
        (WEBHOOK + 'key = "s3cret"\n', "routes.a: key is for the kind pagerduty; leave it out"),
        (WEBHOOK + 'text = "x"\n', "routes.a: text is for the kind slack or alertmanager or pagerduty"),
        (WEBHOOK + 'body = {a = ["$summry"]}\n', "routes.a.body: $summry is not known here; write one of id, incident"),
        (WEBHOOK + 'body = {a = "5 $"}\n', 'routes.a.body: has a "$" that names nothing; write "$$"'),
        (WEBHOOK + 'token = "s3crét"\n', "routes.a.token: must be printable ASCII"),
        (WEBHOOK + 'headers = {X = "a\\nb"}\n', "routes.a.headers.X: must be printable ASCII"),
        (WEBHOOK + 'types = ["drift.open"]\n', 'routes.a.types: "drift.open" is not known here'),
        (WEBHOOK + 'give_up_after = "2d"\n', 'routes.a.give_up_after: must be "1s" to "1d"'),
        (WEBHOOK + 'timeout = "2m"\n', 'routes.a.timeout: must be "1s" to "1m"'),
        (WEBHOOK + 'retries = 3\n', "routes.a.retries: unknown key"),
        ('[routes."a b"]\nkind = "pagerduty"\nkey = "k"\n', "routes.\"a b\": may hold letters, digits"),
    ],
)  # fmt: skip
def test_a_wrong_route_is_told_and_its_secrets_are_not(load: Load, text: str, said: str) -> None:
    """The key, what is wrong, what to write instead; never what stands there, where that may be a secret."""
    with pytest.raises(SettingsError) as caught:
        load(text)
    assert said in str(caught.value)
    assert "s3cr" not in str(caught.value)


def test_alerts_of_labelled_events_take_the_same_routes(load: Load) -> None:
    """Both monitors of a configuration are routed, and no other that shares the topic."""
    assert monitors_of(load(WEBHOOK)) == ("m",)
    labels = '[events]\nid = "id"\n[labels]\nbaseline = "labelled.json"\ntask = "classification"\n'
    assert monitors_of(load(WEBHOOK + labels)) == ("m", "m.performance")
