"""Labels joined again, in one process that reads both topics to their end: what must be on the labelled topic."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from consumers.settings import Settings
from stream.join_ledger import JoinLedger
from stream.labelled import labelled_features
from tests.torture.recount import RejectKey
from tests.torture.traffic import PARTITIONS
from tests.torture.verdict import multiset, rejects_of

# The committed records of a topic's partition, in offset order.
Read = Callable[[str, int], Iterable[Any]]
# What is compared of a labelled event; the rest of its source is the topic's id.
_TOLD = ("id", "ts", "label_ts", "features")


@dataclass(slots=True)
class Rejoined:
    """Labelled events of each partition in their order, the rejects among the labels, and the ledger's entries."""

    labelled: list[list[dict[str, Any]]] = field(default_factory=list)
    rejects: Counter[RejectKey] = field(default_factory=Counter)
    ledger: Counter[str] = field(default_factory=Counter)


def rejoin(settings: Settings, read: Read) -> Rejoined:
    """Join partition by partition, label by label: none comes before its event here, or too late."""
    found = Rejoined()
    for partition in range(PARTITIONS):
        predictions = _predictions(found, read(settings.topics.events, partition))
        found.labelled.append(list(_labelled(found, predictions, read(settings.topics.labels, partition), partition)))
    return found


def join_differences(settings: Settings, read: Read, wanted: Rejoined, ledger: JoinLedger) -> Iterator[str]:
    """Yield what is not as it should be of the labelled topic, the rejects of labels and the joiners' ledger."""
    for partition, should in enumerate(wanted.labelled):
        does = [json.loads(record.value) for record in read(settings.topics.labelled, partition)]
        places = [{**event, "source": event["source"]["offset"]} for event in does]
        named = [[f"{event['id']} of {event['source']}" for event in side] for side in (should, places)]
        yield from multiset(f"labelled topic: partition {partition}: event", Counter(named[0]), Counter(named[1]))
        if sorted(named[0]) == sorted(named[1]) and should != places:
            yield f"labelled topic: partition {partition}: the right events with other contents, or in another order"
    headers = (record.headers for record in read(settings.topics.rejects, 0))
    yield from multiset("reject of a label", wanted.rejects, Counter(rejects_of(settings.topics.labels, headers)))
    does = _entries(ledger)
    if does != wanted.ledger or not ledger.balanced():
        yield f"joiners' ledger: {dict(does)} instead of {dict(wanted.ledger)}"


def _entries(ledger: JoinLedger) -> Counter[str]:
    """Return the entries of a joiners' ledger; how many wait just now, and not in vain, depends on the clock."""
    names = ("predictions", "foreign", "labelled", "labels", "matched", "duplicate", "late", "unmatched")
    return +Counter({name: getattr(ledger, name) for name in names}) + Counter(
        {
            "without a label": ledger.waiting + ledger.unlabelled.total(),
            "rejected": ledger.rejected.total(),
            "labels rejected": ledger.labels_rejected.total(),
        }
    )


def _predictions(found: Rejoined, records: Iterable[Any]) -> dict[str, dict[str, Any]]:
    predictions = {}
    for record in records:
        event, ledger = _parsed(record.value), found.ledger
        ledger["predictions"] += 1
        if event is None:
            ledger["rejected"] += 1
        elif event["model"] != "prices":
            ledger["foreign"] += 1
        else:
            ledger["without a label"] += 1
            predictions[event["id"]] = {**event, "source": record.offset}
    return predictions


def _labelled(
    found: Rejoined, predictions: dict[str, dict[str, Any]], records: Iterable[Any], partition: int
) -> Iterator[dict[str, Any]]:
    ledger, done = found.ledger, set()
    for record in records:
        label = _parsed(record.value)
        ledger["labels"] += 1
        if label is None:
            ledger["labels rejected"] += 1
            found.rejects[partition, record.offset, "bad_json"] += 1
        elif label["id"] not in predictions:
            ledger["unmatched"] += 1
        elif label["id"] in done:
            ledger["duplicate"] += 1
        else:
            done.add(label["id"])
            ledger.update(("matched", "labelled"))
            ledger["without a label"] -= 1
            event = predictions[label["id"]] | {"label_ts": label["ts"]}
            features = labelled_features("classification", event["features"], event["prediction"], label["label"])
            yield {name: event[name] for name in (*_TOLD, "source")} | {"features": features}


def _parsed(value: bytes | None) -> dict[str, Any] | None:
    try:
        return dict(json.loads(value or b""))
    except ValueError:
        return None
