"""driftline, scipy's bare tests, and the peers' programs, each turned into verdicts on the same windows."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.frames import fitted, is_numeric, take
from benchmarks.monitored import course
from benchmarks.scenarios import Stream
from benchmarks.scoring import Verdict
from stream.policy import Policy

TEXTBOOK = 0.05
_SMALLEST = 1e-300
_HERE = Path(__file__).parent


def ours(stream: Stream, policy: Policy) -> Verdict:
    """Run the monitor; a window is alarmed while an incident is open, and blames what that named as it opened."""
    seen = course(fitted(stream.reference), stream.stream, stream.window, policy)
    alarmed = seen.alarmed(stream.windows)
    blamed = np.zeros((stream.windows, len(stream.reference)), dtype=bool)
    for opened, names in zip(seen.opened, seen.blamed, strict=True):
        blamed[opened:] = [name in names for name in stream.reference]
    return Verdict(alarmed, blamed & alarmed[:, None])


def constant(stream: Stream, says: bool) -> Verdict:
    """Say the same of every window and every feature."""
    return Verdict(np.full(stream.windows, says), np.full((stream.windows, len(stream.reference)), says))


def bare_scores(folder: Path, stream: Stream) -> NDArray[np.float64]:
    """Return log p over log 0.05 of scipy's bare tests, shape (windows, features); above 1 is p < 0.05."""
    path = folder / f"{stream.key}.scipy.npz"
    if not path.exists():
        np.savez(path, scores=_bare_scores(stream))
    scores: NDArray[np.float64] = np.load(path)["scores"]
    return scores


def _bare_scores(stream: Stream) -> NDArray[np.float64]:
    windows = [take(stream.stream, slice(i * stream.window, (i + 1) * stream.window)) for i in range(stream.windows)]
    p = [[_bare_p(stream.reference[name], column) for name, column in window.items()] for window in windows]
    return np.log(np.maximum(np.array(p), _SMALLEST)) / np.log(TEXTBOOK)


def _bare_p(reference: NDArray[np.generic], window: NDArray[np.generic]) -> float:
    if is_numeric(reference):
        known, seen = reference[~np.isnan(reference)], window[~np.isnan(window)]
        return float(stats.ks_2samp(seen, known, method="asymp").pvalue) if len(seen) else 1.0
    names = np.union1d(reference, window)
    table = np.array([[np.sum(side == name) for name in names] for side in (reference, window)])
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def bonferroni(stream: Stream) -> float:
    """Return the score that p has at 0.05 over the number of features."""
    return float(np.log(TEXTBOOK / len(stream.reference)) / np.log(TEXTBOOK))


def above(scores: NDArray[np.float64], threshold: float, features: int = 1) -> Verdict:
    """Blame the features whose scores lie above the threshold; alarm where at least so many do."""
    blamed = scores > threshold
    return Verdict(blamed.sum(axis=1) >= features, blamed)


def write(folder: Path, stream: Stream) -> None:
    """Write a stream for the peers' programs."""
    path = folder / f"{stream.key}.npz"
    if not path.exists():
        columns = {f"r_{name}": column for name, column in stream.reference.items()}
        columns |= {f"s_{name}": column for name, column in stream.stream.items()}
        np.savez(path, window=stream.window, **columns)


def river_alarms(
    folder: Path, method: str, settings: Sequence[float], streams: Sequence[Stream]
) -> list[dict[float, NDArray[np.bool_]]]:
    """Return per stream the alarms of a river detector by setting, shape (windows, features) each."""
    for setting in settings:
        program = [sys.executable, str(_HERE / "peer_river.py"), str(folder), json.dumps({method: [setting]})]
        keys = _run(program, folder, f"{method}-{setting:g}", streams)
    return [{s: np.load(folder / f"{key}.{method}-{s:g}.npz")["alarms"] for s in settings} for key in keys]


def batch_scores(folder: Path, python: Path, method: str, streams: Sequence[Stream]) -> list[NDArray[np.float64]]:
    """Return per stream the scores of a peer in its own environment, shape (windows, features)."""
    keys = _run([str(python), str(_HERE / "peer_batch.py"), str(folder), method], folder, method, streams)
    return [np.load(folder / f"{key}.{method}.npz")["scores"] for key in keys]


def _run(program: list[str], folder: Path, method: str, streams: Sequence[Stream]) -> list[str]:
    """Run a program on the streams that it has not answered yet; return the keys of all of them."""
    for stream in streams:
        write(folder, stream)
    keys = [stream.key for stream in streams]
    if asked := [key for key in keys if not (folder / f"{key}.{method}.npz").exists()]:
        subprocess.run([*program, *asked], check=True)
    return keys


def peers_python(where: Path) -> Path | None:
    """Make the peers' environment unless it is there, and return its Python; None where it cannot be made."""
    python = where / "bin" / "python"
    if not python.exists():
        print(f"making {where} for the peers", file=sys.stderr, flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(where)], check=False).returncode == 0
        wanted = ["-m", "pip", "install", "--quiet", "-r", str(_HERE / "peers.txt")]
        if not made or subprocess.run([str(python), *wanted], check=False).returncode:
            return None
    known = subprocess.run([str(python), "-c", "import frouros, evidently"], check=False, capture_output=True)
    return None if known.returncode else python
