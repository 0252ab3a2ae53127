"""A record that breaks the decoder: it is rejected with its bytes, and costs no other record anything."""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from consumers.raw import Decoded, RawBatch
from consumers.replay import Replay
from consumers.undecodable import decode_all

START_MS = 1_700_000_000_000


class Faulty:
    """A decoder that fails on every record that says poison, whatever else is in the batch."""

    def __init__(self, inside: Any) -> None:
        self._inside = inside

    def decode(self, batch: RawBatch) -> Decoded:
        """Raise, or do as the decoder inside."""
        if any(b"poison" in (value or b"") for value in batch.values):
            raise ZeroDivisionError("a fault")
        decoded: Decoded = self._inside.decode(batch)
        return decoded


def event(at_ms: int) -> bytes:
    """Return an event at this time."""
    return b'{"ts": %d, "features": {"age": 40, "device": "mobile"}}' % (START_MS + at_ms)


VALUES = [event(0), b"poison 1", b"{", event(1), None, b"poison 2", event(2)]


def test_only_the_record_that_breaks_it_is_rejected(stage: Callable[..., Any]) -> None:
    """Rows, rejects of other kinds and their order are those of the batch; the poison is among them with its bytes."""
    decoder = stage().assembly.new_decoder()
    offsets = range(100, 107)
    decoded = decode_all(Faulty(decoder), RawBatch("events", 0, offsets, VALUES, list(range(7)), [None] * 7))
    assert decoded.rows.offsets.tolist() == [100, 103, 106]
    assert [(reject.offset, reject.reason, reject.value) for reject in decoded.rejected] == [
        (101, "undecodable", b"poison 1"),
        (102, "bad_json", b"{"),
        (104, "tombstone", None),
        (105, "undecodable", b"poison 2"),
    ]
    assert decoded.rejected[0].detail == "ZeroDivisionError: a fault"


def test_a_batch_of_poison_alone_is_rejected_whole(stage: Callable[..., Any]) -> None:
    """Nothing is left to decode, and that is no failure."""
    decoder = stage().assembly.new_decoder()
    decoded = decode_all(Faulty(decoder), RawBatch("events", 0, [7], [b"poison"]))
    assert (len(decoded.rows), [reject.offset for reject in decoded.rejected], decoded.foreign) == (0, [7], 0)


def test_each_is_logged_once_with_its_place(stage: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    """Somebody must be able to find the record, and the fault."""
    with caplog.at_level(logging.ERROR, logger="driftline.events"):
        decode_all(Faulty(stage().assembly.new_decoder()), RawBatch("events", 3, range(7), VALUES))
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"events-3, offset {at}: the decoder failed; please report it" for at in (1, 5)]
    assert all(record.exc_info for record in caplog.records)


def test_a_failure_of_no_single_record_is_raised() -> None:
    """Where every record alone is well, rejecting would be guessing."""

    class Crowded:
        def decode(self, batch: RawBatch) -> Decoded:
            if len(batch) > 1:
                raise ZeroDivisionError("a fault")
            return None  # type: ignore[return-value]

    with pytest.raises(ZeroDivisionError):
        decode_all(Crowded(), RawBatch("events", 0, range(3), [b""] * 3))


def test_a_counter_goes_on_behind_a_poison_record(stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger has it under rejected, the rejects topic has its bytes, and its partition is read to its end."""
    made = stage()
    decoder = Faulty(made.assembly.new_decoder())
    monkeypatch.setattr(type(made.assembly), "new_decoder", lambda _: decoder)
    made.feed(VALUES)
    counter = made.counter()
    counter.step(0.0)
    assert counter.ledger.counted == 3
    assert counter.ledger.rejected == Counter(undecodable=2, bad_json=1, tombstone=1)
    assert counter.caught_up(counter.end_offsets())
    assert [r.value for r in made.log.records("rejects") if (b"undecodable" in dict(r.headers).values())] == [
        b"poison 1",
        b"poison 2",
    ]


def test_a_replay_goes_on_behind_a_poison_record(stage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Over files as over Kafka: the ledger has it under rejected, and the lines behind it are counted."""
    assembly = stage().assembly
    decoder = Faulty(assembly.new_decoder())
    monkeypatch.setattr(type(assembly), "new_decoder", lambda _: decoder)
    replay = Replay(assembly)
    assert list(replay.run([RawBatch("file", 0, range(len(VALUES)), VALUES)])) == []
    assert replay.ledger.counted == 3
    assert replay.ledger.rejected == Counter(undecodable=2, bad_json=1, tombstone=1)
