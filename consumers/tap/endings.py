"""Taps outlive neither their process nor a fork unharmed unless somebody sees to it: this does, for all of them."""

import atexit
import os
import weakref
from typing import Protocol


class Ending(Protocol):
    """What is told of forks and of the end of the process."""

    def after_fork(self) -> None:
        """Begin anew in a child: locks and threads are the parent's."""
        ...

    def at_exit(self) -> None:
        """Send what is left, within a deadline."""
        ...


_living: "weakref.WeakSet[Ending]" = weakref.WeakSet()


def see_to(ending: Ending) -> None:
    """Tell it of forks and of the end, for as long as it lives."""
    _living.add(ending)
    register()


def register() -> None:
    """Be called at exit before everything that is registered by now; the last to register is the first to be called."""
    atexit.unregister(_at_exit)
    atexit.register(_at_exit)


def _at_exit() -> None:
    for ending in list(_living):
        ending.at_exit()


def _after_fork() -> None:
    for ending in list(_living):
        ending.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
