"""A client of a Schema Registry: schemas by id or GUID, kept once they are known.

Source: the REST interface of Confluent's Schema Registry, which Karapace, Apicurio and Redpanda speak, too. A registry
that does not answer stops nothing for good: the step is tried again, as it is for a broker that is away.
"""

import base64
import json
import logging
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consumers.decode.lenient import Refused
from consumers.decode.schemas import Schema
from consumers.source import LogRefused, LogUnavailable

_ACCEPT = "application/vnd.schemaregistry.v1+json, application/json"
_TIMEOUT_S = 5.0
_WAITS_S = (0.1, 0.3)
# How long a schema that the registry did not know is taken to be unknown: it may be on its way.
_UNKNOWN_S = 30.0
_FORBIDDEN = (401, 403)
_NOT_FOUND = 404
_log = logging.getLogger("driftline.schema_registry")


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """Where a registry is and how it is entered: by name and password, or by a token."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ssl_cafile: str | None = None


class SchemaRegistry:
    """Asks one registry; owned by one thread."""

    def __init__(self, access: RegistryAccess) -> None:
        self._access = access
        self._headers = {"Accept": _ACCEPT, **_authorization(access)}
        self._context = ssl.create_default_context(cafile=access.ssl_cafile)
        self._known: dict[int | str, Schema] = {}
        self._unknown_until: dict[int | str, float] = {}

    def schema(self, ref: int | str) -> Schema:
        """See `Registry.schema`. Raises LogRefused where the registry does not let us in."""
        if ref in self._known:
            return self._known[ref]
        if time.monotonic() < self._unknown_until.get(ref, 0.0):
            raise _unknown(ref)
        found = self._get(_path_of(ref))
        if found is None:
            # Broken records name schemas at random; what is remembered of them must not grow.
            if len(self._unknown_until) >= 1_000:
                self._unknown_until.clear()
            self._unknown_until[ref] = time.monotonic() + _UNKNOWN_S
            raise _unknown(ref)
        self._known[ref] = self._schema_of(ref, found)
        return self._known[ref]

    def _schema_of(self, ref: int | str, found: Mapping[str, Any]) -> Schema:
        if not isinstance(found.get("schema"), str):
            raise Refused("unknown_schema", f"the registry has no text for schema {ref}")
        kind = str(found.get("schemaType") or "AVRO")
        references: dict[str, str] = {}
        self._follow(found, kind, references)
        return Schema(kind, self._text(found, kind, ref), references)

    def _follow(self, found: Mapping[str, Any], kind: str, into: dict[str, str]) -> None:
        """Collect what a schema refers to, and before each what that refers to."""
        for reference in found.get("references") or ():
            name = str(reference["name"])
            if name in into:
                continue
            subject = urllib.parse.quote(str(reference["subject"]), safe="")
            path = f"/subjects/{subject}/versions/{reference['version']}"
            referred = self._get(path)
            if referred is None:
                raise Refused("unknown_schema", f"the registry does not know {name}, which a schema refers to")
            self._follow(referred, kind, into)
            into[name] = self._text(referred, kind, path)

    def _text(self, found: Mapping[str, Any], kind: str, ref: int | str) -> str:
        """Return a schema's text; of protobuf, the descriptor in base64, which needs no compiler."""
        if kind != "PROTOBUF":
            return str(found["schema"])
        path = ref if isinstance(ref, str) and ref.startswith("/") else _path_of(ref)
        serialized = self._get(f"{path}?format=serialized")
        return str((serialized or found)["schema"])

    def _get(self, path: str) -> Any:
        """Return what the registry answers, None for what it does not know."""
        for wait_s in (*_WAITS_S, None):
            try:
                return self._answer(path)
            except urllib.error.HTTPError as error:
                if error.code == _NOT_FOUND:
                    return None
                if error.code in _FORBIDDEN:
                    raise LogRefused(f"{self._access.url} refuses {path}: {error.code} {error.reason}") from error
                told: Exception = error
            except (OSError, ValueError) as error:
                told = error
            if wait_s is None:
                raise LogUnavailable(f"the schema registry {self._access.url} does not answer: {told}") from told
            time.sleep(wait_s)
        return None

    def _answer(self, path: str) -> Any:
        request = urllib.request.Request(self._access.url.rstrip("/") + path, headers=self._headers)  # noqa: S310  # http(s) by the settings
        context = self._context if self._access.url.startswith("https") else None
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=context) as answer:  # noqa: S310
            _log.debug("%s: %d", path, answer.status)
            return json.loads(answer.read())


def _path_of(ref: int | str) -> str:
    return f"/schemas/ids/{ref}" if isinstance(ref, int) else f"/schemas/guids/{ref}"


def _unknown(ref: int | str) -> Refused:
    return Refused("unknown_schema", f"the registry does not know schema {ref}")


def _authorization(access: RegistryAccess) -> dict[str, str]:
    if access.token is not None:
        return {"Authorization": f"Bearer {access.token}"}
    if access.username is None:
        return {}
    pair = base64.b64encode(f"{access.username}:{access.password or ''}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
