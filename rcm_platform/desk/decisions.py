"""What is decided about exceptions at the desk, by the functions of `rcm exceptions`.

It is kept in the desk's store, from where the next run takes it, so that nobody waits for a run to
end. What quarantine holds is decided on between runs alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rcm_platform.desk import audit, recording
from rcm_platform.desk.entries import MOST_REASON_CHARACTERS, checked_text
from rcm_platform.desk.viewer import Viewer
from rcm_platform.explain.exceptions import DataException
from rcm_platform.operate import exceptions
from rcm_platform.settings import Settings
from rcm_platform.sources.base import ExceptionDecision

LABELS = {
    "match": "Match it to payments",
    "unmatch": "Take the match back",
    "waive": "Accept it until a day",
    "close": "Close it for good",
    "release": "Let it in",
    "reopen": "Take the decision back",
}
"""What can be decided, in words."""


def decide(
    settings: Settings,
    viewer: Viewer,
    as_of: date,
    one: DataException,
    what: str,
    reason: str,
    until: date | None = None,
    payments: Sequence[str] = (),
) -> str:
    """Decide about an exception; what was stored, in a sentence. It counts from `as_of` on, the day
    of the figures that the person has before them, and the next run carries it to the figures.

    Raises RunIsWriting, StoreUnavailable, UnknownException, and ValueError for what may not be,
    with what to do.
    """
    reason = str(checked_text("reason", reason, True, MOST_REASON_CHARACTERS))
    if what not in exceptions.possible(one, history(settings, one)):
        raise ValueError("This cannot be decided about it: its state has changed. Open it again.")
    by, said = viewer.name, f"{LABELS[what]}: stored."
    if one.is_held:
        act = exceptions.release if what == "release" else exceptions.close
        with exceptions.between_runs(settings):
            act(settings, as_of, one.finding_key, reason, by)
    elif what in ("match", "unmatch"):
        if not payments:
            raise ValueError("Choose the payments that it is about.")
        made = exceptions.match(
            settings, as_of, one.finding_key, payments, reason, by,
            undo=what == "unmatch", keep=recording.store(settings).decide,
        )  # fmt: skip
        if made.difference and what == "match":
            said += f" They differ by ${made.difference:,.2f}, which stays open."
    elif what == "waive":
        if until is None:
            raise ValueError("Choose the last day on which it is accepted.")
        keep = recording.store(settings).decide
        exceptions.waive(settings, as_of, one.finding_key, reason, by, until, keep)
    else:
        change = exceptions.reopen if what == "reopen" else exceptions.close
        change(settings, as_of, one.finding_key, reason, by, recording.store(settings).decide)
    audit.note(viewer, "ENTERED", one.finding_key, decision=what)
    return said


def history(settings: Settings, one: DataException) -> list[ExceptionDecision]:
    """All that was ever decided about an exception, also what the next run has yet to take, the
    latest last. Raises StoreUnavailable."""
    return exceptions.history(settings, one, recording.store(settings).decisions())
