"""Serve the fallback model while the inputs drift.

    python examples/subscriber.py driftline.toml active-model.json

The file says which model a server should use, and why: `{"model": "fallback", "incidents": ["8a5d..."]}` from the
moment an incident becomes critical, `{"model": "champion", "incidents": []}` when the last such one is resolved. The
group's position moves on only when the file is written, so that nothing is missed while this program is away, and a
switch that is made twice does no harm.
"""

import json
import sys
from pathlib import Path

from consumers.alerts import DriftEvent, subscribe


def switch(event: DriftEvent, target: Path) -> None:
    """Add the incident to the file, or take it away, and name the model that is left to serve."""
    incidents = set(json.loads(target.read_text())["incidents"]) if target.exists() else set()
    if event.type == "drift.resolved":
        incidents.discard(event.incident)
    else:
        incidents.add(event.incident)
    model = "fallback" if incidents else "champion"
    written = target.with_suffix(".new")
    written.write_text(json.dumps({"model": model, "incidents": sorted(incidents)}) + "\n")
    written.replace(target)
    print(f"{event.window['end']} {event.type} {event.monitor}: {event.summary} -> {model}", flush=True)


def main(config: str, target: str, *, burst: bool = False) -> None:
    types = ["drift.opened", "drift.changed", "drift.resolved"]
    with subscribe(config, group="model-switch", types=types, min_severity="critical", burst=burst) as events:
        for event in events:
            switch(event, Path(target))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], burst="--burst" in sys.argv)
