"""A real broker for the tests of this folder: started once, by the tests themselves, on free loopback ports."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from consumers.local_kafka import LocalKafka, LocalKafkaUnavailable

MakeTopic = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that ``-m "not broker"`` leaves them out."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """Yield the one broker of the session; without Java or Maven, skip, but fail where CI=true."""
    cluster = LocalKafka()
    try:
        cluster.start()
    except LocalKafkaUnavailable as missing:
        outcome = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        outcome(f"no local Kafka: {missing}")
    with cluster:
        yield cluster


@pytest.fixture(scope="session")
def bootstrap_servers(kafka: LocalKafka) -> list[str]:
    """Return the addresses as clients and settings take them."""
    return kafka.bootstrap_servers


@pytest.fixture(scope="session")
def admin(bootstrap_servers: list[str]) -> Iterator[KafkaAdminClient]:
    """Yield an admin client for the whole session."""
    client = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    yield client
    client.close()


@pytest.fixture(scope="session")
def make_topic(admin: KafkaAdminClient) -> MakeTopic:
    """Return ``make_topic(name="topic", partitions=1, **configs)``: creates a topic, returns its unique name.

    Topic settings are written with underscores: ``make_topic("panes", cleanup_policy="compact")``.
    """
    numbers = itertools.count(1)

    def make(name: str = "topic", partitions: int = 1, **configs: str) -> str:
        unique = f"{name}-{next(numbers)}"
        options = {key.replace("_", "."): value for key, value in configs.items()}
        admin.create_topics({unique: {"num_partitions": partitions, "configs": options}}, wait_for_metadata=True)
        return unique

    return make
