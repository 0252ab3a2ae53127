"""A few thousand real records, of a file or of a topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from consumers.errors import SettingsError
from consumers.raw import RawBatch
from consumers.streams import stream_batches


@dataclass(frozen=True, slots=True)
class Sample:
    """Records in offset order, partition by partition; ``name`` is the file's or the topic's."""

    name: str
    batches: Sequence[RawBatch]
    of_topic: bool = False

    def __len__(self) -> int:
        return sum(map(len, self.batches))


def file_sample(path: Path, most: int) -> Sample:
    """Read the first records of a file, a line each; raises SettingsError for one that cannot be read, or is empty."""
    batches: list[RawBatch] = []
    left = most
    for batch in stream_batches([path]):
        if len(batch):
            batches.append(batch.part(range(min(left, len(batch)))))
            left -= len(batches[-1])
        if not left:
            break
    if not batches:
        raise SettingsError(f"{path}: is empty; give a file with an event a line")
    return Sample(path.name, batches)
