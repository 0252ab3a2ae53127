"""Peak memory and time of fitting many rows: ``python benchmarks/fit_memory.py [rows]`` (10 million unless told).

The training file (four columns: a rounded normal, whole numbers, a heavy tail, a category with missing values) is made
up in a temporary directory, as csv and as parquet; each fit runs in a process of its own, whose peak is measured.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_CHUNK = 100_000
_MEASURE = """
import sys, time
from pathlib import Path
from baselines.fitting import fit
started = time.perf_counter()
baseline = fit([Path(sys.argv[1])])
seconds = time.perf_counter() - started
status = Path("/proc/self/status").read_text()  # getrusage would count the process that started this one
peak_mb = int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
print(f"{baseline.n:>12,}{seconds:>10.1f}{peak_mb:>10.0f}{max(f.bound for f in baseline.numeric):>10.6f}")
"""


def tables(rows: int) -> Iterator[pa.Table]:
    rng = np.random.default_rng(2026)
    for start in range(0, rows, _CHUNK):
        n = min(_CHUNK, rows - start)
        yield pa.table(
            {
                "price": rng.normal(size=n),
                "age": rng.integers(18, 90, n),
                "amount": np.round(rng.lognormal(3, 2, n), 2),
                "device": rng.choice(np.array(["mobile", "desktop", "tablet", None], dtype=object), n),
            }
        )


def write(folder: Path, rows: int) -> list[Path]:
    csv_path, parquet_path = folder / "train.csv", folder / "train.parquet"
    parquet = None
    with csv_path.open("w") as file:
        file.write("price,age,amount,device\n")
        for table in tables(rows):
            parquet = parquet or pq.ParquetWriter(parquet_path, table.schema)
            parquet.write_table(table)
            columns = [column.to_pylist() for column in table.columns]
            rows_of_cells = zip(*columns, strict=True)
            file.writelines(f"{price},{age},{amount},{device or ''}\n" for price, age, amount, device in rows_of_cells)
    parquet.close()
    return [csv_path, parquet_path]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), rows)
        print(f"{'':<10}{'rows':>12}{'seconds':>10}{'peak MB':>10}{'bound':>10}")
        for path in paths:
            print(f"{path.suffix[1:]:<10}", end="", flush=True)
            subprocess.run([sys.executable, "-c", _MEASURE, str(path)], check=True)


if __name__ == "__main__":
    main()
