"""Every format gives the same baseline, and what is wrong with a file is said with its line."""

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from baselines import Baseline, BaselineError
from baselines.fitting import FitOptions, delimited, fit, lines

ROWS = [
    {
        "age": 30 + i % 7,
        "price": i / 3 if i % 5 else None,
        "device": ["mobile", "desktop", None][i % 3],
        "new": i % 2 == 0,
    }
    for i in range(120)
]
CSV = "age,price,device,new\n" + "".join(
    f"{row['age']},{'' if row['price'] is None else row['price']},{row['device'] or 'NA'},{row['new']}\n"
    for row in ROWS
)
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS)


def write_parquet(path: Path) -> None:
    """Write the rows as parquet, in several row groups."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=50)


def write_arrow(path: Path) -> None:
    """Write the rows as an arrow file, text as a dictionary."""
    import pyarrow as pa

    table = pa.Table.from_pylist(ROWS)
    table = table.set_column(2, "device", table["device"].dictionary_encode())
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)


def write_stream(path: Path) -> None:
    """Write the rows as an arrow stream, which some tools name .arrow too."""
    import pyarrow as pa

    table = pa.Table.from_pylist(ROWS)
    with pa.ipc.new_stream(path, table.schema) as file:
        file.write_table(table, max_chunksize=33)


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.csv": lambda path: path.write_text(CSV),
    "bom.csv": lambda path: path.write_text(CSV, encoding="utf-8-sig"),
    "crlf.csv": lambda path: path.write_bytes(CSV.replace("\n", "\r\n").encode()),
    "blank.CSV": lambda path: path.write_text(CSV + "\n\n"),
    "a.csv.gz": lambda path: path.write_bytes(gzip.compress(CSV.encode())),
    "a.csv.zst": lambda path: path.write_bytes(zstandard.compress(CSV.encode())),
    "two_frames.csv.zst": lambda path: path.write_bytes(
        zstandard.compress(CSV[:1000].encode()) + zstandard.compress(CSV[1000:].encode())
    ),
    "a.jsonl": lambda path: path.write_text(JSONL),
    "a.ndjson.gz": lambda path: path.write_bytes(gzip.compress(JSONL.encode())),
    "a.jsonl.zst": lambda path: path.write_bytes(zstandard.compress(JSONL.encode())),
    "a.parquet": write_parquet,
    "a.arrow": write_arrow,
    "stream.feather": write_stream,
}


def fit_text(tmp_path: Path, text: str | bytes, name: str = "train.csv", options: FitOptions | None = None) -> Baseline:
    """Fit to one file with this content."""
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return fit([path], options)


@pytest.mark.parametrize("name", WRITERS)
def test_the_format_does_not_matter(tmp_path: Path, name: str) -> None:
    """The same rows in any format have one fingerprint."""
    WRITERS[name](tmp_path / name)
    assert fit([tmp_path / name]).fingerprint == fit_text(tmp_path, CSV, "expected.csv").fingerprint


def test_the_size_of_chunks_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a few rows at a time, files give the same baseline."""
    whole = fit_text(tmp_path, CSV).fingerprint
    monkeypatch.setattr(delimited, "CHUNK_CELLS", 12)
    monkeypatch.setattr(lines, "_CHUNK_ROWS", 7)
    assert fit_text(tmp_path, CSV).fingerprint == whole
    assert fit_text(tmp_path, JSONL, "a.jsonl").fingerprint == whole
    monkeypatch.setattr(lines, "_CHUNK_BYTES", 100)
    assert fit_text(tmp_path, JSONL, "a.jsonl").fingerprint == whole


def test_several_files_are_one_table(tmp_path: Path) -> None:
    """Two halves, in different formats, are the whole; a column that one of them lacks is missing there."""
    header, *rows = CSV.splitlines(keepends=True)
    (tmp_path / "1.csv").write_text(header + "".join(rows[:50]))
    (tmp_path / "2.jsonl").write_text("".join(JSONL.splitlines(keepends=True)[50:]))
    (tmp_path / "3.csv").write_text("extra\n1.5\n2.5\n")
    both = fit([tmp_path / "1.csv", tmp_path / "2.jsonl"])
    assert both.fingerprint == fit_text(tmp_path, CSV).fingerprint
    assert both.source == ("1.csv", "2.jsonl")
    three = fit([tmp_path / "1.csv", tmp_path / "3.csv"])
    assert [(feature.name, feature.n) for feature in three.features if feature.name in ("age", "extra")] == [
        ("age", 50),
        ("extra", 2),
    ]
    assert three.numeric[-1].counts[-5] == 50


