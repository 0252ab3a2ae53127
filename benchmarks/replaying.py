"""CPU of replaying a file, against msgspec's typed decoding of the same lines alone, held in memory."""

from pathlib import Path

from benchmarks import traffic
from benchmarks.turns import Result, best_us, cpu_seconds, ratio
from consumers.assembly import assemble
from consumers.replay import Replay
from consumers.settings import load_settings
from consumers.streams import stream_batches

GOAL = 2.0


def replaying(folder: Path, n: int, turns: int) -> list[Result]:
    """Read, decode, count and test ``n`` events of 24 features, a window every five minutes of event time.

    That is 30,000 rows a window; what a tick costs is shared by them, and it costs the same for fewer.
    """
    assembly = assemble(load_settings(traffic.write_monitor(folder, "replaying", "5m"), {}))
    stream = folder / "stream.jsonl"
    with stream.open("wb") as file:
        file.writelines(event + b"\n" for event in traffic.events(n))
    lines = stream.read_bytes().splitlines()
    quick = assembly.new_decoder().quick
    assert quick is not None
    typed = quick.typed

    def decode_alone() -> None:
        for line in lines:
            typed.decode(line)

    def read_and_decode_alone() -> None:
        with stream.open("rb") as file:
            for line in file:
                typed.decode(line)

    def replay() -> None:
        replayed = Replay(assembly)
        ticks = sum(1 for _ in replayed.run(stream_batches([stream])))
        assert ticks > 0
        assert replayed.ledger.counted == n

    tasks = {"decode": decode_alone, "read": read_and_decode_alone, "replay": replay}
    spent = cpu_seconds(tasks, turns)
    us = {name: best_us(seconds, n) for name, seconds in spent.items()}
    return [
        Result(
            "replaying an event, 24 features, vs msgspec typed decoding alone",
            ratio(spent["replay"], spent["decode"]),
            GOAL,
            note=f"{us['replay']:.2f} us against {us['decode']:.2f} us",
        ),
        Result(
            "the same, vs reading the lines of the file and msgspec typed decoding",
            ratio(spent["replay"], spent["read"]),
            GOAL,
            note=f"{us['replay']:.2f} us against {us['read']:.2f} us",
        ),
    ]
