"""What an address says is looked up as it is written: it is neither markup nor SQL."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext

from rcm_platform.web.webserver import Webserver
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.asgi import ask

TEXTS = (
    "<script>alert(1)",
    "<img src=x onerror=alert(1)>",
    "x' or 1=1 --",
    "cash'; drop table x --",
)
PATHS = (
    "/trace/kpi/{}",
    "/trace/claim/{}",
    "/trace/kpi/cash?month={}",
    "/trace/kpi/cash?facility={}",
    "/trace/kpi/cash?payer={}",
    "/docs/{}",
)


def test_a_page_of_what_nobody_knows_says_so(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_HOME", str(built.settings.home))
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        WorkspaceProcessContext(instance, None) as context,
    ):
        app = Webserver(context).create_asgi_app()
        for path in PATHS:
            for text in TEXTS:
                asked = path.format(text)
                status, _, page = ask(app, asked)
                assert status == 404, asked
                assert text not in page or not text.startswith("<")
