"""A real Apache Kafka on free loopback ports, without Docker: for the demo, for tests, for trying things out.

It lives in the package and not under ``docker/`` because ``driftline demo`` needs it from an installed wheel;
``docker/local_kafka.py`` is the same command for people who look there. ``python -m consumers.local_kafka`` runs a
broker in the foreground. It is no way to run Kafka in earnest: no security, data deleted at the end.
"""

import argparse
import atexit
import secrets
import shutil
import signal
import sys
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, NoReturn, Self

from consumers.local_kafka_jars import LocalKafkaUnavailable, kafka_jars, program
from consumers.local_kafka_node import LOOPBACK, KafkaNode, free_ports
from consumers.local_kafka_probe import alive_brokers

__all__ = ["LocalKafka", "LocalKafkaUnavailable"]

_READY_WITHIN_S: Final = 90
_POLL_S: Final = 0.1


class LocalKafka:
    """A KRaft cluster of ``nodes`` brokers that ends with the ``with`` block, and with this process at the latest.

    One broker keeps one copy of everything; three keep three and ask for two in sync, internal topics too. Call
    `start` from a thread that outlives the cluster: on Linux the kernel kills brokers whose starting thread is gone.

    ``settings`` are Kafka's broker settings, over the ones chosen here. `start` raises `LocalKafkaUnavailable`.
    """

    def __init__(self, nodes: int = 1, *, heap_mb: int = 512, settings: Mapping[str, str] | None = None) -> None:
        if nodes < 1:
            raise ValueError("a cluster has at least one node")
        self.nodes: tuple[KafkaNode, ...] = ()
        self._count = nodes
        self._heap_mb = heap_mb
        self._settings = dict(settings or {})
        self._folder: Path | None = None

    @property
    def bootstrap_servers(self) -> list[str]:
        """Addresses of all brokers, running or not; empty before `start`."""
        return [node.address for node in self.nodes]

    def start(self) -> Self:
        """Fetch Kafka if need be, format, start, and return when every broker answers for the whole cluster."""
        if self.nodes:
            return self
        program("java")
        jars = kafka_jars()
        atexit.register(self.stop)
        self._folder = Path(tempfile.mkdtemp(prefix="driftline-kafka-"))
        try:
            self.nodes = self._formatted(jars, self._folder)
            for node in self.nodes:
                node.start()
            self._wait_until_ready(self.nodes)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every broker and delete the data; harmless when nothing runs."""
        # Nobody will read the data again, so there is nothing that a controlled shutdown would be good for.
        for node in self.nodes:
            node.kill()
        self.nodes = ()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        atexit.unregister(self.stop)

    def kill(self, index: int) -> None:
        """Crash a broker (SIGKILL); its port and data stay for `restart`."""
        self.nodes[index].kill()

    def terminate(self, index: int) -> None:
        """Shut a broker down in order (SIGTERM); its port and data stay for `restart`."""
        self.nodes[index].terminate()

    def restart(self, index: int) -> None:
        """Start a killed or terminated broker on its old port and data; return when it answers."""
        self.nodes[index].start()
        self._wait_until_ready([self.nodes[index]])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _formatted(self, jars: Path, folder: Path) -> tuple[KafkaNode, ...]:
        ports = free_ports(2 * self._count)
        brokers, controllers = ports[: self._count], ports[self._count :]
        nodes = tuple(
            KafkaNode(number, port, folder / f"node-{number}", jars, self._heap_mb)
            for number, port in enumerate(brokers, start=1)
        )
        cluster_id = urlsafe_b64encode(uuid.UUID(int=secrets.randbits(128), version=4).bytes).decode().rstrip("=")
        with ThreadPoolExecutor(self._count) as pool:
            settings = [_settings(node, controllers) | self._settings for node in nodes]
            list(pool.map(lambda node, own: node.format(cluster_id, own), nodes, settings))
        return nodes

    def _wait_until_ready(self, nodes: Sequence[KafkaNode]) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        for node in nodes:
            running = {other.node_id for other in self.nodes if other.pid is not None}
            while not (running and running <= alive_brokers(LOOPBACK, node.port)):
                if node.pid is None or time.monotonic() > deadline:
                    raise LocalKafkaUnavailable(_why_not(node))
                time.sleep(_POLL_S)


def _why_not(node: KafkaNode) -> str:
    code = node.exit_code()
    how = f"did not answer within {_READY_WITHIN_S} s" if code is None else f"ended with exit code {code}"
    return f"Kafka's broker {node.node_id} {how}; the end of its log:\n{node.log_tail()}"


def _settings(node: KafkaNode, controllers: Sequence[int]) -> dict[str, str]:
    copies = min(3, len(controllers))
    in_sync = max(1, copies - 1)
    controller = controllers[node.node_id - 1]
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.node_id),
        "controller.quorum.voters": ",".join(f"{n}@{LOOPBACK}:{port}" for n, port in enumerate(controllers, start=1)),
        "listeners": f"PLAINTEXT://{node.address},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{node.address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(in_sync),
        "offsets.topic.num.partitions": "5",
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.num.partitions": "5",
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(in_sync),
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": str(in_sync),
    }


def _foreground(nodes: int) -> None:
    with LocalKafka(nodes) as kafka:
        print(",".join(kafka.bootstrap_servers), flush=True)  # noqa: T201 - data of the command
        print("Ctrl-C stops it and deletes its data.", file=sys.stderr)  # noqa: T201
        while all(node.pid is not None for node in kafka.nodes):
            time.sleep(0.5)
        raise LocalKafkaUnavailable(_why_not(next(node for node in kafka.nodes if node.pid is None)))


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run brokers in the foreground; print their addresses to stdout; return the exit code."""
    parser = argparse.ArgumentParser(prog="local_kafka", description="Run a real Kafka on free loopback ports.")
    parser.add_argument("--nodes", type=int, default=1, choices=(1, 3), help="brokers in the cluster (default 1)")
    options = parser.parse_args(arguments)
    # Set for both: a shell that starts us in the background makes us ignore SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    try:
        _foreground(options.nodes)
    except KeyboardInterrupt:
        return 0
    except LocalKafkaUnavailable as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
