"""The monitor that is tortured: its baselines, fitted to training data of the same traffic, and its configuration."""

from pathlib import Path

import numpy as np

from baselines import save
from baselines.fitting import FitOptions, fit
from tests.torture.traffic import AS_TRAINED, DEVICES, EVERY_MS, LATENESS_MS

# The name of the route.
DOOR = "door"
_ROWS = 20_000
_LABELS = """[labels]
baseline = "labelled.json"
task = "classification"
timestamp = "ts"
early = "1s"
# Longer than any fault lasts: which label comes too late depends on the clock.
wait = "5m"
"""


def write_monitor(folder: Path, seed: int, *, labels: bool = False, door: str | None = None) -> Path:
    """Return the path of a configuration; with ``labels``, and with a route to the address of a ``door``."""
    rng = np.random.default_rng([seed, 2**31])
    ages, incomes = rng.normal(40, 8, _ROWS).round(2), np.exp(rng.normal(4.6, 0.4, _ROWS)).round(1)
    devices = rng.choice(DEVICES, _ROWS, p=AS_TRAINED)
    errors = np.where(rng.random(_ROWS) < 0.1, "wrong", "right")
    rows = [f"{age},{income},{device}" for age, income, device in zip(ages, incomes, devices, strict=True)]
    _fit(folder, "baseline", "age,income,device", rows)
    if labels:
        named = "age,income,device,driftline.prediction,driftline.error,driftline.target"
        told = [
            f"{row},yes,{error},{'no' if error == 'wrong' else 'yes'}" for row, error in zip(rows, errors, strict=True)
        ]
        _fit(folder, "labelled", named, told)
    config = folder / "driftline.toml"
    config.write_text(
        f"""[monitor]
name = "torture"
[schedule]
every = "{EVERY_MS // 1000}s"
window = "{2 * EVERY_MS // 1000}s"
lateness = "{LATENESS_MS // 1000}s"
# Facts that depend on the clock are outside of what is promised of events.
idle = "12h"
[events]
timestamp = "ts"
id = "id"
features = "features"
where = {{model = "prices"}}
[topics]
# All counts ever written are held against the recount.
cut_counts = false
[telemetry]
listen = "127.0.0.1:0"
{_LABELS if labels else ""}"""
        + ("" if door is None else f'[routes.{DOOR}]\nkind = "webhook"\nurl = "{door}"\n')
    )
    return config


def _fit(folder: Path, name: str, header: str, rows: list[str]) -> None:
    path = folder / f"{name}.csv"
    path.write_text("\n".join([header, *rows, ""]))
    save(fit([path], FitOptions(cells=200)), folder / f"{name}.json")
