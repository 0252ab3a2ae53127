"""Attribution of known models, where theory says what it must be; and the files that models come from."""

import io
import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines import BaselineError
from consumers.importance import Attributing, Model, Table, attribute, load_model, model_of

torch = pytest.importorskip("torch", reason="needs the extra `importance`")
pytest.importorskip("captum", reason="needs the extra `importance`")

WEIGHTS = np.array([3.0, -1.0, 0.5, 0.0])
NAMES = ("a", "b", "c", "d")
ROWS = np.random.default_rng(5).normal([1.0, -2.0, 0.0, 4.0], [1.0, 2.0, 3.0, 1.0], (200, 4))
TABLE = Table(NAMES, ROWS)
Write = Callable[[Any, Path], None]


class Coded(torch.nn.Module):
    """Two numbers and a code whose embedding is looked up; linear in all three."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.season = torch.nn.Embedding(4, 2)
        self.out = torch.nn.Linear(4, 1)
        with torch.no_grad():
            self.season.weight.copy_(torch.randn(4, 2, generator=generator))
            self.out.weight.copy_(torch.tensor([[2.0, -1.0, 1.5, 0.5]]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (n, 3)."""
        return self.out(torch.cat([x[:, :2], self.season(x[:, 2].long())], 1))


def linear(weights: np.ndarray = WEIGHTS) -> Any:
    """Make a linear model in double precision, so that "exactly" can be taken at its word."""
    layer = torch.nn.Linear(len(weights), 1).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights)[None, :])
    return layer.eval()


def coded_table() -> Table:
    """Make rows for ``Coded``; the most frequent code is 1."""
    rng = np.random.default_rng(3)
    codes = np.concatenate([rng.integers(0, 4, 60), [1] * 40])
    return Table(("a", "b", "season"), np.column_stack([rng.normal(size=100), rng.normal(size=100), codes]))


def write_script(model: Any, path: Path) -> None:
    """Write TorchScript."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.script(model).save(path)


def write_exported(model: Any, path: Path, rows: int | None = None) -> None:
    """Write an exported program, for any number of rows or for so many."""
    width = 3 if isinstance(model, Coded) else 4
    example = torch.ones(rows or 8, width, dtype=next(model.parameters()).dtype)
    shapes = None if rows else ({0: torch.export.Dim.DYNAMIC},)
    torch.export.save(torch.export.export(model, (example,), dynamic_shapes=shapes), path)


def write_fixed(model: Any, path: Path) -> None:
    """Write an exported program for 7 rows."""
    write_exported(model, path, rows=7)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a linear model as an exported program for any number of rows."""
    path = tmp_path_factory.mktemp("program") / "model.pt2"
    write_exported(linear(), path)
    return path.read_bytes()


def sized(weights: Any) -> np.ndarray:
    """Return the weights in the order of the names, the largest as 1."""
    return np.array([weights[name] for name in NAMES])


def test_integrated_gradients_of_a_linear_model_are_exact() -> None:
    """w_i (x_i - r_i), whatever the reference; in the mean of absolute values, scaled."""
    expected = np.abs(WEIGHTS * (ROWS - ROWS.mean(axis=0))).mean(axis=0)
    found = attribute(model_of(linear()), TABLE)
    np.testing.assert_allclose(sized(found.weights), expected / expected.max(), rtol=1e-12)
    reference = np.array([5.0, 0.0, 1.0, 0.0])
    expected = np.abs(WEIGHTS * (ROWS - reference)).mean(axis=0)
    found = attribute(model_of(linear()), TABLE, Attributing(reference=reference))
    np.testing.assert_allclose(sized(found.weights), expected / expected.max(), rtol=1e-12)
    assert (found.method, found.origin["rows"]) == ("integrated-gradients", 200)
    assert found.date.endswith("Z")


def test_integrated_gradients_explain_a_smooth_model_whole() -> None:
    """Of a product they are half of it for either factor, from a reference of 0; nothing is left unexplained."""
    notes: list[str] = []
    model = model_of(lambda x: x[:, 0] * x[:, 1] + 0.0 * x.sum(1))
    found = attribute(model, TABLE, Attributing(reference=np.zeros(4)), tell=notes.append)
    assert found.weights["a"] == pytest.approx(found.weights["b"], rel=1e-5)
    (note,) = notes
    assert note.startswith("c, d: no gradient, so no weight")


def test_gradient_shap_of_a_linear_model_is_exact_from_one_reference() -> None:
    """Then there is no chance in it: the gradient is the same everywhere."""
    reference = np.array([0.0, 1.0, 2.0, 3.0])
    expected = np.abs(WEIGHTS * (ROWS - reference)).mean(axis=0)
    found = attribute(model_of(linear()), TABLE, Attributing("gradient-shap", reference=reference))
    np.testing.assert_allclose(sized(found.weights), expected / expected.max(), rtol=1e-12)


