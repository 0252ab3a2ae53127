"""What the tap costs a model: the same forward passes with and without it, in pairs, on a network of ResNet-18's size.

    python -m benchmarks.tap [--pairs N] [--batch N] [--side PIXELS] [--threads N]

The network is ResNet-18 as its paper has it (He et al., Deep Residual Learning, 2015), with random weights; pictures
are random, too. Each pair is one pass with the tap and one without, in turns which comes first; the figure is the
median of the ratios of the time until the answer. Passes on a busy machine scatter: beside it stand the CPU time of all
threads, the tap's included, and the time that the hooks take by themselves.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from benchmarks.resnet import resnet18
from benchmarks.turns import Result, ratio
from consumers.tap import MemoryEvents, Pictures, Tap

GOAL = 1.01


@dataclass(frozen=True)
class Cost:
    """Seconds of one pass: until it answers, of all threads until the tap is idle too, and in the hooks."""

    answer_s: float
    cpu_s: float
    hooks_s: float = 0.0


def pairs_of(tap: Tap, net: nn.Module, batch: torch.Tensor, pairs: int) -> tuple[list[Cost], list[Cost]]:
    """Return what the passes with the tap cost and those without, pair by pair, after one pair that does not count."""
    found: dict[bool, list[Cost]] = {True: [], False: []}
    with torch.inference_mode():
        for pair in range(pairs + 1):
            for watched in (True, False) if pair % 2 else (False, True):
                cost = _pass(tap, net, batch, watched=watched)
                if pair:
                    found[watched].append(cost)
    return found[True], found[False]


def _pass(tap: Tap, net: nn.Module, batch: torch.Tensor, *, watched: bool) -> Cost:
    watch = tap.watch(net) if watched else None
    began_s, cpu_s = time.perf_counter(), time.process_time()
    answer = net(batch)
    answer_s = time.perf_counter() - began_s
    if watch is None:
        return Cost(answer_s, time.process_time() - cpu_s)
    tap.flush(600)
    cpu_s = time.process_time() - cpu_s
    watch.remove()
    # The hooks once more, by themselves: what the model's own thread has to do.
    began_s = time.perf_counter()
    tap.left(tap.entered(batch), answer)
    hooks_s = time.perf_counter() - began_s
    tap.flush(600)
    return Cost(answer_s, cpu_s, hooks_s)


def measured(name: str, tap: Tap, net: nn.Module, batch: torch.Tensor, pairs: int) -> Result:
    """Compare passes with and without this tap."""
    above, below = pairs_of(tap, net, batch, pairs)
    hooks_s, pass_s = median(cost.hooks_s for cost in above), median(cost.answer_s for cost in below)
    cpu = ratio([cost.cpu_s for cost in above], [cost.cpu_s for cost in below])
    hooks = f"hooks {hooks_s * 1e3:.2f} ms of {pass_s * 1e3:.0f} ms ({hooks_s / pass_s:.2%})"
    note = f"{hooks}; CPU time of all threads {cpu:.3f}x"
    waited = ratio([cost.answer_s for cost in above], [cost.answer_s for cost in below])
    return Result(f"a forward pass with the tap: {name}", waited, GOAL, note=f"{note}; {tap.stats().sent} events")


def results(pairs: int, rows: int, side: int) -> Iterator[Result]:
    """Measure the tap on predictions alone, on sampled pictures and on all of them."""
    torch.manual_seed(1)
    net, batch = resnet18(), torch.rand(rows, 3, side, side)
    pictures = Tap(MemoryEvents(), features=Pictures())
    yield measured("its answers", Tap(MemoryEvents()), net, batch, pairs)
    sampled = Tap(MemoryEvents(), features=Pictures(), sample=0.01)
    yield measured("answers and statistics of 1 picture in 100", sampled, net, batch, pairs)
    yield measured("answers and statistics of every picture", pictures, net, batch, pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=21)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for result in results(options.pairs, options.batch, options.side):
        print(
            f"{result.name:<75} {result.value:.4f}x  <= {result.goal:.2f}x  {result.verdict:<11} {result.note}",
            flush=True,
        )


if __name__ == "__main__":
    main()
