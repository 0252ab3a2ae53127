"""Peak memory and time of fitting: ``python benchmarks/fit_memory.py [rows [time]]`` (10 million rows unless told).

The training file (times, a rounded normal, whole numbers, a heavy tail, a category with missing values) is made up in
a temporary directory, as csv and as parquet; each fit runs in a process of its own, whose peak is measured. With
``time``, how features move between the 1,440 hours of the data is learned, too.
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
from baselines.fitting import FitOptions, fit
from consumers.training import Learning, learn
from stream.schedule import Schedule
started = time.perf_counter()
paths, options = [Path(sys.argv[1])], FitOptions(time="ts")
baseline = fit(paths, options)
if "time" in sys.argv:
    baseline = learn(baseline, Learning(paths, options, Schedule(3_600_000, 3_600_000)))
    assert baseline.calibration.windows == 1_440
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
                "ts": 1_700_006_400 + np.arange(start, start + n) * (1_440 * 3_600) // rows,
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
        file.write("ts,price,age,amount,device\n")
        for table in tables(rows):
            parquet = parquet or pq.ParquetWriter(parquet_path, table.schema)
            parquet.write_table(table)
            columns = [column.to_pylist() for column in table.columns]
            rows_of_cells = zip(*columns, strict=True)
            file.writelines(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows_of_cells)
    parquet.close()
    return [csv_path, parquet_path]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), rows)
        print(f"{'':<10}{'rows':>12}{'seconds':>10}{'peak MB':>10}{'bound':>10}")
        for path in paths:
            print(f"{path.suffix[1:]:<10}", end="", flush=True)
            subprocess.run([sys.executable, "-c", _MEASURE, str(path), *sys.argv[2:]], check=True)


if __name__ == "__main__":
    main()
