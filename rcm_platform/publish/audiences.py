"""Who reads what is published: one file each, what they are told of it, and what they may see.

A model names its audiences in its dbt meta (`audience: [...]`); a column says what it tells of a
person (`phi`, see phi.py).
"""

from __future__ import annotations

from dataclasses import dataclass

CLASSES = ("none", "indirect", "direct")
"""What a column says of a person, the least first."""


@dataclass(frozen=True)
class Audience:
    """Readers of one published file; `sees` is the most (of CLASSES) that a column may tell them.

    `is_trimmed`: columns that tell more are left out of their file; otherwise a model that has one
    is a leak, and stops publishing. `lacks_small_cells`: no figure is about fewer people than the
    smallest cell, and how many people it is about is not told.
    """

    name: str
    description: str
    sees: str
    is_trimmed: bool = False
    lacks_small_cells: bool = False


LEADERSHIP = "leadership"
ANALYST = "analyst"
OPERATIONS = "operations"

AUDIENCES = {
    audience.name: audience
    for audience in (
        Audience(
            LEADERSHIP,
            "What leaders read: headlines, ageing, denial causes, payers, forecast, margins and "
            "clinicians as sums. Nothing about a single patient or claim, no key of one, and no "
            "figure or count of fewer than eleven people.",
            sees="none",
            lacks_small_cells=True,
        ),
        Audience(
            ANALYST,
            "What analysts read: facts and marts without the columns that name a patient.",
            sees="indirect",
            is_trimmed=True,
        ),
        Audience(
            OPERATIONS,
            "What revenue-cycle staff read: everything that their work needs.",
            sees="direct",
        ),
    )
}
"""By name. How figures are kept from speaking of too few people: small_cells.py."""
