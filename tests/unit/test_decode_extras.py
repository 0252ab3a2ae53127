"""Formats whose library is not there: a reason that names what to install, and nothing else suffers."""

import pytest

from consumers.decode import EventDecoder, EventFormat, extras
from consumers.raw import RawBatch
from tests.builders import layout_of
from tests.encoders import ENCODERS, MockedRegistry

BASELINE = layout_of({"x": [1.0, 2.0], "c": ["a", "b"]}).baseline
ROWS = [{"x": 1.5, "y z": 0.0, "c": "a"}]


@pytest.mark.parametrize(
    ("name", "extra"),
    [("arrow", "arrow"), ("avro file", "avro"), ("confluent avro", "avro"), ("confluent protobuf", "protobuf")],
)
def test_a_missing_library_is_a_reason_that_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: str, extra: str
) -> None:
    """The record is refused, and the plain one beside it is counted."""
    monkeypatch.setattr(extras, "_imported", lambda module: None)
    values = [ENCODERS[name][0](ROWS)[0][0], b'{"x": 2, "c": "b"}']
    batch = RawBatch("t", 0, range(2), values, timestamps_ms=[5, 6])
    decoded = EventDecoder(BASELINE, EventFormat(), MockedRegistry()).decode(batch)
    assert [reject.reason for reject in decoded.rejected] == ["missing_extra"]
    assert f"driftline[{extra}]" in decoded.rejected[0].detail
    assert decoded.rows.offsets.tolist() == [1]
