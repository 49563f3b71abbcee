"""Who is the same person, across hospitals and within one.

    link        patient records → pairs with evidence and decision, and a person per record
    compare     the evidence on given pairs
    evaluate    precision and recall against a truth, with the worst cases
    estimate    the weights that fit one's own records, without labels

Values of patients are read and compared, but stand in no result, message or log: evidence is a
level of agreement per field. Nothing is loaded from outside, and splink only when something is
scored.
"""

from rcm_platform.persons.comparisons import Weights, estimate
from rcm_platform.persons.evaluation import Evaluation, evaluate
from rcm_platform.persons.linkage import (
    LINK_WEIGHT,
    MEMBER_SCHEMA,
    PAIR_SCHEMA,
    REVIEW_WEIGHT,
    Linkage,
    compare,
    link,
)
from rcm_platform.persons.overrides import Override, OverrideError, read_overrides
from rcm_platform.persons.records import MAX_SHARING, RECORD_SCHEMA

__all__ = [
    "LINK_WEIGHT",
    "MAX_SHARING",
    "MEMBER_SCHEMA",
    "PAIR_SCHEMA",
    "RECORD_SCHEMA",
    "REVIEW_WEIGHT",
    "Evaluation",
    "Linkage",
    "Override",
    "OverrideError",
    "Weights",
    "compare",
    "estimate",
    "evaluate",
    "link",
    "read_overrides",
]
