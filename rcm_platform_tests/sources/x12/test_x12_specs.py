"""A column of a raw X12 table stands in two places: what feeds it (specs) and its type (tables)."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from rcm_platform.sources import x12
from rcm_platform.sources.x12 import adapter

SPECS = sorted({kind.spec for kind in adapter.SETS.values()})


def text_of(spec: str) -> str:
    return (files(x12) / "specs" / spec).read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", SPECS)
def test_every_column_that_is_read_has_a_type(spec: str) -> None:
    adapter.refuse_untyped(spec, text_of(spec))


def test_a_column_that_only_the_spec_knows_is_an_error_that_says_where_else() -> None:
    spec = json.loads(text_of("835.patch.json"))
    new = {"segment": "CLP", "element": 6}
    spec["tables"]["remit_claims"]["columns"] |= {"plan_code": new, "payer_claim_number__2": new}
    with pytest.raises(
        ValueError, match=r"835.patch.json: remit_claims reads plan_code.*tables\.py"
    ):
        adapter.refuse_untyped("835.patch.json", json.dumps(spec))
