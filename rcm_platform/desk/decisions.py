"""What is decided about exceptions at the desk: by the functions of `rcm exceptions`, and never
while a run writes, which would not see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from filelock import Timeout

from rcm_platform.desk import audit
from rcm_platform.desk.viewer import Viewer
from rcm_platform.explain.exceptions import DataException
from rcm_platform.ingest import lake_access
from rcm_platform.operate import exceptions, pipeline
from rcm_platform.settings import Settings
from rcm_platform.sources.base import ExceptionDecision

MOST_REASON_CHARACTERS = 1000
_WAIT_SECONDS = 2

LABELS = {
    "match": "Match it to payments",
    "waive": "Accept it until a day",
    "close": "Close it for good",
    "release": "Let it in",
    "reopen": "Take the decision back",
}
"""What can be decided, in words."""


class RunInProgress(Exception):  # noqa: N818 (a state of the world, not a programming error)
    """A run writes now; nothing was stored."""


def decide(
    settings: Settings,
    viewer: Viewer,
    one: DataException,
    what: str,
    reason: str,
    until: date | None = None,
    payments: Sequence[str] = (),
) -> str:
    """Decide about an exception; what was stored, in a sentence. The next run carries it to the
    figures.

    Raises RunInProgress, UnknownException, and ValueError for what may not be, with what to do.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("The reason is missing: it is kept with the decision. Write one.")
    if len(reason) > MOST_REASON_CHARACTERS:
        raise ValueError(f"The reason has more than {MOST_REASON_CHARACTERS:,} characters.")
    if what not in exceptions.possible(one):
        raise ValueError("This cannot be decided about it: its state has changed. Open it again.")
    said = f"{LABELS[what]}: stored."
    with _deciding(settings) as as_of:
        by = viewer.name
        if what == "match":
            if not payments:
                raise ValueError("Choose the payments that the deposit holds.")
            made = exceptions.match(settings, as_of, one.finding_key, payments, reason, by)
            if made.difference:
                said += f" They differ by ${made.difference:,.2f}, which stays open."
        elif what == "waive":
            if until is None:
                raise ValueError("Choose the last day on which it is accepted.")
            exceptions.waive(settings, as_of, one.finding_key, reason, by, until)
        else:
            acts: dict[str, Callable[[Settings, date, str, str, str], object]] = {
                "close": exceptions.close,
                "release": exceptions.release,
                "reopen": exceptions.reopen,
            }
            acts[what](settings, as_of, one.finding_key, reason, by)
    audit.note(viewer, "ENTERED", one.finding_key, decision=what)
    return said


def history(settings: Settings, one: DataException) -> list[ExceptionDecision]:
    """All that was ever decided about an exception, the latest last."""
    return exceptions.history(settings, one)


@contextmanager
def _deciding(settings: Settings) -> Iterator[date]:
    """The day of the figures from which a decision counts. Raises RunInProgress."""
    lock = lake_access.single_writer(settings)
    try:
        lock.acquire(timeout=_WAIT_SECONDS)
    except Timeout:
        raise RunInProgress(
            "A run is writing now, so nothing was stored. What you wrote stands here: save it "
            "again when the run has ended."
        ) from None
    try:
        yield pipeline.as_of_date(settings, lake_access.open_lake(settings))
    finally:
        lock.release()
