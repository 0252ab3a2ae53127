"""What the statistics of pictures and the features of embeddings cost, beside a forward pass of a small network.

    python -m benchmarks.pictures [--batch 32] [--side 224] [--pairs 15] [--threads 1] [--device cpu]

The network is a ResNet-18 (He et al. 2016) with random weights, in inference mode. Statistics and forward passes take
turns, and the ratio is the median of the pairs' ratios. On a CPU the clock is the processor time of this process, which
other work on the machine disturbs least; on a GPU it is wall time up to its end.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch

from benchmarks.resnet import resnet18
from consumers.tap.embeddings import features, fit_embeddings
from consumers.tap.pictures import statistics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = resnet18().to(options.device)
    pictures = torch.rand(options.batch, 3, options.side, options.side, device=options.device)
    embeddings = torch.randn(options.batch, 512, device=options.device)
    reference = fit_embeddings(torch.randn(2_000, 512))
    print(f"batch {options.batch} of 3x{options.side}x{options.side}, {options.device}, {options.threads} threads")

    def forward() -> None:
        with torch.inference_mode():
            network(pictures)

    for what, run in (
        ("13 statistics of pictures", lambda: statistics(pictures)),
        ("51 features of embeddings of 512", lambda: features(embeddings, reference)),
    ):
        report(what, options, run, forward)


def report(what: str, options: argparse.Namespace, run: Callable[[], object], forward: Callable[[], object]) -> None:
    run()
    forward()
    pairs = [(spent_ms(run, options.device), spent_ms(forward, options.device)) for _ in range(options.pairs)]
    ours, theirs = (median(times) for times in zip(*pairs, strict=True))
    ratio = median(a / b for a, b in pairs)
    print(
        f"{what:34s} {ours:8.2f} ms = {1e3 * ours / options.batch:7.1f} us each   "
        f"forward pass {theirs:8.1f} ms   ratio {100 * ratio:.2f} %"
    )


def spent_ms(run: Callable[[], object], device: str) -> float:
    clock = time.process_time if device == "cpu" else time.perf_counter
    began = clock()
    run()
    if device != "cpu":
        torch.cuda.synchronize()
    return 1e3 * (clock() - began)


if __name__ == "__main__":
    main()
