"""Hooks on a module: what it is given is copied before it runs, what it answers after.

Under ``torch.compile`` the hooks stay outside the compiled graph. On a module that is compiled already they are the
wrapper's, which runs them itself. On one that is compiled later, what they do is marked with
``torch.compiler.disable``, so that the graph breaks at the module's edge and not inside it; only ``fullgraph=True``
refuses that, and its module must be watched after it was compiled.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch


class Watching(Protocol):
    """What a watch tells of the batches that it sees; neither method raises."""

    def entered(self, values: Any) -> Any:
        """Take a batch before the module runs; what is returned is handed to ``left``."""
        ...

    def left(self, batch: Any, output: Any) -> None:
        """Take what the module answered to the batch."""
        ...


class Unwatched:
    """What becomes of a watch in a pickled module: nothing is taken, for the tap stays in its process."""

    def before(self, module: Any, args: Any, kwargs: Any) -> None:
        """Do nothing."""

    def after(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        """Do nothing."""


class Watch:
    """The hooks of one watched module, until they are removed. Copies of the module share them."""

    def __init__(self, tap: Watching, module: torch.nn.Module, argument: int | str) -> None:
        self._tap, self._argument = tap, argument
        # Threads, those of DataParallel's replicas too, run the module at the same time.
        self._local = threading.local()
        self._apart: dict[str, Callable[..., None]] = {}
        self._removals = (
            module.register_forward_pre_hook(self.before, with_kwargs=True),
            module.register_forward_hook(self.after, with_kwargs=True),
        )

    def remove(self) -> None:
        """Take the hooks off the watched module; copies that were made of it keep theirs."""
        for removal in self._removals:
            removal.remove()

    def before(self, module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Take the input; a module may write into it while it runs."""
        self._outside_of_graphs("before", self._enter)(args, kwargs)

    def after(self, module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any], output: Any) -> None:
        """Take the output, and queue both. Returns None: the output stays as it is."""
        self._outside_of_graphs("after", self._leave)(output)

    def _enter(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        # A module that raised left its batch here; it is forgotten now.
        self._local.batch = None
        if not _traced():
            self._local.batch = self._tap.entered(_argument(self._argument, args, kwargs))

    def _leave(self, output: Any) -> None:
        batch, self._local.batch = getattr(self._local, "batch", None), None
        if not _traced():
            self._tap.left(batch, output)

    def _outside_of_graphs(self, name: str, run: Callable[..., None]) -> Callable[..., None]:
        # Only where the compiler is loaded already: importing it takes seconds and 150 MB.
        if "torch._dynamo" not in sys.modules:
            return run
        if name not in self._apart:
            import torch  # noqa: PLC0415 - an optional extra

            self._apart[name] = torch.compiler.disable(run)  # type: ignore[no-untyped-call]
        return self._apart[name]

    def __copy__(self) -> Watch:
        return self

    def __deepcopy__(self, memo: Any) -> Watch:
        return self

    def __reduce__(self) -> tuple[type[Unwatched], tuple[()]]:
        return Unwatched, ()


def _traced() -> bool:
    """Say whether TorchScript is tracing: a copy would become a part of its graph."""
    return bool(sys.modules["torch"].jit.is_tracing())


def _argument(which: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return the argument by place or by name; by place, keywords follow in their order. None where it is not given."""
    if isinstance(which, str):
        return kwargs.get(which)
    given = [*args, *kwargs.values()]
    return given[which] if which < len(given) else None
