"""Slow changes: evidence that is gathered over disjoint panes, for drift that no single window shows.

Formulas, sources and units: ``docs/statistics.md``, section cusum.
"""

from stream.gradual.accumulator import Accumulator
from stream.gradual.evidence import Ongoing

__all__ = ["Accumulator", "Ongoing"]
