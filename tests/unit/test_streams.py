"""Recorded events in files: every line once, at its own number, however the file is cut and packed."""

import gzip
from pathlib import Path

import pytest
import zstandard

from consumers import streams
from consumers.errors import SettingsError
from consumers.streams import stream_batches

LINES = [b'{"a": %d}' % number for number in range(500)]


def read(*paths: Path) -> list[tuple[str, int, bytes]]:
    """Return file, line number and event of everything read."""
    return [
        (batch.topic, offset, (value or b"").rstrip(b"\r\n"))
        for batch in stream_batches(paths)
        for offset, value in zip(batch.offsets, batch.values, strict=True)
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("batch_bytes", [1, 100, 4_000_000])
def test_every_line_is_read_once_at_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_bytes: int, end: bytes
) -> None:
    """However many bytes make a batch, and however the last line ends."""
    monkeypatch.setattr(streams, "_BATCH_BYTES", batch_bytes)
    path = tmp_path / "s.jsonl"
    path.write_bytes((end or b"\n").join(LINES) + end)
    assert read(path) == [("s.jsonl", number, line) for number, line in enumerate(LINES)]


def test_blank_lines_are_no_events_but_are_numbered(tmp_path: Path) -> None:
    """The offset of an event is the line that an editor shows, less one."""
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'\n{"a": 1}\n \t\n\r\n{"a": 2}\n\n')
    assert read(path) == [("s.jsonl", 1, b'{"a": 1}'), ("s.jsonl", 4, b'{"a": 2}')]


def test_a_line_in_two_files_has_a_number_in_each(tmp_path: Path) -> None:
    """Numbers begin again with each file, and the file's name is told beside them."""
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_bytes(b"{}\n{}\n")
    second.write_bytes(b"{}\n")
    assert [place[:2] for place in read(first, second)] == [("1.jsonl", 0), ("1.jsonl", 1), ("2.jsonl", 0)]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_compressed_lines_are_the_same_lines(tmp_path: Path, suffix: str, pack: object) -> None:
    """A compressed file reads as the file it was made of."""
    path = tmp_path / f"s.jsonl{suffix}"
    path.write_bytes(pack(b"\n".join(LINES)))  # type: ignore[operator] # both take and return bytes
    assert [line for _, _, line in read(path)] == LINES


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, suffix: str, pack: object) -> None:
    """Bytes that do not decompress raise an error that names the file."""
    path = tmp_path / f"s.jsonl{suffix}"
    packed = bytearray(pack(b"\n".join(LINES)))  # type: ignore[operator] # both take and return bytes
    packed[len(packed) // 2 :] = b"\x00" * 40
    path.write_bytes(packed)
    with pytest.raises(SettingsError, match=path.name):
        read(path)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_file_that_was_appended_to_is_read_to_its_end(tmp_path: Path, suffix: str) -> None:
    """Compressed files joined end to end are the compressed file of their lines."""
    pack = gzip.compress if suffix == ".gz" else zstandard.compress
    path = tmp_path / f"s.jsonl{suffix}"
    path.write_bytes(b"".join(pack(line + b"\n") for line in LINES))
    assert [line for _, _, line in read(path)] == LINES


@pytest.mark.parametrize("kept", [1, 20, 400])
def test_a_compressed_file_that_was_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    """A file that ends within a frame has lost events, and says so."""
    path = tmp_path / "s.jsonl.zst"
    path.write_bytes(zstandard.compress(b"\n".join(LINES))[:kept])
    with pytest.raises(SettingsError, match=path.name):
        read(path)
