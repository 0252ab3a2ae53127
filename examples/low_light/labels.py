"""Labels that come late: two hours after the model, somebody looks at each picture and says what it shows."""

from collections.abc import Sequence

import orjson
from kafka import KafkaProducer


class Labels:
    """Sends labels to their topic, each under the id of its picture: the key, too, for so it lies beside its event."""

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self._producer, self._topic = producer, topic

    def send(self, ids: Sequence[str], names: Sequence[str], times_ms: Sequence[int]) -> None:
        """Say what pictures show; ``times_ms`` (UTC) are when it was said."""
        for picture, name, time_ms in zip(ids, names, times_ms, strict=True):
            label = {"id": picture, "label": name, "ts": time_ms}
            self._producer.send(self._topic, key=picture.encode(), value=orjson.dumps(label))
