"""What became of the events of a replay, in words."""

from typing import Any


def fates(ledger: dict[str, Any]) -> str:
    """Return what became of the events read, as a clause."""
    left = ledger["read"] - ledger["counted"]
    others = {name: ledger[name] for name in ("late", "ahead", "foreign")} | ledger["rejected"]
    named = ", ".join(f"{name} {count}" for name, count in others.items() if count)
    rows = f" with {ledger['rows']['counted']} rows" if "rows" in ledger else ""
    counted = f"{ledger['read']} events read, {ledger['counted']} counted{rows}"
    return counted + (f", {left} not ({named})" if left else "")
