"""Everything that a run left on the topics, held against what must be there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from consumers.assembly import Assembly
from consumers.kafka_status import look
from tests.torture.delivered import delivery_differences
from tests.torture.joined import join_differences, rejoin
from tests.torture.recount import Recount, all_committed, count_again, judge
from tests.torture.tapped import Journal, add_servers
from tests.torture.traffic import Traffic
from tests.torture.verdict import differences, found_on


@dataclass(slots=True)
class Outcome:
    """What was compared, and what is not as it should be."""

    differences: list[str] = field(default_factory=list)
    recount: Recount = field(default_factory=Recount)
    panes_compared: int = 0
    # The monitor of labelled events; None without labels.
    performance: Recount | None = None
    joined: Counter[str] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    delivered: int = 0


def compare(
    assembly: Assembly,
    performance: Assembly | None,
    servers: Sequence[str],
    traffic: Traffic,
    told: Mapping[str, Journal] | None,
    came: Sequence[dict[str, Any]] | None,
) -> Outcome:
    """Compare monitor by monitor; ``told`` is what servers that count said, ``came`` what was delivered."""
    outcome = Outcome(recount=count_again(assembly, servers))
    if told is not None:
        values = (record.value for record in all_committed(servers, assembly.settings.topics.counts))
        outcome.servers, wrong = add_servers(outcome.recount, assembly, values, traffic, told)
        outcome.differences += wrong
    outcome.panes_compared = _hold(outcome, assembly, outcome.recount, servers)
    if performance is not None:
        _hold_labels(outcome, assembly, performance, servers)
    if came is not None:
        outcome.delivered = len(came)
        outcome.differences += delivery_differences(published(assembly, servers), came)
    return outcome


def published(assembly: Assembly, servers: Sequence[str]) -> list[dict[str, Any]]:
    """Return the drift events on the alerts topic, of both monitors, in their order."""
    return [orjson.loads(record.value) for record in all_committed(servers, assembly.settings.topics.alerts)]


def _hold(outcome: Outcome, assembly: Assembly, wanted: Recount, servers: Sequence[str]) -> int:
    judge(assembly, wanted)
    found = found_on(assembly, servers)
    name = assembly.settings.monitor.name
    outcome.differences += [f"{name}: {sentence}" for sentence in differences(wanted, found)]
    return len(found.panes)


def _hold_labels(outcome: Outcome, assembly: Assembly, performance: Assembly, servers: Sequence[str]) -> None:
    settings, read = assembly.settings, partial(all_committed, servers)
    rejoined, ledger = rejoin(settings, read), look(settings).joined
    assert ledger is not None
    outcome.differences += join_differences(settings, read, rejoined, ledger)
    outcome.joined = rejoined.ledger
    outcome.performance = count_again(performance, servers)
    # By the account of who joined again: offsets of this topic count the ends of transactions, too.
    outcome.performance.records = sum(map(len, rejoined.labelled))
    outcome.panes_compared += _hold(outcome, performance, outcome.performance, servers)
