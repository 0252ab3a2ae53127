"""Torture a monitor: faults at random, drawn from a seed, while traffic flows; nothing may be lost, doubled or differ.

    python tests/torture/run.py --faults 200 --events 2000000 --seed 7

Exit code 1 with the differences and the log of faults when something is not as an undisturbed run would have left it.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from consumers.local_kafka import LocalKafka
from tests.torture.cluster import Brokers
from tests.torture.comparison import Outcome
from tests.torture.driver import Plan, Report, Run
from tests.torture.faults import ROLES, draw
from tests.torture.traffic import Traffic

_HEAP_MB = 384


def main() -> int:
    """Run and tell; return the exit code."""
    options = _options()
    members = {"counter": options.counters, "judge": options.judges, "joiner": options.joiners,
               "router": options.routers, "server": options.servers}  # fmt: skip
    faults = draw(options.seed, options.faults, options.gap, [role for role in ROLES if members[role]])
    # Traffic flows a little longer than the faults last, so that there is always some to lose.
    lasts_s = sum(fault.after_s for fault in faults) * 1.1 + 20
    plan = Plan(
        Traffic(options.seed, options.events, options.per_pane, taps=options.servers > 0),
        faults,
        options.rate or max(200.0, options.events / lasts_s),
        counters=options.counters,
        judges=options.judges,
        joiners=options.joiners,
        routers=options.routers,
        servers=options.servers,
        within_s=options.within,
        cut_counts=options.cut_counts,
    )
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="driftline-torture-"))
    _say(f"{len(faults)} faults, {options.events} events, {plan.per_s:.0f} a second, logs in {folder}")
    with LocalKafka(3, heap_mb=_HEAP_MB) as kafka:
        report = Run(plan, Brokers(kafka), folder, _say).run()
    _tell(report, time.monotonic() - began)
    return 1 if report.differences else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--gap", type=float, default=4.0, help="mean seconds between faults")
    parser.add_argument("--rate", type=float, default=0.0, help="events a second; default: as the faults last")
    parser.add_argument("--within", type=float, default=900.0, help="seconds in which members must catch up")
    parser.add_argument("--per-pane", type=int, default=1_000, help="events to an interval of event time")
    parser.add_argument("--counters", type=int, default=2)
    parser.add_argument("--judges", type=int, default=2)
    parser.add_argument("--joiners", type=int, default=2, help="0: without labels")
    parser.add_argument("--routers", type=int, default=1, help="0: without a route")
    parser.add_argument("--servers", type=int, default=2, help="servers that count by themselves")
    parser.add_argument("--cut-counts", action="store_true", help="delete counts behind the judges every second")
    options = parser.parse_args()
    if options.cut_counts:
        # What servers have reported could not be read any more.
        options.servers = 0
    return options


def _tell(report: Report, took_s: float) -> None:
    if report.differences:
        _say("fault log:\n" + "\n".join(report.fault_log))
    _say("\n".join(["ended by themselves and started again:", *(report.ended or ["none"])]))
    for kind, count in sorted(report.faults.items()):
        _say(f"{count:6d}  {kind}")
    outcome = report.outcome
    recounted, types = outcome.recount, [event["type"] for event in _events(outcome)]
    panes = len(recounted.panes) + (len(outcome.performance.panes) if outcome.performance else 0)
    rows = {
        "faults": report.faults.total(),
        "records on the topic": recounted.ledger.read,
        "ledger": recounted.ledger.to_dict(),
        "joined": dict(outcome.joined),
        "servers that count": dict(outcome.servers),
        "panes compared": f"{outcome.panes_compared} of {panes}",
        "windows": len(recounted.windows),
        "drift events": {name: types.count(name) for name in sorted(set(types))},
        "requests at the door": outcome.delivered,
        "rejects": recounted.rejects.total(),
        "faults took": f"{report.faults_s:.0f} s",
        "caught up after the end of traffic in": f"{report.caught_up_s:.0f} s",
        "in all": f"{took_s:.0f} s",
        "differences": len(report.differences),
    }
    _say("\n".join(f"{name:40} {value}" for name, value in rows.items()))
    _say("\n".join(text[:2_000] for text in report.differences[:50]))


def _events(outcome: Outcome) -> list[dict[str, Any]]:
    return [*outcome.recount.events, *(outcome.performance.events if outcome.performance else ())]


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - data of the command


if __name__ == "__main__":
    sys.exit(main())
