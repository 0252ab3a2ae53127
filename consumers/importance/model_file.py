"""A model's file: a TorchScript program or an exported program; anything that would have to be unpickled is refused."""

import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines import BaselineError
from consumers.importance.exported import rebuilt
from consumers.importance.model import Model, model_of

if TYPE_CHECKING:
    import torch

_INSTEAD = (
    "write `torch.jit.script(model.eval()).save(path)`, or `torch.export.save(torch.export.export(model.eval(), "
    "(rows,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)), path)`"
)


def load_model(path: Path) -> Model:
    """Load a model of one tensor (rows, features), onto the CPU, without running anything that the file brings along.

    A TorchScript file (``torch.jit.save``) is a program of PyTorch's own operators, which runs when it is called. Of an
    exported program (``torch.export.save``) the operators are checked, and pickled parts refused. Raises
    ``BaselineError`` for anything else, above all for what ``torch.save`` wrote: a pickle, which may run any code.
    """
    members = _members(path)
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise BaselineError(f"{path}: reading models needs PyTorch: pip install 'driftline[importance]'") from error
    tails = {name.partition("/")[2] for name in members}
    if "archive_format" in tails:
        return _exported(path)
    if "constants.pkl" in tails and any(tail.startswith("code/") for tail in tails):
        return _script(path)
    if "data.pkl" in tails:
        raise BaselineError(_is_pickle(path))
    raise BaselineError(f"{path}: neither a TorchScript file nor an exported program: {_INSTEAD}")


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
    except zipfile.BadZipFile as error:
        # What is no zip file may be a pickle of torch.save's old form, which nobody can tell without reading it.
        raise BaselineError(_is_pickle(path)) from error


def _is_pickle(path: Path) -> str:
    return f"{path}: not read: what torch.save or pickle wrote may run any code when it is loaded; {_INSTEAD}"


def _script(path: Path) -> Model:
    import torch

    try:
        with warnings.catch_warnings():
            # PyTorch says here that TorchScript is on its way out; those who have such files know.
            warnings.simplefilter("ignore")
            module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise BaselineError(f"{path}: not a whole TorchScript file: {_first_line(error)}") from error
    module.eval()
    return model_of(module, path.name)


def _exported(path: Path) -> Model:
    import torch

    archive = rebuilt(path)
    try:
        program = torch.export.load(archive)
        module = program.module()
    except (
        RuntimeError,
        ValueError,
        AssertionError,
        KeyError,
        TypeError,
        AttributeError,
        NotImplementedError,
    ) as error:
        raise BaselineError(f"{path}: not a whole exported program: {_first_line(error)}; {_INSTEAD}") from error
    model = model_of(module, path.name)
    example = _input(program, path)
    batch, width = example.shape
    return replace(
        model,
        dtype=example.dtype,
        batch=batch if isinstance(batch, int) else None,
        width=width if isinstance(width, int) else None,
    )


def _input(program: Any, path: Path) -> "torch.Tensor":
    """Return what stands for the program's input: a tensor without values."""
    names = program.graph_signature.user_inputs
    found = [node.meta["val"] for node in program.graph.nodes if node.op == "placeholder" and node.name in names]
    if len(found) != 1 or getattr(found[0], "ndim", 0) != 2 or not found[0].is_floating_point():
        raise BaselineError(f"{path}: the program must take one tensor of floats (rows, features), and nothing else")
    shaped: torch.Tensor = found[0]
    return shaped


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
