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
    is a leak, and stops publishing.
    """

    name: str
    description: str
    sees: str
    is_trimmed: bool = False


LEADERSHIP = "leadership"
ANALYST = "analyst"
OPERATIONS = "operations"

AUDIENCES = {
    audience.name: audience
    for audience in (
        Audience(
            LEADERSHIP,
            "What leaders read: nothing about a single patient, and no figure about fewer than "
            "eleven people.",
            sees="none",
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
"""By name. Figures for leaders are also kept from speaking of too few people (small_cells.py)."""
