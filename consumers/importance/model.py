"""A model as this package calls it: rows in, outputs out, with errors that people can read."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from baselines import BaselineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

# What calling a model with the wrong input raises; torch.jit.Error is a RuntimeError.
_REFUSED = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Model:
    """A function of one tensor (n, features) of ``dtype`` to (n,) or (n, outputs).

    ``batch`` is the only number of rows that it takes, and ``width`` the number of features; None where both are free.
    """

    name: str
    call: "Callable[[torch.Tensor], Any]"
    dtype: "torch.dtype"
    width: int | None = None
    batch: int | None = None

    def outputs(self, rows: "torch.Tensor") -> "torch.Tensor":
        """Return the outputs, shape (n, outputs); raises ``BaselineError`` for a model that does not give such."""
        import torch

        size = self.batch or max(len(rows), 1)
        parts = [self._part(part, size) for part in torch.split(rows, size)]
        outputs = torch.cat(parts) if len(parts) > 1 else parts[0]
        if not bool(torch.isfinite(outputs).all()):
            raise BaselineError(f"{self.name}: the model's output is not finite for a row of the data")
        return outputs

    def check_width(self, names: tuple[str, ...]) -> None:
        """Raise ``BaselineError`` unless the model takes as many columns as these."""
        if self.width not in (None, len(names)):
            raise BaselineError(
                f"{self.name}: the model takes {self.width} columns, and the data gives {len(names)} "
                f"({', '.join(names[:8])}{', ...' if len(names) > 8 else ''}): name those of the model, in its order, "
                "with --features"
            )

    def with_parameters(self, values: "dict[str, torch.Tensor]") -> "Model":
        """Return the model with other tensors in the place of parameters; gradients go through them."""
        import torch

        def call(rows: torch.Tensor) -> Any:
            module = self.call
            assert isinstance(module, torch.nn.Module)
            if not isinstance(module, torch.jit.ScriptModule):
                return torch.func.functional_call(module, values, (rows,))
            with _replaced(module, values):
                return module(rows)

        return replace(self, call=call)

    def _part(self, rows: "torch.Tensor", size: int) -> "torch.Tensor":
        """Call the model with a batch; one of a fixed size is filled up with the last row again."""
        n = len(rows)
        if self.batch and n < size:
            rows = rows[[*range(n), *[n - 1] * (size - n)]]
        try:
            outputs = self.call(rows)
        except _REFUSED as error:
            raise BaselineError(
                f"{self.name}: the model cannot be called with a {rows.dtype} tensor of {len(rows)} rows of "
                f"{rows.shape[1]} columns: {_last_line(error)}"
            ) from error
        return self._checked(outputs, len(rows))[:n]

    def _checked(self, outputs: Any, n: int) -> "torch.Tensor":
        import torch

        if not isinstance(outputs, torch.Tensor) or not outputs.is_floating_point():
            kind = outputs.dtype if isinstance(outputs, torch.Tensor) else type(outputs).__name__
            raise BaselineError(f"{self.name}: the model's output must be one tensor of floats, not {kind}")
        flat = outputs[:, None] if outputs.ndim == 1 else outputs
        if flat.ndim != 2 or flat.shape[0] != n or not flat.shape[1]:
            raise BaselineError(
                f"{self.name}: the model's output must have shape (rows,) or (rows, outputs): {n} rows gave "
                f"{tuple(outputs.shape)}"
            )
        return flat


def model_of(call: "Callable[[torch.Tensor], Any]", name: str = "model") -> Model:
    """Take any module or function of a tensor; inputs are of the type of its first float parameter, else float32."""
    import torch

    parameters = call.parameters() if isinstance(call, torch.nn.Module) else ()
    dtypes = (parameter.dtype for parameter in parameters if parameter.is_floating_point())
    return Model(name, call, next(dtypes, torch.float32))


@contextmanager
def _replaced(script: "torch.jit.ScriptModule", values: "dict[str, torch.Tensor]") -> "Iterator[None]":
    """Put tensors into a script's places of parameters, which functional calls do not reach."""
    layers, places = dict(script.named_modules()), []
    for name, value in values.items():
        layer, _, attribute = name.rpartition(".")
        places.append((layers[layer]._c, attribute, value))
    own = [place.getattr(attribute) for place, attribute, _ in places]
    try:
        for place, attribute, value in places:
            place.setattr(attribute, value)
        yield
    finally:
        for (place, attribute, _), value in zip(places, own, strict=True):
            place.setattr(attribute, value)


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
