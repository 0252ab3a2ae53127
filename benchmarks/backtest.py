"""CPU of trying settings in one pass, against a replay for each of them."""

from pathlib import Path

from benchmarks import traffic
from benchmarks.turns import Result, cpu_seconds, ratio
from consumers.assembly import assemble
from consumers.backtest import Backtest
from consumers.replay import Replay
from consumers.settings import load_settings
from consumers.streams import stream_batches
from consumers.variants import variants_of

GOAL = 2.0
TRIES = (
    *(f"v{number}:persist={number} of 5,ks=0.{number}" for number in range(1, 5)),
    "wide:window=10m",
    "few:checks=[ks]",
    "loose:correction=bh",
)


def backtesting(folder: Path, n: int, turns: int) -> Result:
    """Replay ``n`` events of 24 features, a window every five minutes, with eight settings in one pass."""
    settings = load_settings(traffic.write_monitor(folder, "backtest", "5m"), {})
    stream = folder / "backtest.jsonl"
    with stream.open("wb") as file:
        file.writelines(event + b"\n" for event in traffic.events(n))
    variants, assembly = variants_of(settings, TRIES, {}), assemble(settings)

    def together() -> None:
        assert sum(1 for _ in Backtest(variants).run(stream_batches([stream]))) > 0

    def once() -> None:
        assert sum(1 for _ in Replay(assembly).run(stream_batches([stream]))) > 0

    spent = cpu_seconds({"together": together, "once": once}, turns)
    return Result(
        f"replaying with {len(variants)} settings in one pass, vs replaying with one",
        ratio(spent["together"], spent["once"]),
        GOAL,
        note=f"{len(variants)} replays would be {len(variants)}x",
    )
