"""What came at the door of a service to which alerts are routed, held against the alerts topic."""

from collections.abc import Iterator, Sequence
from typing import Any


def delivery_differences(published: Sequence[dict[str, Any]], came: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what is not as it should be: each alert at least once, as it was published, for the first time in order."""
    known = {event["id"]: event for event in published}
    first = list(dict.fromkeys(event["id"] for event in came))
    yield from (
        f"route: {event['id']} was published and never delivered" for event in published if event["id"] not in first
    )
    yield from (f"route: {name} was delivered and never published" for name in first if name not in known)
    yield from (f"route: {event['id']} was delivered with other contents" for event in came
                if event["id"] in known and event != known[event["id"]])  # fmt: skip
    if sorted(first) == sorted(known) and first != list(known):
        yield "route: alerts were delivered in another order than they were published"
