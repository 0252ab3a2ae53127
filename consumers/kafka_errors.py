"""The client's errors, told apart: what trying again may mend, and what a person must."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import AuthorizationError, IllegalStateError, KafkaError, SaslAuthenticationFailedError

from consumers.source import LogRefused, LogUnavailable

_REFUSALS = (AuthorizationError, SaslAuthenticationFailedError)


@contextmanager
def kafka_errors(doing: str) -> Iterator[None]:
    """Turn the client's errors into LogRefused and LogUnavailable; what was taken from us meanwhile stays as it is."""
    try:
        yield
    except IllegalStateError:
        raise
    except _REFUSALS as error:
        raise LogRefused(f"{doing}: {error}") from error
    except KafkaError as error:
        raise LogUnavailable(f"{doing}: {error}") from error
