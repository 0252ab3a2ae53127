"""The section on the Schema Registry that events behind Confluent's framing name their schemas from."""

from typing import Annotated

from pydantic import AfterValidator, Field

from consumers.settings.section import Section


def _registry_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError('is no address; write for example "https://registry:8081"')
    return text


class RegistrySettings(Section):
    """Where schemas are asked for, and how the registry is entered: by name and password, or by a token."""

    url: Annotated[str, AfterValidator(_registry_url)] | None = Field(
        default=None,
        description="The registry's address. Default: none; framed JSON is read without it.",
        examples=["https://registry:8081"],
    )
    username: str | None = Field(default=None, description="For basic authentication.", examples=["driftline"])
    password: str | None = Field(
        default=None, repr=False, description="For basic authentication; better `password_file`.", examples=["..."]
    )
    token: str | None = Field(
        default=None,
        repr=False,
        description="A bearer token; better `token_file`.",
        examples=["..."],
    )
    ssl_cafile: str | None = Field(
        default=None,
        description="Certificates to trust, a PEM file. Default: the system's.",
        examples=["/etc/ssl/registry.pem"],
    )
