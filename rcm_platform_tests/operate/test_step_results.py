"""What a step tells its report comes back as it was told, whatever words it is shown in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest

from rcm_platform.operate.step_results import (
    ConservationResult,
    FaultsResult,
    LoadResult,
    TruthResult,
    problems_metadata,
    problems_of,
)
from rcm_platform.proof.line import ProofLine

KINDS = (LoadResult, ConservationResult, TruthResult, FaultsResult)
LINES = [
    ProofLine("cash", "bank", "dollars", {"raw": Decimal("1.50"), "ledger": Decimal("1.50")}),
    ProofLine("cash", "desk", "dollars", {"raw": Decimal("1234.00")}),
]


def stored(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """As Dagster keeps it."""
    return dg.AssetMaterialization("a", metadata=dict(metadata)).metadata


@pytest.mark.parametrize(
    "result",
    [
        LoadResult(3, 2),
        LoadResult(0, 0),
        TruthResult(5, 6, 0, 1),
        FaultsResult(7, 0, 0),
        ConservationResult.of_lines(LINES),
    ],
    ids=lambda result: type(result).__name__,
)
def test_a_result_comes_back_and_is_taken_for_no_other_kind(result: Any) -> None:
    metadata = stored(result.metadata() | {"unexplained": 0.0, **problems_metadata(["x"])})
    assert type(result).of(metadata) == result
    assert [kind for kind in KINDS if kind.of(metadata)] == [type(result)]


def test_a_place_that_a_line_lacks_is_empty() -> None:
    bank, desk = ConservationResult.of_lines(LINES).rows
    assert bank == ("bank", "dollars", {"raw": "1.50", "ledger": "1.50"})
    assert desk == ("desk", "dollars", {"raw": "1,234.00", "ledger": ""})


def test_without_lines_there_is_nothing_to_show() -> None:
    assert ConservationResult.of_lines([]).metadata() == {}
    assert ConservationResult.of({}) is None


def test_problems_come_back_line_by_line() -> None:
    assert problems_of(stored(problems_metadata(["one", "two"]))) == ["one", "two"]
    assert problems_metadata([]) == {}
    assert problems_of({}) == []
