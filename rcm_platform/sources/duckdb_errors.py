"""What DuckDB and Arrow say of a failure, fit for logs: without a value of a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

# these speak of the statement, of files or of the connection, and never show a value
_OF_NO_VALUE = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.DependencyException,
    duckdb.InterruptException,
    duckdb.OperationalError,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)
_READ_ONLY = re.compile(r'Cannot execute statement of type "\w+" on database "\w+" .* read-only')
_OF_A_SERVER = re.compile(
    r"permission denied for \w+ \S+|SELECT command denied to user \S+ for \w+ \S+"
    r"|View \S+ references invalid .* to use them|(relation|schema) \S+ does not exist"
    r"|Table \S+ doesn't exist|server closed the connection unexpectedly"
    r"|Lost connection to server during query|canceling statement due to \w+ timeout"
    r"|SSL (connection|error|SYSCALL)[^\n\"]*"
    r"|(?<=ERROR:  )(division by zero|invalid input syntax for type [a-z ]+|[a-z]+ out of range"
    r"|invalid byte sequence for encoding)|Lock wait timeout exceeded"
)
"""What MySQL, MariaDB and PostgreSQL say of a table or of the connection."""
_ANSWER_OF_A_SERVER = re.compile(r"\bERROR:|Failed to (run|execute|fetch|prepare) ")
"""How that begins what a server says of a question: it may show the value that it tripped on."""
_FAULT = re.compile(r"(Date|Time|Timestamp) out of range|Invalid unicode")
_OF_A_FILE = re.compile(
    r"Parquet magic bytes not found in footer|Parquet file size is 0 bytes"
    r"|Couldn't deserialize thrift|Unexpected end of stream"
)
"""What Arrow says of a file that it cannot read; anything else may be the row that it met."""
_WHAT_WAS_TRIED = re.compile(
    r"(?: to [A-Z]\w*(?:\([\d,]+\))?)? when casting from source column \S+"
)


class Failure(RuntimeError):  # noqa: N818 (reads as what happened)
    """A failure of DuckDB or Arrow; the message shows no value."""


@contextmanager
def discreet() -> Iterator[None]:
    """What DuckDB or Arrow say of a failure goes on without the values of the row: whoever catches,
    logs or mails it need not know where it came from."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        raise Failure(without_values(error)) from None


def without_values(error: Exception) -> str:
    """The message of an error; of one that may show a value of the row, only what a server says
    of the table, or its kind, what was tried and the place in the statement."""
    text = str(error)
    if isinstance(error, pa.ArrowException):
        fault = _OF_A_FILE.search(text)
        hidden = "a value (not shown: it may name a person)"
        is_of_no_value = isinstance(error, OSError | MemoryError)
        return (
            text if is_of_no_value else f"{type(error).__name__}: {fault[0] if fault else hidden}"
        )
    is_of_no_value = bool(_READ_ONLY.search(text)) or (
        isinstance(error, _OF_NO_VALUE) and not _ANSWER_OF_A_SERVER.search(text)
    )
    if not isinstance(error, duckdb.Error) or is_of_no_value:
        return text
    if servers_words := _OF_A_SERVER.search(text):
        return servers_words[0]
    said, line, place = text.partition("\nLINE ")
    # a statement may look for a value
    place = re.sub(r"'[^'\n]*'?", "'…'", place)
    kind = said.partition(":")[0]
    tried, fault = _WHAT_WAS_TRIED.search(said), _FAULT.search(said)
    return (
        f"{kind}: {f'{fault[0]}, ' if fault else ''}a value{tried[0] if tried else ''} "
        f"(not shown: it may name a person){line}{place}"
    )
