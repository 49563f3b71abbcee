"""What pyx12, the outside world's validator, finds wrong with files."""

from __future__ import annotations

import io
import json
import logging
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path


def errors(texts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Each error as "file, line: segment: what is wrong"; none when all files are valid.

    The files, one segment a line, are validated as one document: to read the map of a transaction
    set takes pyx12 longer than to read a small file.
    """
    from pyx12.params import params
    from pyx12.x12n_document import x12n_document

    logging.disable(logging.CRITICAL)
    report = io.StringIO()
    try:
        document = io.StringIO("".join(texts))
        accepted = x12n_document(params(), document, None, None, fd_json=report)
    finally:
        logging.disable(logging.NOTSET)
    lines = [text.splitlines() for text in texts]
    starts = [0, *accumulate(len(text) for text in lines)]
    found = []
    for line, what in _walk(json.loads(report.getvalue()), 1):
        at = min(bisect_right(starts, line - 1), len(texts)) - 1
        within = min(line - starts[at], len(lines[at]))
        found.append(f"{names[at]}, line {within}: {lines[at][within - 1]}: {what}")
    return found if found or accepted else [f"not accepted: {names[0]} to {names[-1]}"]


def file_errors(paths: Sequence[Path]) -> list[str]:
    return errors([path.read_text("ascii") for path in paths], [path.name for path in paths])


def _walk(node: object, line: int) -> Iterator[tuple[int, str]]:
    """(line, error) of the report, at whatever level."""
    if isinstance(node, list):
        for part in node:
            yield from _walk(part, line)
    elif isinstance(node, dict):
        line = node.get("cur_line") or line
        for error in node.get("errors", ()):
            yield line, f"{error['err_str']} (code {error['err_cde']})"
        for name, value in node.items():
            if name != "errors":
                yield from _walk(value, line)
