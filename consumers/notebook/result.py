"""What a replay found, to look at and to go on with."""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from baselines.shown import html_table
from consumers.notebook.records import Records
from stream.drift_event import DriftEvent
from stream.ledger import Ledger

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 20
_COLUMNS = ("window end", "type", "severity", "features", "summary")


@dataclass(frozen=True, repr=False)
class ReplayResult:
    """Drift events in their order, every test of every window, the windows, and where each row has gone.

    ``findings`` has a row per window, feature and check, alarm or not; ``windows`` a row per window with its status.
    ``summary`` is what ``driftline replay --summary`` writes.
    """

    events: tuple[DriftEvent, ...]
    findings: Records
    windows: Records
    ledger: Ledger
    summary: dict[str, Any]
    unverified: str | None = None

    @property
    def drifted(self) -> bool:
        """Tell whether drift opened."""
        return any(event.type == "drift.opened" for event in self.events)

    def to_pandas(self) -> Any:
        """Return the findings as a ``pandas.DataFrame``."""
        return self.findings.to_pandas()

    def to_polars(self) -> Any:
        """Return the findings as a ``polars.DataFrame``."""
        return self.findings.to_polars()

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw how far each feature is from its floor, window by window, with the incidents; needs matplotlib."""
        from consumers.notebook.plots import plot_features  # noqa: PLC0415 - matplotlib is an optional extra

        return plot_features(self, ax)

    def plot_feature(self, name: str, ax: "Axes | None" = None) -> "Axes":
        """Draw one feature's checks, each against its floor; needs matplotlib. Raises KeyError for another name."""
        from consumers.notebook.plots import plot_feature  # noqa: PLC0415 - matplotlib is an optional extra

        return plot_feature(self, name, ax)

    def __repr__(self) -> str:
        """Return a heading and a line per event."""
        lines = [f"  {'  '.join(row[:3])}  {row[4]}" for row in self._rows()]
        return "\n".join([*self._heading(), *lines, *self._more()])

    def _repr_html_(self) -> str:
        told = "".join(f"<p>{escape(line)}</p>" for line in self._heading())
        table = html_table(_COLUMNS, self._rows()) if self.events else ""
        return told + table + "".join(f"<p>{escape(line)}</p>" for line in self._more())

    def _heading(self) -> list[str]:
        windows = self.summary["windows"]
        opened = self.summary["events"].get("drift.opened", 0)
        others = ", ".join(f"{count} {status}" for status, count in windows.items() if status != "tested")
        tested = f"{windows.get('tested', 0):,} windows tested" + (f" ({others})" if others else "")
        lines = [f"{tested}; drift opened {opened} times", _fates(self.ledger)]
        return [*lines, f"budget {self.summary['budget']}: {self.unverified}"] if self.unverified else lines

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (event.window["end"], event.type, event.severity, _names(event), event.summary)
            for event in self.events[:_SHOWN]
        ]

    def _more(self) -> list[str]:
        more = len(self.events) - _SHOWN
        return [f"... and {more:,} more events"] if more > 0 else []


def _names(event: DriftEvent) -> str:
    names = [feature["name"] for feature in event.features[:3]]
    more = event.features_total - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _fates(ledger: Ledger) -> str:
    others = {name: getattr(ledger, name) for name in ("late", "ahead", "foreign")} | ledger.rejected
    told = ", ".join(f"{count:,} {name}" for name, count in others.items() if count)
    advice = "; rows are read in their order: sort them by time" if ledger.late else ""
    return f"{ledger.read:,} rows read, {ledger.counted:,} counted" + (f", {told}{advice}" if told else "")
