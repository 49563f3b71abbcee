"""The picture of the flow shows the graph and the dollars of a run, the same in each layer."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree

from rcm_platform.definitions import build_definitions
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.documents.flow_picture import DARK, LAYERS, LIGHT, Box, arrows, boxes, draw
from rcm_platform_tests.documents.pictures import graph

GRAPH = {
    "sources/hospital": ("sources", []),
    "raw/claims": ("raw", ["sources/hospital"]),
    "staging/stg_claims": ("staging", ["raw/claims"]),
    "marts/fct_claims": ("marts_core", ["staging/stg_claims"]),
    "marts/mart_claims": ("marts_finance", ["marts/fct_claims"]),
}


def test_an_arrow_stands_only_where_one_layer_is_made_of_the_one_before() -> None:
    assert arrows(GRAPH) == [("Sources", "Raw"), ("Raw", "Staging")]
    assert arrows(GRAPH | {"intermediate/int": ("intermediate", ["staging/stg_claims"])}) == [
        ("Sources", "Raw"),
        ("Raw", "Staging"),
        ("Staging", "Intermediate"),
    ]


def test_the_picture_is_the_same_in_other_colours_and_escapes_what_it_shows() -> None:
    drawn = [
        draw([Box("A", 1, [("1 < 2", "rows & more")]), Box("B", 2, [])], [("A", "B")], palette)
        for palette in (LIGHT, DARK)
    ]
    texts = [
        [node.text for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("}text")]
        for svg in drawn
    ]
    assert texts[0] == texts[1] == ["A", "1 asset", "1 < 2", "rows & more", "B", "2 assets"]
    assert drawn[0] != drawn[1]


def test_each_layer_of_a_run_has_the_dollars_that_were_published(built: Built) -> None:
    assets = graph(build_definitions(built.settings))
    shown = boxes(built.settings, assets)
    assert [box.title for box in shown] == list(LAYERS)
    assert all(box.assets for box in shown)
    assert len(arrows(assets)) == len(LAYERS) - 1
    with open_published(built.settings.published_dir, "leadership") as con:
        ((charges, cash),) = con.execute("select charges, cash from published_version").fetchall()
    published = {(f"${Decimal(charges):,.0f}", "charges"), (f"${Decimal(cash):,.0f}", "cash")}
    for title in ("Raw", "Intermediate", "Marts", "Published"):
        (box,) = [box for box in shown if box.title == title]
        assert published <= set(box.figures), title
