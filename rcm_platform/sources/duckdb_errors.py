"""What DuckDB says of a failed statement, fit for logs."""

from __future__ import annotations

import re

import duckdb

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
_WHAT_WAS_TRIED = re.compile(
    r"(?: to [A-Z]\w*(?:\([\d,]+\))?)? when casting from source column \S+"
)


def without_values(error: Exception) -> str:
    """The message of an error; of one that may show a value of the row, only its kind, what was
    tried and the place in the statement."""
    text = str(error)
    is_of_no_value = isinstance(error, _OF_NO_VALUE) or _READ_ONLY.search(text)
    if not isinstance(error, duckdb.Error) or is_of_no_value:
        return text
    said, line, place = text.partition("\nLINE ")
    kind = said.partition(":")[0]
    tried = _WHAT_WAS_TRIED.search(said)
    return (
        f"{kind}: a value{tried[0] if tried else ''} (not shown: it may name a person){line}{place}"
    )
