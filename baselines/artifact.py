"""The baseline's file: one small JSON document, versioned, with a fingerprint over its content; never pickle."""

from pathlib import Path

from baselines.baseline import Baseline


def save(baseline: Baseline, path: Path) -> None:
    """Write the artefact."""
    raise NotImplementedError


def load(path: Path) -> Baseline:
    """Read the artefact."""
    raise NotImplementedError
