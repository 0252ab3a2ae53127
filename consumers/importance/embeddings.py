"""Columns of codes that the model looks up in embedding tables: their attribution goes through the vectors.

There is no gradient of a code. So every row gets a row of its own at the end of the table, which holds any vector
between those of two codes, and its code points there: this needs no access to what flows between the model's layers,
which a TorchScript or exported program does not give. The sum over a vector's numbers is the column's attribution, as
in captum's layer methods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baselines import BaselineError
from baselines.nearest import or_nearest
from consumers.importance.model import Model

if TYPE_CHECKING:
    import torch

    Points = tuple[torch.Tensor, ...]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The looked-up columns of a model, and the names of the parameters that are their tables; may be none."""

    model: Model
    columns: tuple[int, ...]
    tables: tuple[str, ...]

    @classmethod
    def of(cls, model: Model, names: Sequence[str], layers: Mapping[str, str]) -> "Embeddings":
        """Find the tables of the layers by column name; raises ``BaselineError`` for what is not there."""
        parameters = {name.removesuffix(".weight") for name, value in _parameters(model).items() if value.ndim == 2}
        for name, layer in layers.items():
            if name not in names:
                raise BaselineError(f"--embedding: no column {name!r} in the data{or_nearest(name, names)}")
            if layer not in parameters:
                raise BaselineError(
                    f"--embedding {name}: the model has no layer {layer!r}{or_nearest(layer, parameters)}"
                )
        columns = tuple(list(names).index(name) for name in layers)
        return cls(model, columns, tuple(f"{layer}.weight" for layer in layers.values()))

    def points(self, rows: "torch.Tensor") -> "Points":
        """Return the rows (n, features), and for each looked-up column its vectors (n, size)."""
        tables = _parameters(self.model)
        vectors = (self._vectors(rows[:, i], tables[name]) for i, name in zip(self.columns, self.tables, strict=True))
        return tuple(point.detach().clone().requires_grad_() for point in (rows, *vectors))

    def outputs(self, rows: "torch.Tensor", *vectors: "torch.Tensor") -> "torch.Tensor":
        """Return the model's outputs with these vectors in the place of the codes' own."""
        import torch

        if not vectors:
            return self.model.outputs(rows)
        tables, own = _parameters(self.model), dict[str, Any]()
        columns = list(rows.unbind(1))
        for column, name, vector in zip(self.columns, self.tables, vectors, strict=True):
            table = own.get(name, tables[name].detach())
            columns[column] = torch.arange(len(table), len(table) + len(rows)).to(rows.dtype)
            own[name] = torch.cat([table, vector])
        return self.model.with_parameters(own).outputs(torch.stack(columns, 1))

    def by_column(self, attributions: "Points") -> "torch.Tensor":
        """Return the attributions column by column, shape (n, features)."""
        each = attributions[0].detach().clone()
        for column, found in zip(self.columns, attributions[1:], strict=True):
            each[:, column] = found.detach().sum(1)
        return each

    def check(self, rows: "torch.Tensor") -> None:
        """Raise ``BaselineError`` unless the columns are looked up by these very codes and used for nothing else."""
        import torch

        with torch.no_grad():
            same = torch.allclose(self.outputs(*self.points(rows)), self.model.outputs(rows), rtol=1e-3, atol=1e-5)
        if not same:
            raise BaselineError(
                f"{self.model.name}: --embedding: the model does not look its codes up in {', '.join(self.tables)} as "
                "they stand in the data, or uses them elsewhere, too: use --method permutation"
            )

    def _vectors(self, codes: "torch.Tensor", table: "torch.Tensor") -> "torch.Tensor":
        whole = codes.round()
        if not bool(((codes == whole) & (codes >= 0) & (codes < len(table))).all()):
            raise BaselineError(
                f"--embedding: a code is not a whole number from 0 to {len(table) - 1}; if it is the mean of the "
                "baseline, fit the baseline with the column as --categorical"
            )
        return table[whole.long()]


def _parameters(model: Model) -> "dict[str, torch.Tensor]":
    import torch

    return dict(model.call.named_parameters()) if isinstance(model.call, torch.nn.Module) else {}