def test_gradient_shap_from_the_rows_expects_what_their_mean_gives() -> None:
    """E w_i (x_i - r_i) over the references is w_i (x_i - mean); the same seed gives the same, and numpy's stays."""
    expected = np.abs(WEIGHTS * (ROWS - ROWS.mean(axis=0))).mean(axis=0)
    np.random.seed(11)  # noqa: NPY002
    first, again = (attribute(model_of(linear()), TABLE, Attributing("gradient-shap", seed=2)) for _ in range(2))
    drawn = np.random.random()  # noqa: NPY002
    np.random.seed(11)  # noqa: NPY002
    assert drawn == np.random.random()  # noqa: NPY002
    assert first.weights == again.weights
    assert attribute(model_of(linear()), TABLE, Attributing("gradient-shap", seed=3)).weights != first.weights
    np.testing.assert_allclose(sized(first.weights), expected / expected.max(), atol=0.05)


def test_permutation_of_a_linear_model_is_as_its_variance() -> None:
    """The squared error grows by 2 w_i^2 Var(x_i) in expectation; ranks are those of |w_i| sd(x_i)."""
    table = Table(NAMES, ROWS, ROWS @ WEIGHTS)
    exact = model_of(torch.nn.Sequential(linear()))
    with torch.no_grad():
        exact.call[0].bias.zero_()  # type: ignore[index]
    found = sized(attribute(exact, table, Attributing("permutation")).weights)
    expected = WEIGHTS**2 * ROWS.var(axis=0)
    np.testing.assert_allclose(found, expected / expected.max(), rtol=0.1)
    assert found[3] == 0.0
    without_target = sized(attribute(exact, TABLE, Attributing("permutation")).weights)
    assert without_target.argsort().tolist() == found.argsort().tolist()


def test_each_row_is_explained_by_its_own_class() -> None:
    """Class 0 looks at a, class 1 at b; one output alone sees its column only."""
    model = model_of(lambda x: torch.stack([x[:, 0], x[:, 1]], 1) + 0.0 * x.sum(1, keepdim=True))
    both = attribute(model, TABLE, tell=lambda note: None).weights
    assert min(both["a"], both["b"]) > 0
    for output, name in enumerate("ab"):
        for method in ("integrated-gradients", "permutation"):
            weights = attribute(model, TABLE, Attributing(method, output)).weights
            assert [other for other, weight in weights.items() if weight] == [name]


def test_permutation_without_a_target_follows_the_predicted_class() -> None:
    """The first output, which is never the largest, moves with b alone."""
    model = model_of(lambda x: torch.stack([x[:, 1] - 1e3, x[:, 0] + 1e3], 1))
    assert sized(attribute(model, TABLE, Attributing("permutation")).weights).tolist() == [1, 0, 0, 0]


def test_permutation_with_classes_counts_wrong_ones() -> None:
    """A target of class numbers, of which only the sign of a decides; others are refused."""
    model = model_of(lambda x: torch.stack([-x[:, 0], x[:, 0]], 1))
    table = Table(NAMES, ROWS, (ROWS[:, 0] > 0).astype(float))
    assert sized(attribute(model, table, Attributing("permutation")).weights).tolist() == [1, 0, 0, 0]
    with pytest.raises(BaselineError, match="--target: the model has 2 outputs, so it must be class numbers 0 to 1"):
        attribute(model, Table(NAMES, ROWS, ROWS[:, 0]), Attributing("permutation"))


@pytest.mark.parametrize("write", [write_script, write_exported, write_fixed])
def test_a_written_model_gives_what_the_model_gives(tmp_path: Path, write: Write) -> None:
    """TorchScript, and an exported program for any or for a fixed number of rows, by every method."""
    model = torch.nn.Sequential(linear(), torch.nn.Tanh()).eval()
    write(model, tmp_path / "model.pt2")
    loaded = load_model(tmp_path / "model.pt2")
    assert (loaded.dtype, loaded.name) == (torch.float64, "model.pt2")
    few = Table(NAMES, ROWS[:30])
    for method in ("integrated-gradients", "gradient-shap", "permutation"):
        own, read = (attribute(one, few, Attributing(method)).weights for one in (model_of(model), loaded))
        np.testing.assert_allclose(sized(read), sized(own), rtol=1e-9)