def test_features_below_a_path_are_found(tmp_path: Path) -> None:
    """JSON lines may be whole events."""
    events = "".join(json.dumps({"ts": 1, "request": {"features": row}}) + "\n" for row in ROWS)
    options = FitOptions(features="request.features")
    assert fit_text(tmp_path, events, "e.jsonl", options).fingerprint == fit_text(tmp_path, CSV).fingerprint


def test_quoted_cells_may_hold_anything(tmp_path: Path) -> None:
    """Commas, quotes and line ends inside quotes are part of the category."""
    baseline = fit_text(tmp_path, 'c,n\n"a,b",1.5\n"say ""hi""",2.5\n"two\nlines",1.5\n')
    assert baseline.categorical[0].categories == ("a,b", 'say "hi"', "two\nlines")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "the file is empty"),
        ("a.csv", "a,b\n", "no rows"),
        ("a.csv", "a,b\n1,2\n\n3\n4,5\n", "line 4: 1 cells where the header has 2 columns"),
        ("a.csv", 'a,b\n"x\ny",2\n3,4,5\n', "line 4: 3 cells where the header has 2 columns"),
        ("a.csv", 'a,b\n1,2\n3\n"x\ny",2\n', "line 3: 1 cells where the header has 2 columns"),
        ("a.csv", "a,b,a\n1,2,3\n", "line 1: two columns are named 'a'"),
        ("a.csv", "a;b\n1;2\n", "line 1: one column named 'a;b': columns must be separated by commas"),
        ("a.csv", b"a,b\n1,2\n1,\xff\n", "line 3: not UTF-8"),
        ("a.csv", b"\xff\xfea,b\n1,2\n", "line 1: not UTF-8"),
        ("a.csv", 'a,b\n1,2\n"x"y,3\n', "line 3: not csv"),
        ("a.csv", 'a,b\n1,2\n"x,3\n', "line 3: not csv"),
        ("a.jsonl", "", "no rows"),
        ("a.jsonl", '{"a":1}\n\n{"a":\n', "line 3: not JSON"),
        ("a.jsonl", '{"a":1}\n[1]\n', "line 2: not an object"),
        ("a.jsonl", b'{"a":"\xff"}\n', "line 1: not UTF-8"),
        ("a.jsonl", '{"a":"\\ud800"}\n', "line 1: not UTF-8"),
        ("a.jsonl", "[" * 100_000 + "\n", "line 1: not JSON"),
        ("a.csv.gz", "a,b\n1,2\n", "the compressed data is damaged"),
        ("a.csv.gz", gzip.compress(CSV.encode())[:-30], "the compressed data is damaged or cut off"),
        ("a.csv.zst", "a,b\n1,2\n", "the compressed data is damaged"),
        ("a.parquet", "PAR1", "not a whole parquet file"),
        ("a.arrow", "ARROW1", "not a whole arrow file"),
        ("a.txt", "a,b\n1,2\n", "the name must end in .csv, .jsonl"),
        ("a.parquet.gz", "", "the name must end in .csv, .jsonl"),
        ("gz", "", "the name must end in .csv, .jsonl"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    """The file, the line where there is one, what is wrong."""
    with pytest.raises(BaselineError) as refused:
        fit_text(tmp_path, content, name)
    assert str(refused.value).startswith(str(tmp_path / name))
    assert message in str(refused.value)


def test_a_path_that_is_no_object_is_said_with_its_line(tmp_path: Path) -> None:
    """An event without the features is named."""
    with pytest.raises(BaselineError, match=r"e\.jsonl, line 2: no object at 'features'"):
        fit_text(tmp_path, '{"features":{"a":1}}\n{"features":[1]}\n', "e.jsonl", FitOptions(features="features"))


def test_a_file_that_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    """A directory, and what a pipe would be, cannot be read more than once."""
    with pytest.raises(BaselineError, match=r"none\.csv: no such file"):
        fit([tmp_path / "none.csv"])
    with pytest.raises(BaselineError, match="not a regular file"):
        fit([tmp_path])


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BaselineError, match=r"pip install 'driftline\[parquet\]'"):
        fit_text(tmp_path, "", "a.parquet")
