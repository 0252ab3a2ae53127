"""The ledger: where every event that was read has gone, once."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Ledger:
    """Events by fate: ``read = counted + late + ahead + foreign + rejected`` always."""

    read: int = 0
    counted: int = 0
    late: int = 0
    ahead: int = 0
    foreign: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Ledger") -> None:
        """Add in place."""
        self.read += other.read
        self.counted += other.counted
        self.late += other.late
        self.ahead += other.ahead
        self.foreign += other.foreign
        self.rejected.update(other.rejected)

    def balanced(self) -> bool:
        """Tell whether every event read is in exactly one other entry."""
        return self.read == self.counted + self.late + self.ahead + self.foreign + self.rejected.total()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, reasons in order, for JSON."""
        return {
            "read": self.read,
            "counted": self.counted,
            "late": self.late,
            "ahead": self.ahead,
            "foreign": self.foreign,
            "rejected": dict(sorted(self.rejected.items())),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Ledger":
        """Read what ``to_dict`` wrote."""
        return cls(**{**data, "rejected": Counter(data["rejected"])})
