"""Exported programs: read, checked, and written again in memory, so that nothing but what was checked is loaded.

PyTorch's own loader unpickles weights and sample inputs, and evaluates expressions and guards that the file holds as
text. Here pickles and guards are refused or left out, expressions must be arithmetic over sizes, and names must be
names. What remains is a graph of PyTorch's own operators over plain tensors.
"""

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from baselines import BaselineError

# What an archive may hold, below its one folder.
_KNOWN = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/\w+|models/model\.json|data/sample_inputs/model\.pt"
    r"|data/(weights|constants)/(model_(weights|constants)_config\.json|(weight|tensor)_\d+)"
)
_OPERATOR = re.compile(
    r"torch\.ops\.aten\.\w+\.\w+|_operator\.(getitem|add|sub|mul|floordiv|truediv|mod|neg|pow|eq|ne|lt|le|gt|ge|and_|or_)"
    r"|torch\.sym_(int|float|max|min|not|ite)|math\.(ceil|floor|trunc|sqrt)"
)
# Operators that reach beyond their arguments: files, and memory that is not theirs.
_REACHING = re.compile(r"torch\.ops\.aten\.(from_file|save|load|set_|_unsafe\w*view|set_data)\.")
# Names become variables and attributes of code that PyTorch writes.
_NAME = re.compile(r"(?!.*(^|\.)__\w+__(\.|$))[\w.+-]*", re.ASCII)
_TYPES = {"builtins.tuple", "builtins.list", "builtins.dict"}
# PyTorch writes text as text where these hold it.
_TEXT = {"as_string", "as_strings"}
_FUNCTIONS = {
    "Symbol",
    "Integer",
    "Rational",
    "Float",
    "Add",
    "Mul",
    "Pow",
    "Max",
    "Min",
    "Mod",
    "PythonMod",
    "FloorDiv",
}
_FUNCTIONS |= {"CleanDiv", "CeilDiv", "IntTrueDiv", "ToFloat", "Eq", "Ne", "Equality", "Unequality", "Identity"}
_SYMBOL = re.compile(r"[suz]f?\d+")
_SHAPELY = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Load, ast.Constant),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.keyword),
)


def rebuilt(path: Path) -> io.BytesIO:
    """Return an archive with the program at ``path``, checked, without its sample inputs, guards and remarks.

    Raises ``BaselineError`` for a program with anything in it that would be unpickled, evaluated or compiled.
    """
    members = _read(path)
    folder = next(iter(members)).partition("/")[0]
    try:
        model = json.loads(members[f"{folder}/models/model.json"])
        for place in ("weights", "constants"):
            _check_payloads(json.loads(members[f"{folder}/data/{place}/model_{place}_config.json"]), path)
        _check(model, path)
    except (KeyError, ValueError, RecursionError, AttributeError, TypeError) as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(
            f"{path}: not a whole exported program: {error!r}: export it with PyTorch 2.8 or later"
        ) from error
    members[f"{folder}/models/model.json"] = json.dumps(model).encode()
    members[f"{folder}/data/sample_inputs/model.pt"] = b""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    archive.seek(0)
    return archive


def _read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        folder = names[0].partition("/")[0]
        for name in names:
            if not name.startswith(f"{folder}/") or not _KNOWN.fullmatch(name[len(folder) + 1 :]):
                raise _refused(path, f"holds {name!r}")
        if len({name.casefold() for name in names}) < len(names):
            raise _refused(path, "holds a file twice")
        try:
            return {name: archive.read(name) for name in names}
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise BaselineError(f"{path}: the file is damaged: {error}") from error


def _check_payloads(config: dict[str, Any], path: Path) -> None:
    for name, payload in config["config"].items():
        if payload["use_pickle"]:
            raise _refused(path, f"holds {name!r} as a pickle")
    for _, text in _texts(config, ""):
        _check_name(text, path)


def _check(model: dict[str, Any], path: Path) -> None:
    """Raise ``BaselineError`` for what is not allowed; clear what nothing needs."""
    model["guards_code"] = []
    for node in model["graph_module"]["graph"]["nodes"]:
        node["metadata"] = {}
    for key, text in _texts(model, ""):
        if key == "target":
            if not _OPERATOR.fullmatch(text) or _REACHING.match(text):
                raise _refused(path, f"calls {text!r}")
        elif key == "expr_str":
            if not is_shapely(text):
                raise _refused(path, f"has the expression {text!r}")
        elif key in ("in_spec", "out_spec"):
            _check_structure(json.loads(text), path)
        elif key not in _TEXT:
            _check_name(text, path)


def _check_structure(spec: Any, path: Path) -> None:
    for key, text in _texts(spec, ""):
        if key == "type" and text not in _TYPES:
            raise _refused(path, f"takes or gives a {text!r}")


def _check_name(text: str, path: Path) -> None:
    if not _NAME.fullmatch(text):
        raise _refused(path, f"has the name {text!r}")


def _texts(node: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield every text below a node, with the key that it stands at; keys are texts, too, at no key."""
    if isinstance(node, str):
        yield key, node
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item, key)
    elif isinstance(node, dict):
        for name, value in node.items():
            yield "", name
            yield from _texts(value, name)


def is_shapely(expression: str) -> bool:
    """Tell arithmetic over sizes from everything else that could be evaluated.

    >>> is_shapely("Max(1, 2*s0 + 1)"), is_shapely("__import__('os')")
    (True, False)
    """
    try:
        nodes = list(ast.walk(ast.parse(expression.strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return all(isinstance(node, _SHAPELY) and _is_plain(node, id(node) in called) for node in nodes)


def _is_plain(node: ast.AST, called: bool) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name)
    if isinstance(node, ast.keyword):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) or _SYMBOL.fullmatch(str(node.value)) is not None
    if isinstance(node, ast.Name):
        return node.id in _FUNCTIONS if called else _SYMBOL.fullmatch(node.id) is not None
    return True


def _refused(path: Path, what: str) -> BaselineError:
    return BaselineError(
        f"{path}: the exported program {what}: only graphs of PyTorch's own operators over plain tensors are loaded; "
        "use --method permutation from Python, or a TorchScript file"
    )