@pytest.mark.parametrize("write", [None, write_script, write_exported, write_fixed])
def test_codes_are_explained_through_their_embeddings(tmp_path: Path, write: Write | None) -> None:
    """The code's share is the sum of w (e - r) over its vector, for a module and for every kind of file."""
    model, table = Coded().eval(), coded_table()
    loaded = model_of(model)
    if write is not None:
        write(model, tmp_path / "model.pt2")
        loaded = load_model(tmp_path / "model.pt2")
    vectors = model.season.weight.detach().double().numpy() @ np.array([1.5, 0.5])
    codes = table.rows[:, 2].astype(int)
    parts = np.column_stack([(table.rows - table.rows.mean(0))[:, :2] * [2.0, -1.0], vectors[codes] - vectors[1]])
    expected = np.abs(parts).mean(axis=0)
    found = attribute(loaded, table, Attributing(embeddings={"season": "season"})).weights
    np.testing.assert_allclose(list(found.values()), expected / expected.max(), rtol=1e-5)
    with torch.no_grad():
        assert len(dict(loaded.call.named_parameters())["season.weight"]) == 4  # type: ignore[attr-defined]


def test_codes_without_their_embedding_are_pointed_out() -> None:
    """No silent 0: the column is named, and so is the share that is missing."""
    notes: list[str] = []
    assert attribute(model_of(Coded()), coded_table(), tell=notes.append).weights["season"] == 0.0
    assert notes[0].startswith("season: no gradient, so no weight")
    assert "of the output's change unexplained" in notes[1]


class Shifted(Coded):
    """Looks its codes up under other numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (n, 3)."""
        return self.out(torch.cat([x[:, :2], self.season((x[:, 2].long() + 1) % 4)], 1))


