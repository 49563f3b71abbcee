"""What PostgreSQL and Spark say of a failure, fit for logs: without a value of a row."""

from __future__ import annotations

import re

_OF_NO_VALUE = frozenset(("08", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"))
"""Classes of SQLSTATE that speak of the connection, the statement or the server."""

_CLASS = re.compile(r"(?:Exception|Error): \[([A-Z][A-Z0-9_.]+)\]")
_WRAPPER = "TASK_WRITE_FAILED"
"""What Spark says around the failure that it is about."""
_JAVA = re.compile(r"\b(?:org\.apache|java|scala)(?:\.\w+)+\.(\w+(?:Exception|Error))\b")
_OF_THE_MACHINE = re.compile(
    r"No space left on device|OutOfMemoryError(: [A-Z][\w ]+)?|ExecutorLostFailure \([^)\n]*\)"
    r"|Connection refused|Connection reset|Could not find or load main class \S+"
    r"|SparkContext was (stopped|shut down)|Cannot call methods on a stopped SparkContext"
)
_TEXT = re.compile(r"'[^'\n]*'?")
_HIDDEN = "not shown: it may name a person"


def without_values(error: Exception) -> str | None:
    """What may be said of an error of PostgreSQL or Spark; None for any other.

    Of one that may show a value of the row: its kind, and the table and column that it names.
    """
    module = type(error).__module__.partition(".")[0]
    if module == "psycopg2":
        return _of_postgres(error)
    return _of_spark(error) if module in ("pyspark", "py4j") else None


def _of_postgres(error: Exception) -> str:
    code, told = getattr(error, "pgcode", None), getattr(error, "diag", None)
    if code is None:  # the driver's own words, of the connection
        return str(error).strip()
    if code[:2] in _OF_NO_VALUE:
        said, line, place = str(error).partition("\nLINE ")
        primary = getattr(told, "message_primary", None) or said
        # a statement may look for a value
        return (primary + line + _TEXT.sub("'…'", place)).strip()
    named = [
        f"{part} {name}"
        for part in ("table", "column", "constraint")
        if (name := getattr(told, f"{part}_name", None))
    ]
    kind = type(error).__name__
    return f"{kind} (SQLSTATE {code}): {', '.join([*named, f'a value ({_HIDDEN})'])}"


def _of_spark(error: Exception) -> str:
    text, kind = str(error), type(error).__name__
    if machine := _OF_THE_MACHINE.search(text):
        return f"{kind}: {machine[0]}"
    if kind in ("AnalysisException", "ParseException"):
        # after the first line comes the plan, with what it looks for
        return _TEXT.sub("'…'", text.strip().partition("\n")[0])
    if kind == "Py4JNetworkError":
        return f"{kind}: Spark's Java process has ended"
    own = getattr(error, "getErrorClass", lambda: None)()
    classes = [own] if own else [name for name in _CLASS.findall(text) if name != _WRAPPER]
    if not classes:
        classes = _JAVA.findall(text)
    return f"{classes[-1] if classes else kind}: a value ({_HIDDEN})"
