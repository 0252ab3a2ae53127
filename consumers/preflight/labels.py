"""The topic of labels: whether its records have an id and a label where the settings say."""

from collections.abc import Callable, Iterator

from consumers.decode.event_format import split_path
from consumers.decode.lenient import Refused, follow, parse
from consumers.onboarding.sample import Sample
from consumers.preflight.line import Line, percent
from consumers.settings import Settings

_MANY = 0.05


def label_lines(settings: Settings, sampling: Callable[[str], Sample]) -> Iterator[Line]:
    """Read some labels, and say in how many of them id and label are missing."""
    labels = settings.labels
    assert labels is not None
    sample = sampling(settings.topics.labels)
    documents = [_document(value) for batch in sample.batches for value in batch.values]
    if not documents:
        yield Line("warning", "labels", "there are none yet", "errors are judged once labels come")
        return
    for key, path in (("id", labels.id), ("label", labels.label)):
        missing = sum(follow(document, split_path(path)) is None for document in documents) / len(documents)
        if missing:
            says = f'{percent(missing)} of {len(documents):,} labels have nothing at "{path}"'
            yield Line("problem" if missing > _MANY else "warning", "labels", says, f"name the path in labels.{key}")
    if settings.events.id is None:
        yield Line(
            "problem", "labels", "events.id is not set: nothing can be joined", "name the path to the event's id"
        )
    yield Line("ok", "labels", f"{len(documents):,} were looked at")


def _document(value: bytes | None) -> object:
    try:
        return parse(value)
    except Refused:
        return None
