"""A table that is made claim by claim is asked for the claims of which something changed, and comes
to what a build of everything comes to."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from rcm_platform.warehouse import project as dbt_project
from rcm_platform_tests.support.small_project import SOURCE, Failed, SmallProject

FILES = {
    "models/sources.yml": f"""
sources:
  - name: shop
    schema: raw
    config:
      meta:
        formatter: template
        external_location: >-
          read_parquet('{SOURCE}', union_by_name = true)
    tables: [{{name: charges}}, {{name: payments}}]
models:
  - name: balances
    config: {{contract: {{enforced: true}}}}
    columns:
      - {{name: claim_key, data_type: varchar}}
      - {{name: amount, data_type: "decimal(18, 2)"}}
      - {{name: made_at, data_type: bigint}}
""",
    "models/charges.sql": "select * from {{ source('shop', 'charges') }} where amount > 0",
    "models/payments.sql": "select * from {{ source('shop', 'payments') }} where amount > 0",
    # which build made a row is in it, so that one that was left as it was can be told
    "models/balances.sql": """
{{ config(meta={'claims_from': ['charges', 'payments']}) }}
with paid as (
    select claim_key, sum(amount) as amount from {{ ref('payments') }} group by claim_key
)
select
    (select max(number) from main.this_build) as made_at,
    claims.claim_key,
    cast(sum(claims.amount) - coalesce(max(paid.amount), 0) as decimal(18, 2)) as amount
from {{ ref('charges') }} as claims
left join paid on claims.claim_key is not distinct from paid.claim_key
group by claims.claim_key
""",
    "models/states.sql": """
{{ config(meta={'claims_from': ['balances']}) }}
select claim_key, amount, amount > least_amount as is_open
from {{ ref('balances') }} cross join {{ ref('limits') }}
""",
    "models/totals.sql": "select is_open, sum(amount) from {{ ref('states') }} group by 1",
    "seeds/limits.csv": "least_amount\n1\n",
}
ALL = {"charges", "payments", "balances", "states", "totals"}
FOUR = "('a', 10.00), ('b', 20.00), ('c', 30.00), ('d', 40.00), (null, 5.00), ('e', 1.00)"


def add(shop: SmallProject, table: str, file: str, rows: str) -> None:
    shop.add(table, f"2025-01/{file}.parquet", rows, "claim_key, amount")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    shop = SmallProject(tmp_path_factory.mktemp("shop"), FILES)
    for table in ("charges", "payments"):
        shop.add(table, "declared/schema.parquet", "('none', -1.00)", "claim_key, amount")
    add(shop, "charges", "a", FOUR)
    assert shop.build() == ALL
    return shop


@pytest.fixture
def shop(made: SmallProject, tmp_path: Path) -> SmallProject:
    """A shop of which everything is built, from where it lies now."""
    copy = made.copied(tmp_path)
    copy.build()
    return copy


def states(shop: SmallProject) -> dict[object, tuple[object, object]]:
    return {claim: (float(str(amount)), is_open) for claim, amount, is_open in shop.rows("states")}


def made_at(shop: SmallProject) -> dict[object, object]:
    return {claim: number for claim, _, number in shop.rows("balances")}


def equals_a_whole_build(shop: SmallProject) -> None:
    found = shop.everything(ALL - {"balances"})
    noted = _noted(shop)
    assert shop.build(whole=True) == ALL
    assert shop.everything(ALL - {"balances"}) == found
    for name in ("charges", "payments", "states", "totals"):
        assert _noted(shop)[name] == noted[name]


def _noted(shop: SmallProject) -> dict[str, tuple[object, ...]]:
    """Table → number and hash of its rows, as they are noted."""
    with duckdb.connect(str(shop.settings.warehouse_path), read_only=True) as con:
        rows = con.execute("select model_id, row_count, row_hash from main.table_contents")
        return {model.rpartition(".")[2]: tuple(noted) for model, *noted in rows.fetchall()}


def test_only_the_claims_that_something_changed_of_are_made(shop: SmallProject) -> None:
    before = made_at(shop)
    add(shop, "payments", "b", "('b', 5.00)")
    assert shop.build() == {"payments", "balances", "states", "totals"}
    after = made_at(shop)
    assert {claim for claim in after if after[claim] != before[claim]} == {"b"}
    assert states(shop)["b"] == (15.0, True)
    equals_a_whole_build(shop)


def test_what_comes_out_the_same_touches_nothing_more(shop: SmallProject) -> None:
    add(shop, "payments", "b", "('zzz', 5.00)")
    assert shop.build() == {"payments", "balances"}
    equals_a_whole_build(shop)


def test_a_claim_that_is_gone_and_one_that_is_new(shop: SmallProject) -> None:
    # a file of the lake never changes under its name
    folder = shop.settings.lake_dir / "shop" / "charges" / "2025-01"
    (folder / "a.parquet").unlink()
    add(shop, "charges", "b", FOUR.replace("'a'", "'n'"))
    assert shop.build() == ALL - {"payments"}
    assert set(states(shop)) == {"n", "b", "c", "d", "e", None}
    equals_a_whole_build(shop)
    (folder / "b.parquet").unlink()
    add(shop, "charges", "c", FOUR)
    shop.build()
    assert set(states(shop)) == {"a", "b", "c", "d", "e", None}
    equals_a_whole_build(shop)


def test_rows_without_a_claim_are_those_of_one_more(shop: SmallProject) -> None:
    before = made_at(shop)
    add(shop, "payments", "b", "(null, 4.50)")
    shop.build()
    assert states(shop)[None] == (0.5, False)
    after = made_at(shop)
    assert {claim for claim in after if after[claim] != before[claim]} == {None}
    equals_a_whole_build(shop)


def test_most_claims_changed_and_all_are_made(shop: SmallProject) -> None:
    add(shop, "payments", "b", "('a', 1.00), ('b', 1.00), ('c', 1.00)")
    shop.build()
    assert len(set(made_at(shop).values())) == 1
    equals_a_whole_build(shop)


def test_a_list_that_is_read_whole_makes_all_claims(shop: SmallProject) -> None:
    (shop.project / "seeds" / "limits.csv").write_text("least_amount\n25\n")
    shop.build()
    assert states(shop)["b"] == (20.0, False)
    equals_a_whole_build(shop)


def test_a_build_that_stopped_between_two_tables_is_made_up_for(
    shop: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # only one of its tables cannot be made for a while: the project is the same to whoever asks
    monkeypatch.setattr(dbt_project, "_content_hash", lambda root: "the same")
    shop.build()
    path = shop.project / "models" / "states.sql"
    good = path.read_text()
    path.write_text(good.replace("amount > least_amount", "error(claim_key)"))
    for number, claim in enumerate("bc"):
        add(shop, "payments", claim, f"('{claim}', {number + 5}.00)")
        with pytest.raises(Failed):
            shop.build()
    path.write_text(good)
    add(shop, "payments", "d", "('d', 7.00)")
    assert shop.build() == {"payments", "balances", "states", "totals"}
    assert [states(shop)[claim] for claim in "bcd"] == [(15.0, True), (24.0, True), (33.0, True)]
    equals_a_whole_build(shop)


def test_what_is_named_must_be_read(shop: SmallProject) -> None:
    path = shop.project / "models" / "states.sql"
    path.write_text(path.read_text().replace("['balances']", "['charges']"))
    with pytest.raises(Failed, match="claims_from"):
        shop.build()
