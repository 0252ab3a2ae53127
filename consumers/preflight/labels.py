"""The topic of labels: whether its records have an id and a label where the settings say."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from consumers.decode.lenient import Refused
from consumers.decode.pairs import LabelReader
from consumers.label_readers import label_reader
from consumers.onboarding.sample import Sample
from consumers.preflight.line import Line, percent
from consumers.raw import RawRecord
from consumers.settings import Settings

_MANY = 0.05
# Which key of [labels] mends what is missing.
_KEYS: Mapping[str, str] = {"no_id": "id", "bad_id": "id", "no_label": "label", "no_timestamp": "timestamp"}


def label_lines(settings: Settings, sampling: Callable[[str], Sample]) -> Iterator[Line]:
    """Read some labels, and say how many of them cannot be read, and why."""
    labels = settings.labels
    assert labels is not None
    reader = label_reader(settings, labels)
    sample = sampling(settings.topics.labels)
    reasons = [_reason(reader, record) for batch in sample.batches for record in batch.records()]
    if not reasons:
        yield Line("warning", "labels", "there are none yet", "errors are judged once labels come")
        return
    found = Counter(reasons)
    for reason, key in _KEYS.items():
        if number := found[reason]:
            path = {"id": labels.id, "label": labels.label_path, "timestamp": labels.timestamp}[key]
            says = f'{percent(number / len(reasons))} of {len(reasons):,} labels have nothing at "{path}" ({reason})'
            is_many = number / len(reasons) > _MANY
            yield Line("problem" if is_many else "warning", "labels", says, f"name the path in labels.{key}")
    for reason in sorted(found.keys() - _KEYS.keys() - {""}):
        says = f"{percent(found[reason] / len(reasons))} of {len(reasons):,} labels cannot be read ({reason})"
        yield Line("warning", "labels", says, "look at the reasons in docs/events.md; labels.format names a format")
    if settings.events.id is None:
        yield Line(
            "problem", "labels", "events.id is not set: nothing can be joined", "name the path to the event's id"
        )
    yield Line("ok", "labels", f"{len(reasons):,} were looked at")


def _reason(reader: LabelReader, record: RawRecord) -> str:
    """Return why a record is no label; nothing for one that is, or that is somebody else's."""
    try:
        reader.read(record, 0)
    except Refused as refused:
        return refused.reason
    return ""
