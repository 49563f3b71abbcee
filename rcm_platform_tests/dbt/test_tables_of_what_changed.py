"""A build makes a table again only where something that it is made of has changed, and then comes
to what a build of everything comes to."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.warehouse import project as dbt_project
from rcm_platform_tests.support.small_project import DAY, SOURCE, Failed, SmallProject

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
    tables: [{{name: sales}}, {{name: goods}}]
models:
  - name: by_good
    config: {{contract: {{enforced: true}}}}
    columns:
      - {{name: good, data_type: varchar}}
      - {{name: amount, data_type: "decimal(18, 2)"}}
""",
    "models/stg_sales.sql": "select * from {{ source('shop', 'sales') }} where amount > 0",
    "models/stg_goods.sql": "select * from {{ source('shop', 'goods') }}",
    "models/of_today.sql": "select *, '{{ env_var('RCM_AS_OF') }}' as day from {{ ref('seen') }}",
    "models/seen.sql": "{{ config(materialized='view') }} select * from {{ ref('stg_sales') }}",
    "models/by_good.sql": """
select good, cast(sum(amount) as decimal(18, 2)) as amount
from {{ ref('stg_sales') }} group by good
""",
    "models/best.sql": "select max(amount) as amount from {{ ref('by_good') }}",
    "models/known.sql": """
select count(*) as goods from {{ ref('stg_goods') }} inner join {{ ref('prices') }} using (good)
""",
    "seeds/prices.csv": "good,price\ntea,1\nsalt,2\n",
}
ALL = {"stg_sales", "stg_goods", "of_today", "by_good", "best", "known"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    shop = SmallProject(tmp_path_factory.mktemp("shop"), FILES)
    for table in ("sales", "goods"):
        shop.add(table, "declared/schema.parquet", "('none', -1.00)")
        shop.add(table, "2025-01/a.parquet", "('tea', 1.00), ('tea', 2.00), ('salt', 3.00)")
    assert shop.build() == ALL
    return shop


@pytest.fixture
def shop(made: SmallProject, tmp_path: Path) -> SmallProject:
    """A shop of which everything is built."""
    return made.copied(tmp_path)


def test_nothing_changed_and_nothing_is_made(made: SmallProject) -> None:
    before = made.everything(ALL)
    assert made.build() == set()
    assert made.everything(ALL) == before


def test_new_rows_reach_what_is_made_of_them_and_no_more(shop: SmallProject) -> None:
    shop.build()
    shop.add("sales", "2025-02/b.parquet", "('tea', 4.00)")
    assert shop.build() == {"stg_sales", "by_good", "of_today", "best"}
    assert shop.rows("best") == [(7,)]
    found = shop.everything(ALL)
    assert shop.build(whole=True) == ALL
    assert shop.everything(ALL) == found


def test_what_comes_out_the_same_ends_it(shop: SmallProject) -> None:
    """The best of the goods stays the best, so that only its table is looked at."""
    shop.build()
    shop.add("sales", "2025-02/b.parquet", "('salt', -5.00)")
    assert shop.build() == {"stg_sales"}
    shop.add("goods", "2025-02/b.parquet", "('tea', 1.00)")
    assert shop.build() == {"stg_goods", "known"}


def test_the_same_rows_in_other_files_make_no_more_than_their_table(shop: SmallProject) -> None:
    shop.build()
    folder = shop.settings.lake_dir / "shop" / "sales" / "2025-01"
    (folder / "a.parquet").rename(folder / "merged-a.parquet")
    assert shop.build() == {"stg_sales"}


def test_an_equal_pair_of_rows_is_not_the_same_as_another_pair(shop: SmallProject) -> None:
    """Hashes that are added up do not cancel each other."""
    shop.add("sales", "2025-02/b.parquet", "('oil', 1.00), ('oil', 1.00)")
    shop.build()
    shop.add("sales", "2025-02/b.parquet", "('tea', 2.00), ('tea', 2.00)")
    (shop.settings.lake_dir / "shop/sales/2025-02/b.parquet").rename(
        shop.settings.lake_dir / "shop/sales/2025-02/c.parquet"
    )
    assert {"stg_sales", "by_good"} <= shop.build()


def test_a_new_column_of_a_source_is_a_change(shop: SmallProject) -> None:
    shop.build()
    shop.add("goods", "declared/schema.parquet", "('none', -2.00)")
    assert "stg_goods" in shop.build()


def test_another_day_makes_what_says_the_day(shop: SmallProject) -> None:
    shop.build()
    assert shop.build(date(2026, 1, 1)) == {"of_today"}
    assert {day for *_, day in shop.rows("of_today")} == {"2026-01-01"}


def test_another_project_makes_everything(shop: SmallProject) -> None:
    shop.build()
    path = shop.project / "models" / "best.sql"
    path.write_text(path.read_text().replace("max", "min"))
    assert shop.build() == ALL
    assert shop.rows("best") == [(3,)]


def test_a_table_that_lost_rows_is_made_again(shop: SmallProject) -> None:
    shop.build()
    before = shop.everything(ALL)
    with duckdb.connect(str(shop.settings.warehouse_path)) as con:
        con.execute("delete from main.by_good where good = 'tea'")
        con.execute("drop table main.known")
    assert shop.build() == {"by_good", "known"}
    assert shop.everything(ALL) == before


def test_an_edited_list_is_noticed_by_its_content_alone(
    shop: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by who tells dbt nothing of the project, as it was when the tables were made."""
    monkeypatch.setattr(dbt_project, "_content_hash", lambda root: "the same")
    assert shop.build() == ALL
    prices = shop.project / "seeds" / "prices.csv"
    prices.write_text(prices.read_text() + "oil,3\n")
    assert shop.build() == {"known"}


def test_who_does_not_say_what_the_project_holds_makes_everything(
    shop: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build()
    given = dbt_project.environment(shop.settings, DAY) | {"RCM_PROJECT": ""}
    monkeypatch.setattr(dbt_project, "environment", lambda *_, **__: given)
    assert shop.build() == ALL


def test_a_build_that_fails_leaves_the_last_table(shop: SmallProject) -> None:
    shop.build()
    before = shop.rows("by_good")
    path = shop.project / "models" / "by_good.sql"
    good = path.read_text()
    path.write_text(good.replace("as decimal(18, 2)", "as varchar"))
    with pytest.raises(Failed, match="contract"):
        shop.build()
    assert shop.rows("by_good") == before
    path.write_text(
        "select good, cast(error(good) as decimal(18, 2)) as amount from {{ ref('stg_sales') }}"
    )
    with pytest.raises(Failed):
        shop.build()
    assert shop.rows("by_good") == before
    path.write_text(good)
    shop.build()
    assert shop.rows("by_good") == before
