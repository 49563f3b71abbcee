"""Which of the rules that hold something may be waived, and which never."""

from __future__ import annotations

RELEASABLE = {
    "E9": "an interchange marked as test is whole: its rows are like any others",
    "E11": "an interchange of an unlisted sender is whole: who knows that sender may let it in",
    "E5": "each part that shares a number is whole, and its rows go by its place in the file: a "
    "payment that comes twice is still held as one (D3)",
    "B11": "its amounts add up: who knows that the hospital draws the money may let it in as a "
    "payment",
    "K7": "an acknowledgement moves no money: each claim that it lists is answered, whatever its "
    "totals say",
}
"""Rules whose items may be loaded although the rule holds them, and why that is safe."""

MUST_HOLD = {
    **dict.fromkeys(
        ("B1", "B2", "B3", "P1"),
        "its amounts do not add up, and whatever is loaded must: every balance downstream would "
        "be off by the difference",
    ),
    **dict.fromkeys(
        ("E4", "E6"),
        "its envelope says that segments are missing or cut off: rows made from it may be "
        "incomplete",
    ),
    "E15": "its line breaks may have replaced something that nobody can know",
    "E19": "its claims may be of another payer and of another payment",
    "E13": "it says no day on which it could be known, and would hide every later night",
    "E12": "its levels contradict each other: claims may be given to another patient or provider",
    **dict.fromkeys(
        ("E1", "E8", "T1", "T2", "T5", "T8"),
        "there is nothing in it that can be read as rows",
    ),
    "T3": "a value that is needed is missing or cannot be read: nobody knows what to load in its "
    "place",
    "T4": "two rows of one key would make one record of two, or count one twice",
}
"""Rules that are never waived, and why."""
