"""Pictures of a replay, drawn by matplotlib, which is an optional extra."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from consumers.errors import SettingsError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from consumers.notebook.result import ReplayResult

_MOST_FEATURES = 30
_DISTANCES = ("ks", "chi2")
# Distances this many times their floor have the deepest colour.
_DEEPEST = 3.0


def plot_features(result: "ReplayResult", ax: "Axes | None" = None) -> "Axes":
    """Draw a row per feature and a column per window: how far it is from the reference; a dot where it drifts.

    The distance is that of the whole distribution (ks, chi2) in floors, so that features can be compared; the largest
    effect of those that are not checked so.
    """
    axes = ax or _new_axes()
    ends = _ends(result.findings)
    grid, drifting = _grid(result.findings, ends)
    first = sorted(grid, key=lambda name: (-max(grid[name]), name))[:_MOST_FEATURES]
    if first:
        shown = np.array([grid[name] for name in first])
        image = axes.imshow(shown, aspect="auto", cmap="Reds", vmin=0.0, vmax=_DEEPEST, interpolation="nearest")
        axes.figure.colorbar(image, ax=axes, label="distance (ks, chi2) / its floor")
        dots = [(ends.index(end), first.index(name)) for name, end in drifting if name in first]
        axes.scatter(
            [x for x, _ in dots], [y for _, y in dots], s=14, color="white", edgecolors="black", linewidths=0.8
        )
    axes.set_yticks(range(len(first)), first)
    step = max(1, len(ends) // 8)
    labels = [f"{end:%m-%d %H:%M}" for end in ends[::step]]
    axes.set_xticks(range(0, len(ends), step), labels, rotation=30, ha="right")
    axes.set_xlabel("end of the window (UTC)")
    axes.set_title(_title(result))
    return axes


def plot_feature(result: "ReplayResult", name: str, ax: "Axes | None" = None) -> "Axes":
    """Draw a line per check: its effect in floors, window by window; 1 is the floor."""
    rows = result.findings.where(feature=name)
    if not len(rows):
        known = sorted({row["feature"] for row in result.findings})
        raise KeyError(f"{name!r} is no feature of the findings: {', '.join(known)}")
    axes = ax or _new_axes()
    for check in dict.fromkeys(row["check"] for row in rows):
        some = [row for row in rows if row["check"] == check]
        axes.plot([row["window_end"] for row in some], [_floors(row) for row in some], marker=".", label=check)
    axes.axhline(1.0, color="black", linewidth=0.8, linestyle="--", label="floor")
    for start, end in _incidents(result, name):
        axes.axvspan(start, end, color="tab:red", alpha=0.12)  # type: ignore[arg-type]  # dates are taken, too
    axes.set_ylabel("effect / floor")
    axes.set_title(name)
    axes.legend(fontsize="small")
    axes.figure.autofmt_xdate()
    return axes


def _new_axes() -> "Axes":
    try:
        import matplotlib.pyplot as plt  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise SettingsError("plots need matplotlib: pip install 'driftline[notebook]'") from error
    axes: Axes = plt.subplots(figsize=(10, 4))[1]
    return axes


def _ends(findings: Sequence[Mapping[str, Any]]) -> list[datetime]:
    return sorted({row["window_end"] for row in findings})


def _grid(
    findings: Sequence[Mapping[str, Any]], ends: list[datetime]
) -> tuple[dict[str, list[float]], set[tuple[str, datetime]]]:
    """Return each feature's distance by window, and where a check found drift."""
    places = {end: place for place, end in enumerate(ends)}
    measured = {row["feature"] for row in findings if row["check"] in _DISTANCES}
    grid: dict[str, list[float]] = {}
    for row in findings:
        if row["feature"] in measured and row["check"] not in _DISTANCES:
            continue
        line = grid.setdefault(row["feature"], [0.0] * len(ends))
        place = places[row["window_end"]]
        line[place] = max(line[place], _floors(row))
    return grid, {(row["feature"], row["window_end"]) for row in findings if row["drift"]}


def _floors(row: Mapping[str, Any]) -> float:
    """Return an effect in floors; without a floor, as it is."""
    return float(row["effect"]) / (float(row["threshold"]) or 1.0)


def _incidents(result: "ReplayResult", name: str) -> list[tuple[datetime, datetime]]:
    """Return from when to when the feature stood in an open incident, by the ends of windows."""
    spans, began, last = [], None, None
    for event in [event for event in result.events if event.type.startswith("drift.")]:
        last = datetime.fromisoformat(event.window["end"])
        named = any(feature["name"] == name for feature in event.features)
        if event.type != "drift.resolved" and named:
            began = began or last
        elif began is not None:
            spans.append((began, last))
            began = None
    if began is not None:
        spans.append((began, max([began, *_ends(result.findings)])))
    return spans


def _title(result: "ReplayResult") -> str:
    opened = sum(event.type == "drift.opened" for event in result.events)
    return f"{result.summary['monitor']}: drift opened {opened} times"