@pytest.mark.parametrize(
    ("model", "embeddings", "message"),
    [
        (Shifted, {"season": "season"}, "does not look its codes up in season.weight as they stand"),
        (Coded, {"season": "saeson"}, "the model has no layer 'saeson'; did you mean 'season'?"),
        (Coded, {"saeson": "season"}, "no column 'saeson' in the data; did you mean 'season'?"),
        (Coded, {"a": "season"}, "a code is not a whole number from 0 to 3"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(model: Any, embeddings: dict[str, str], message: str) -> None:
    """Rather than explained wrongly."""
    with pytest.raises(BaselineError) as refused:
        attribute(model_of(model()), coded_table(), Attributing(embeddings=embeddings))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (torch.nn.Linear(3, 1), "cannot be called with a torch.float32 tensor of 2 rows of 4 columns"),
        (lambda x: x[:, 0] / 0, "the model's output is not finite"),
        (lambda x: {"y": x}, "must be one tensor of floats, not dict"),
        (lambda x: x.long(), "must be one tensor of floats, not torch.int64"),
        (lambda x: x.sum(), "must have shape (rows,) or (rows, outputs): 2 rows gave ()"),
        (lambda x: x.detach() * 2, "the model gives no gradients"),
        (lambda x: x.round(), "no gradient reaches any column: use --method permutation"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(call: Any, message: str) -> None:
    """What it is asked, what it answers, and what to do."""
    with pytest.raises(BaselineError) as refused:
        attribute(model_of(call), TABLE)
    assert message in str(refused.value)


def test_a_constant_model_has_no_importance() -> None:
    """Permutation says so, too."""
    with pytest.raises(BaselineError, match="no column moves the model's output"):
        attribute(model_of(lambda x: x[:, 0] * 0), TABLE, Attributing("permutation"))


def test_an_exported_program_says_how_many_columns_it_takes(tmp_path: Path, program: bytes) -> None:
    """Before it is called."""
    (tmp_path / "model.pt2").write_bytes(program)
    with pytest.raises(BaselineError, match=r"the model takes 4 columns, and the data gives 3 \(a, b, season\)"):
        attribute(load_model(tmp_path / "model.pt2"), coded_table())


class Fires:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        """Run code of the file's."""
        return Path.touch, (self.path,)


def replaced(path: Path, **changes: Any) -> None:
    """Write a zip file again, with members changed by the end of their names; new ones are added."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    folder = next(iter(members)).partition("/")[0]
    for tail, change in changes.items():
        name = f"{folder}/{tail}"
        members[name] = change(members[name]) if callable(change) else change
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.fixture
def fired(tmp_path: Path) -> Iterator[Path]:
    """Return a path that must not come to be, since it would be by code of a model's file."""
    path = tmp_path / "fired"
    yield path
    assert not path.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_refused_and_its_code_never_runs(tmp_path: Path, fired: Path, zipped: bool) -> None:
    """Of torch.save in both of its forms; the message says what to write instead."""
    torch.save({"model": Fires(fired)}, tmp_path / "model.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(BaselineError, match=r"may run any code when it is loaded; write `torch\.jit\.script"):
        load_model(tmp_path / "model.pt")


def changed(pattern: str, text: str) -> Callable[[bytes], bytes]:
    """Return what puts a text in the place of others in a program's JSON."""

    def change(data: bytes) -> bytes:
        found, times = re.subn(pattern, lambda whole: whole[1] + json.dumps(text), data.decode())
        assert times
        return found.encode()

    return change


def test_nothing_that_an_exported_program_brings_along_is_run(tmp_path: Path, program: bytes, fired: Path) -> None:
    """Pickles as sample inputs, weights or constants; code as expression, guard, name or operator."""
    path = tmp_path / "model.pt2"
    code = f"__import__('pathlib').Path({str(fired)!r}).touch()"
    torch.save(Fires(fired), evil := io.BytesIO())
    expression, target, name = r'("expr_str": )"[^"]*"', r'("target": )"[^"]*"', r'("name": )"input"'
    for member, change, refused in (
        ("data/weights/model.pt", evil.getvalue(), "holds 'model/data/weights/model.pt'"),
        ("data/constants/opaque_obj_0", pickle.dumps(Fires(fired)), "holds 'model/data/constants/opaque_obj_0'"),
        ("data/aotinductor/model/model.so", b"", "holds 'model/data/aotinductor/model/model.so'"),
        ("models/other.json", b"{}", "holds 'model/models/other.json'"),
        ("models/model.json", changed(expression, code), "has the expression"),
        ("models/model.json", changed(expression, "Symbol('s77', positive=preview(1))"), "has the expression"),
        ("models/model.json", changed(expression, "preview"), "has the expression"),
        ("models/model.json", changed(name, f"x={code}"), "has the name"),
        ("models/model.json", changed(name, "x.__class__"), "has the name"),
        ("models/model.json", changed(target, "torch.hub.load"), "calls 'torch.hub.load'"),
        ("models/model.json", changed(target, "torch.ops.aten.from_file.default"), "calls 'torch.ops.aten.from_file"),
        (
            "models/model.json",
            changed(r'("in_spec": )"(?:[^"\\]|\\.)*"', '[1, {"type": "os.path"}]'),
            "a 'os.path'",
        ),
        ("models/model.json", b"[]", "not a whole exported program"),
    ):
        path.write_bytes(program)
        replaced(path, **{member: change})
        with pytest.raises(BaselineError) as error:
            load_model(path)
        assert refused in str(error.value)


def test_what_an_exported_program_does_not_need_is_left_out(tmp_path: Path, program: bytes, fired: Path) -> None:
    """Sample inputs are not unpickled, and guards not compiled; the model is what it was."""
    path = tmp_path / "model.pt2"
    path.write_bytes(program)
    code = f"__import__('pathlib').Path({str(fired)!r}).touch()"
    torch.save(Fires(fired), evil := io.BytesIO())
    guarded = lambda data: json.dumps(json.loads(data) | {"guards_code": [code]}).encode()  # noqa: E731
    replaced(path, **{"data/sample_inputs/model.pt": evil.getvalue(), "models/model.json": guarded})
    found, expected = (attribute(one, TABLE).weights for one in (load_model(path), model_of(linear())))
    np.testing.assert_allclose(sized(found), sized(expected), rtol=1e-12)


def test_a_weight_that_would_be_unpickled_is_refused(tmp_path: Path, program: bytes, fired: Path) -> None:
    """The file says of it that it is a pickle."""
    path = tmp_path / "model.pt2"
    path.write_bytes(program)
    torch.save(Fires(fired), evil := io.BytesIO())
    config = "data/weights/model_weights_config.json"
    pickled = lambda data: data.replace(b'"use_pickle": false', b'"use_pickle": true')  # noqa: E731
    replaced(path, **{config: pickled, "data/weights/weight_0": evil.getvalue()})
    with pytest.raises(BaselineError, match="holds 'weight' as a pickle"):
        load_model(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "may run any code"), (b"not a model", "may run any code"), (None, "cannot be read: No such file")],
)
def test_what_is_no_model_is_named(tmp_path: Path, data: bytes | None, message: str) -> None:
    """One message with the file, never a traceback."""
    path = tmp_path / "model.pt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(BaselineError) as refused:
        load_model(path)
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(path))


@pytest.mark.parametrize("write", [write_script, write_exported])
def test_a_damaged_model_is_an_error_for_people(tmp_path: Path, write: Write) -> None:
    """Cut in the middle, and with a zip file of other things."""
    path = tmp_path / "model.pt2"
    write(linear(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BaselineError, match=r"model\.pt2"):
        load_model(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/b", b"")
    with pytest.raises(BaselineError, match="neither a TorchScript file nor an exported program"):
        load_model(path)


def test_options_that_cannot_be_are_refused() -> None:
    """Before anything is read."""
    with pytest.raises(BaselineError, match="--method lime: must be one of integrated-gradients, "):
        Attributing("lime")
    with pytest.raises(BaselineError, match="--embedding: belongs to integrated-gradients"):
        Attributing("permutation", embeddings={"a": "b"})
    with pytest.raises(BaselineError, match="--output 1: the model has outputs 0 to 0"):
        attribute(Model("m", linear(), torch.float64), TABLE, Attributing(output=1))
