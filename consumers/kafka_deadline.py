"""An end to waiting where kafka-python has none.

Two calls of its transactional producer wait for an answer without a time-out. When the coordinator dies at that moment
the answer never comes, and whoever waits is out of its group for ever.
"""

import threading
from collections.abc import Callable

from kafka.errors import KafkaTimeoutError

# Longer than a coordinator takes to move, shorter than people take to notice.
ANSWER_S = 30.0


def within(limit_s: float, call: Callable[[], object]) -> None:
    """Make the call; raises what it raises, or KafkaTimeoutError where it has not ended in time.

    A call that never ends keeps its thread, which ends with the process.
    """
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            ended.append(error)
        else:
            ended.append(None)

    thread = threading.Thread(target=run, daemon=True, name="kafka-answer")
    thread.start()
    thread.join(limit_s)
    if not ended:
        raise KafkaTimeoutError(f"no answer within {limit_s:g} s")
    if ended[0] is not None:
        raise ended[0]
