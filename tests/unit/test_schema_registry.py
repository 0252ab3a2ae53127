"""The client of a Schema Registry, against one of a few lines on a loopback port."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from consumers import schema_registry
from consumers.decode import EventDecoder, EventFormat
from consumers.decode.lenient import Refused
from consumers.raw import RawBatch
from consumers.schema_registry import RegistryAccess, SchemaRegistry
from consumers.source import LogRefused, LogUnavailable
from consumers.undecodable import decode_all
from tests.builders import layout_of
from tests.encoders import AVRO, CLIENT, ENCODERS
from tests.fake_registry import FakeRegistry, running

INNER = {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "double"}]}
OUTER = {"type": "record", "name": "Outer", "fields": [{"name": "inner", "type": "Inner"}]}
GUID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    """Run a registry for one test; the client waits for no longer than it must."""
    monkeypatch.setattr(schema_registry, "_WAITS_S", (0.0, 0.0))
    with running() as registry:
        yield registry


def told(schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema": json.dumps(schema), **more}


def test_a_schema_is_asked_for_once(fake: FakeRegistry) -> None:
    """By id and by GUID; the type is Avro where the registry does not say."""
    fake.answers = {"/schemas/ids/7": told(INNER), f"/schemas/guids/{GUID}": told({}, schemaType="JSON")}
    client = SchemaRegistry(RegistryAccess(fake.url + "/"))
    assert [client.schema(7).kind for _ in range(3)] == ["AVRO"] * 3
    assert client.schema(GUID).kind == "JSON"
    assert [path for path, _ in fake.asked] == ["/schemas/ids/7", f"/schemas/guids/{GUID}"]


def test_references_come_before_what_refers_to_them(fake: FakeRegistry) -> None:
    """Each once, whatever the order in which they are listed."""
    reference = {"name": "Inner", "subject": "a/b", "version": 2}
    fake.answers = {
        "/schemas/ids/1": told(OUTER, references=[reference]),
        "/subjects/a%2Fb/versions/2": told(INNER),
    }
    found = SchemaRegistry(RegistryAccess(fake.url)).schema(1)
    assert {name: json.loads(text) for name, text in found.references.items()} == {"Inner": INNER}


@pytest.mark.parametrize(
    ("access", "header"),
    [
        ({"username": "me", "password": "s3"}, "Basic " + base64.b64encode(b"me:s3").decode()),
        ({"token": "t0"}, "Bearer t0"),
        ({}, None),
    ],
)
def test_the_registry_is_entered_as_configured(fake: FakeRegistry, access: dict[str, str], header: str | None) -> None:
    """By name and password, by a token, or openly; no secret stands in a repr."""
    fake.answers = {"/schemas/ids/1": told(INNER)}
    SchemaRegistry(RegistryAccess(fake.url, **access)).schema(1)
    assert fake.asked[0][1] == header
    assert not any(secret in repr(RegistryAccess(fake.url, **access)) for secret in ("s3", "t0"))


def test_what_is_not_known_is_refused_and_not_asked_for_again_at_once(fake: FakeRegistry) -> None:
    """A broken record names any schema; a storm of them must not become one of requests."""
    client = SchemaRegistry(RegistryAccess(fake.url))
    for _ in range(5):
        with pytest.raises(Refused, match="does not know schema 9"):
            client.schema(9)
    assert len(fake.asked) == 1


def test_a_registry_that_stumbles_is_asked_again(fake: FakeRegistry) -> None:
    """Two failures are borne; more of them, and nobody there, are a matter for the next step."""
    fake.answers, fake.failures = {"/schemas/ids/1": told(INNER)}, [500, 503]
    client = SchemaRegistry(RegistryAccess(fake.url))
    assert client.schema(1).kind == "AVRO"
    fake.failures = [500, 500, 500]
    with pytest.raises(LogUnavailable, match="does not answer"):
        client.schema(2)
    with pytest.raises(LogUnavailable):
        SchemaRegistry(RegistryAccess("http://127.0.0.1:9")).schema(1)


def test_a_registry_that_does_not_let_us_in_is_a_persons_matter(fake: FakeRegistry) -> None:
    """Trying again would not help."""
    fake.failures = [401]
    with pytest.raises(LogRefused, match="401"):
        SchemaRegistry(RegistryAccess(fake.url)).schema(1)


BASELINE = layout_of({"x": [1.0, 2.0], "y_z": [1.0, 2.0], "c": ["a", "b"]}).baseline
ROWS = [{"x": 1.5, "y z": 2.5, "c": "a"}, {"x": None, "y z": 3.5, "c": None}]


def framed(client: SchemaRegistry) -> tuple[EventDecoder, RawBatch]:
    values = [value for value, _ in ENCODERS["confluent avro"][0](ROWS)]
    return EventDecoder(BASELINE, EventFormat(), client), RawBatch("t", 0, range(2), values, timestamps_ms=[5, 6])


def test_values_of_confluents_serializer_are_read_by_the_registrys_schema(fake: FakeRegistry) -> None:
    """From the bytes of the real encoder, over HTTP, to columns; nulls are missing."""
    decoder, batch = framed(SchemaRegistry(RegistryAccess(fake.url)))
    number = int.from_bytes(bytes(batch.values[0] or b"")[1:5])
    fake.answers = {f"/schemas/ids/{number}": {"schema": CLIENT.get_schema(number).schema_str}}
    rows = decoder.decode(batch).rows
    assert [column.values.tolist()[0] for column in rows.numeric] == [1.5, 2.5]
    assert rows.categorical[0].codes.tolist() == [0, 3]
    assert len(fake.asked) == 1
    assert AVRO["name"] == "Row"


def test_no_record_is_rejected_because_a_registry_is_away(fake: FakeRegistry) -> None:
    """The step fails, to be tried again; the records are as good as before."""
    decoder, batch = framed(SchemaRegistry(RegistryAccess(fake.url)))
    fake.failures = [503] * 3
    with pytest.raises(LogUnavailable):
        decode_all(decoder, batch)


def test_a_schema_that_is_none_is_a_reason(fake: FakeRegistry) -> None:
    """What the registry holds may be broken, too."""
    decoder, batch = framed(SchemaRegistry(RegistryAccess(fake.url)))
    number = int.from_bytes(bytes(batch.values[0] or b"")[1:5])
    for answer, reason in (({"schema": "{"}, "bad_schema"), ({"schema": "{}", "schemaType": "THRIFT"}, "bad_schema")):
        fake.answers = {f"/schemas/ids/{number}": answer}
        decoder, batch = framed(SchemaRegistry(RegistryAccess(fake.url)))
        assert {reject.reason for reject in decoder.decode(batch).rejected} == {reason}
