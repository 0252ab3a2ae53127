"""The seam of formats: the example of docs/formats.md is taken out of the page and used."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from consumers.decode import EventDecoder, EventFormat
from consumers.decode.formats import NoSuchFormat
from consumers.raw import RawBatch
from tests.builders import layout_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
BASELINE = layout_of({"age": [1.0, 2.0], "device": ["desktop", "mobile"]}).baseline
VALUES = [b"TMP1;34;mobile", b'{"age": 35, "device": "desktop"}', b"TMP1;34", b"TMP1;x;mobile"]


@pytest.fixture
def semicolons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the example's module importable."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("semicolons")
    exec(compile(code, "semicolons", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "semicolons", module)


def decoded(**told: Any) -> Any:
    batch = RawBatch("t", 0, range(len(VALUES)), VALUES, timestamps_ms=[5] * len(VALUES))
    return EventDecoder(BASELINE, EventFormat(**told)).decode(batch)


def test_the_example_of_the_page_reads_its_records(semicolons: None) -> None:
    """A named class reads every record, refuses what is none of its own, and nothing else is asked."""
    found = decoded(format="semicolons:Semicolons")
    assert found.rows.offsets.tolist() == [0]
    assert found.rows.numeric[0].values.tolist() == [34]
    assert found.rows.categorical[0].codes.tolist() == [1]
    assert [reject.reason for reject in found.rejected] == ["wrong_length", "wrong_length", "wrong_format"]


def test_a_class_that_is_not_there_is_named() -> None:
    """The message has the name as it was written."""
    with pytest.raises(NoSuchFormat, match="nowhere:Semicolons"):
        decoded(format="nowhere:Semicolons")
