"""Give the bike sharing training data of 2011 its times back: they follow from the order of its rows.

    python examples/bike_sharing_time.py reference.csv.gz timed.csv
    driftline fit timed.csv --time ts --every 1w --categorical season,mnth,hr,holiday,weekday,workingday,weathersit \
        --out baseline.json

The data set (UCI Bike Sharing, Fanaee-T and Gama 2013) has a row per hour from 2011-01-01 on, some hours missing, and
names the month, the weekday (0 is Sunday) and the hour. Each row is the next hour after the one before it that has
these three. The times, epoch milliseconds of the place's own clock, are written as a last column `ts`. With a target
that ends in `.jsonl` the rows are written as events, for `driftline replay` to look back on.
"""

import csv
import gzip
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST = datetime(2011, 1, 1, tzinfo=UTC)
CATEGORIES = frozenset({"season", "mnth", "hr", "holiday", "weekday", "workingday", "weathersit"})
# The longest silence in the data is a day and a half.
MOST_MISSING_HOURS = 72


def times(rows: list[dict[str, str]]) -> Iterator[datetime]:
    """Yield the hour of each row; raise ValueError for a row that no hour fits."""
    now = FIRST - timedelta(hours=1)
    for number, row in enumerate(rows, 1):
        wanted = int(row["mnth"]), int(row["weekday"]), int(row["hr"])
        later = (now + timedelta(hours=ahead) for ahead in range(1, MOST_MISSING_HOURS + 1))
        found = next((hour for hour in later if (hour.month, hour.isoweekday() % 7, hour.hour) == wanted), None)
        if found is None:
            raise ValueError(f"row {number}: no hour soon after {now:%Y-%m-%d %H:%M} has month, weekday, hour {wanted}")
        yield (now := found)


def events(rows: list[dict[str, str]]) -> Iterator[dict[str, object]]:
    """Yield the rows as events, as those of 2012 are: to look back on, a year later."""
    for row, hour in zip(rows, times(rows), strict=True):
        features = {name: text if name in CATEGORIES else float(text) for name, text in row.items()}
        yield {"ts": round(hour.timestamp() * 1000), "features": features}


def main(source: Path, target: Path) -> None:
    """Copy the file, and add the column; or write the rows as events."""
    with gzip.open(source, "rt", newline="") if source.suffix == ".gz" else source.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if target.suffix == ".jsonl":
        target.write_text("".join(f"{json.dumps(event)}\n" for event in events(rows)))
        return
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "ts"])
        writer.writeheader()
        for row, hour in zip(rows, times(rows), strict=True):
            writer.writerow(row | {"ts": str(round(hour.timestamp() * 1000))})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
