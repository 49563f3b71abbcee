"""Open claims as rows of a table, the same on each page that lists them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rcm_platform.desk import format as written
from rcm_platform.desk import parts
from rcm_platform.desk.desk import Desk
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import Is, Query, Row
from rcm_platform.desk.style import Tone

TONES = {"high": Tone.BAD, "medium": Tone.WATCH, "low": Tone.NEUTRAL}


def priority(bucket: str | None) -> Markup:
    """How urgent, as a word in its colour."""
    return parts.chip(written.words(bucket), TONES.get(bucket or ""))


def reasons(text: str | None) -> Markup:
    """Reasons, each in a frame of its own."""
    return Markup("".join(parts.chip(one) for one in (text or "").split("; ") if one))


def soon_days(desk: Desk) -> int:
    """How near a deadline is when an item comes first on its list."""
    setting = desk.reader.first(Query("work_settings", where=(Is("setting", ("due_soon_days",)),)))
    return int(setting["setting_value"]) if setting else 0


def deadline(day: date | None, days: int | None, soon: int) -> Markup:
    """A day, and how far away it is: red when near or gone."""
    if day is None or days is None:
        return parts.text(written.EMPTY)
    left = f"{written.days(days)} left" if days >= 0 else f"{written.days(-days)} late"
    tone = Tone.BAD if days <= soon else Tone.NEUTRAL
    return Markup(f"{parts.toned(left, tone)}<br><span class='dim'>{written.day(day)}</span>")


def claim_link(desk: Desk, row: Row, number: str = "claim_id") -> Markup:
    """The number of a claim, leading to its page; of what is no claim, the number alone."""
    if not row.get("claim_key"):
        return parts.text(row[number])
    return parts.inside(row[number], desk.claim(row["claim_key"]), "Open this claim")


def item(desk: Desk, row: Row) -> Markup:
    """An item of a list, and what it is when it is no claim."""
    link = claim_link(desk, row, "item_id")
    kind = row["item_type"]
    return link if kind == "claim" else Markup(f"{link}<br>{parts.chip(written.words(kind))}")


def whom(row: Row) -> Markup:
    """The payer, with the place below."""
    return Markup(
        f"{parts.text(row['payer_name'] or 'No payer')}<br>"
        f"<span class='dim'>{parts.text(row['facility_name'] or written.EMPTY)}</span>"
    )


def last_done(row: Row) -> Markup:
    """What people did about it, who has it, and until when it waits."""
    said = []
    if row["last_action"]:
        outcome = f": {row['last_outcome']}" if row["last_outcome"] else ""
        said.append(parts.text(f"{row['last_action']}{outcome}"))
    if row["touch_count"]:
        said.append(parts.chip(f"{row['touch_count']}x worked"))
    if row["assigned_to"]:
        said.append(parts.chip(f"with {row['assigned_to']}"))
    if row["waiting_until_date"]:
        said.append(parts.chip(f"waits until {written.day(row['waiting_until_date'])}", Tone.WATCH))
    return Markup(" ".join(said) or written.EMPTY)


def columns(desk: Desk, *, number: str = "claim_id", reason: str) -> Sequence[Column]:
    """What a list of work says of each item; `reason` is the column that has why it is there."""
    soon = soon_days(desk)
    return (
        Column("Claim", lambda row: claim_link(desk, row, number)),
        Column("Payer", whom),
        Column("Open", lambda row: written.money(row["outstanding_amount"]), True),
        Column("Age", lambda row: written.days(row["age_days"]), True, help="Days from service"),
        Column("Next action", lambda row: written.words(row["next_best_action"])),
        Column(
            "Deadline", lambda row: deadline(row["deadline_date"], row["days_to_deadline"], soon)
        ),
        Column(
            "Odds",
            lambda row: written.share(row["recovery_odds"]),
            True,
            help="How likely the action brings in what is recoverable, from past outcomes",
        ),
        Column(
            "Worth",
            lambda row: written.money(row["expected_value_amount"]),
            True,
            help="Expected value: odds times recoverable dollars, less the cost of the work",
        ),
        Column("Why", lambda row: reasons(row[reason]), is_wide=True),
    )
