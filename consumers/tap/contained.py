"""The one place where any exception ends: whatever goes wrong in the tap, the model's caller never sees it."""

import logging
from types import TracebackType

from consumers.tap.stats import Account

_log = logging.getLogger("driftline.tap")


class Contained:
    """``with contained:`` counts every exception of its block and swallows it; the first of a kind is logged.

    Broader than anything else in driftline may be: a prediction is worth more than its event. What asks the process
    to end (KeyboardInterrupt, SystemExit) passes.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._said: set[type] = set()

    def __enter__(self) -> None:
        """Do nothing: there is no state per block, so that threads may share it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._account.failed()
        if type(error) not in self._said:
            self._said.add(type(error))
            _log.error("the tap failed and goes on; this is said once for %s", type(error).__name__, exc_info=error)
        return True
