"""CSV files with fixed bytes: one header line, values quoted only where they must be."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

_UNQUOTED = arrow_csv.WriteOptions(include_header=False, quoting_style="none")


def write_csv(path: Path, rows: pa.Table) -> None:
    """Write `rows` under their column names; an absent value is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as file:
            file.write((",".join(rows.column_names) + "\n").encode())
            arrow_csv.write_csv(rows, file, _UNQUOTED)
    except pa.ArrowInvalid:  # a value holds a comma, a quote or a line end
        texts = [column.cast(pa.string()).to_pylist() for column in rows.columns]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(rows.column_names)
            writer.writerows(zip(*texts, strict=True))
