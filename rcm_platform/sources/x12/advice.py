"""What to do about a held piece of X12, by its rule: whom to ask, where that person can help."""

from __future__ import annotations

from collections.abc import Mapping

_AGAIN = "Ask the sender to send it again, whole"
_CORRECT = "Ask the sender for a corrected file"
_OWN = "Ask the sender for a corrected file; for claims of your own, mend the billing system"

_BY_RULE: Mapping[str, str] = {
    "T1": "Send it again, or take it away",
    "E1": "Take it away if it is no X12, or have it sent again with its header",
    "E4": _CORRECT,
    "E5": _CORRECT,
    "E6": _AGAIN,
    "E8": "Nothing is wrong with it, but nothing reads it: ask the sender for version 5010 of a "
    "remittance, claim or acknowledgement, or close it",
    "E9": "Release it if it may come in, or close it",
    "E11": "List the partner in RCM_X12_PARTNERS, release it if it may come in, or close it",
    "E12": _CORRECT,
    "E13": "It loads by itself once that day has come; of a wrong date, ask the sender for a "
    "corrected file",
    "E15": "Get the file as its sender wrote it: whoever passed it on broke its lines",
    "E19": "Ask the payer, or whoever joined them, for a file with one payer in each ST",
    "B1": _CORRECT,
    "B2": _CORRECT,
    "B3": _CORRECT,
    "K7": _CORRECT,
    "P1": _OWN,
    "T3": _OWN,
}


def next_step(rule_id: str) -> str:
    """A sentence without its full stop."""
    return _BY_RULE.get(rule_id, _CORRECT)
