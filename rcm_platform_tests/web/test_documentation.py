"""The documentation site: every column has an address, and every link in it leads somewhere."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from rcm_platform.warehouse import column_lineage
from rcm_platform.web import documentation
from rcm_platform_tests.conftest import Built


@pytest.fixture(scope="module")
def site(built: Built) -> Path:
    return built.settings.documentation_dir


def test_every_column_of_every_model_has_an_address(built: Built, site: Path) -> None:
    manifest, lineage = column_lineage.read(built.settings.dbt_target_dir)
    assert lineage
    for model, columns in lineage.items():
        for column in columns:
            if column != column_lineage.ROWS:
                link = documentation.column_link(manifest, model, column)
                page, _, anchor = link.removeprefix(f"{documentation.PATH}/").partition("#")
                assert f'id="{anchor}"' in (site / page).read_text(), link


def test_every_link_between_its_pages_leads_to_a_page_and_a_column(site: Path) -> None:
    pages = {path.name: path.read_text() for path in (site / "columns").iterdir()}
    followed = 0
    for text in pages.values():
        for href in re.findall(r'href="([^"/#][^"/]*)"', text):
            page, _, anchor = unescape(href).partition("#")
            assert not anchor or f'id="{anchor}"' in pages[page], href
            followed += 1
    assert followed > 1000


def test_a_figure_leads_to_what_it_is_computed_from_and_what_uses_it(site: Path) -> None:
    page = (site / "columns" / "marts.mart_kpi_monthly.html").read_text()
    row = page.partition('<tr id="numerator">')[2].partition("</tr>")[0]
    assert 'href="intermediate.int_kpi__contributions.html#numerator"' in row
    assert 'href="marts.mart_kpi_scorecard.html#numerator"' in row
    assert "Numerator of the KPI" in row


def test_the_first_page_leads_to_layers_marts_columns_and_the_pages_of_dbt(site: Path) -> None:
    page = (site / "index.html").read_text()
    for said in ("Initial denial rate", "Layers", "mart_kpi_monthly", "Models, tests and SQL"):
        assert said in page
    listed = (site / "columns" / "index.html").read_text()
    links = re.findall(r'href="([^"/#]+/[^"#]+)(?:#([^"]*))?"', page)
    assert ("models/index.html", "") in links
    assert len(links) > 50
    for file, anchor in links:
        assert (site / file).exists(), file
        assert not anchor or f'id="{anchor}"' in listed, anchor


def test_the_list_of_tables_holds_every_column_for_its_search(built: Built, site: Path) -> None:
    listed = (site / "columns" / "index.html").read_text()
    manifest, lineage = column_lineage.read(built.settings.dbt_target_dir)
    for model, columns in lineage.items():
        page = documentation.page_name(manifest, model)
        for column in columns:
            assert column == column_lineage.ROWS or f'href="{page}#{column}"' in listed, column


def test_the_pages_of_dbt_hold_the_models_and_nothing_is_asked_for_outside(site: Path) -> None:
    for file in site.rglob("*.html"):
        assert not re.search(r'src="https?://', file.read_text()) or file.parent.name == "models"
    page = (site / "models" / "index.html").read_text()
    assert "model.rcm_dbt.mart_kpi_monthly" in page
    assert '"send_anonymous_usage_stats": false' in page
    assert not re.search(r'(src|href)="https?://[a-z]', page)


def test_it_is_left_as_it_is_while_nothing_of_it_changes(built: Built, site: Path) -> None:
    before = (site / "index.html").stat()
    assert documentation.write(built.settings) > 100
    assert (site / "index.html").stat() == before
