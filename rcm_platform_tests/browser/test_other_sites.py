"""Pages of other sites in the browser of someone who has `rcm ui` open: they change nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._daemon.asset_daemon import get_auto_materialize_paused

from rcm_platform.settings import Settings
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.conftest import publish_a_number
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser, playwright
from rcm_platform_tests.support.web_servers import serving

pytestmark = IN_A_BROWSER

REPORTS = {
    kind: f"/report_asset_{kind}/leadership/scorecard"
    for kind in ("materialization", "observation", "check")
}
START = "mutation { setAutoMaterializePaused(paused: false) }"

# what runs in the page of the other site: `ui` is the address of `rcm ui`, `query` one that would
# start automation, and `forge(kind)` one that would report a result
ATTACKS = {
    "image": "new Image().src = query",
    "script": "load('script', 'src', query)",
    "style sheet": "load('link', 'href', query)",
    "frame": "load('iframe', 'src', query)",
    "report without a body": """
        fetch(forge('materialization'), {method: 'POST', mode: 'no-cors'})""",
    "report as text": """
        fetch(forge('observation'), {method: 'POST', mode: 'no-cors', body: '{}',
            headers: {'Content-Type': 'text/plain'}})""",
    "report without a type": """
        fetch(forge('check'), {method: 'POST', mode: 'no-cors', body: new Blob(['{}'])})""",
    "report as JSON": """
        fetch(forge('materialization'), {method: 'POST', body: '{}',
            headers: {'Content-Type': 'application/json'}})""",
    "mutation as text": """
        fetch(ui + '/graphql', {method: 'POST', mode: 'no-cors', credentials: 'include',
            body: JSON.stringify({query: mutation})})""",
    "beacon": "navigator.sendBeacon(forge('materialization'))",
    "form": "submit(forge('materialization'))",
    "form of the mutation": "submit(query)",
    "link to the mutation": "location = query",
}
TOOLS = """
    const query = ui + '/graphql?query=' + encodeURIComponent(mutation)
    const forge = kind => ui + '/report_asset_' + kind + '/leadership/scorecard' +
        '?check_name=truth&passed=true&metadata={"explained":"100.00 of 999 dollars"}'
    const load = (tag, attribute, address) => {
        const element = document.createElement(tag); element.rel = 'stylesheet'
        element[attribute] = address; document.body.append(element)
    }
    const submit = address => {
        const form = document.createElement('form'); form.method = 'POST'; form.action = address
        document.body.append(form); form.submit()
    }
"""


class OtherSite(BaseHTTPRequestHandler):
    """A page without content, by any name."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Elsewhere</title><body>")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def other_site() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherSite) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject) -> Path:
    home = tmp_path_factory.mktemp("home")
    publish_a_number(Settings(home=home))
    return home


@pytest.fixture(scope="module")
def visit(home: Path) -> Iterator[Visit]:
    names = "--host-resolver-rules=MAP elsewhere.example 127.0.0.1"
    with serving(home, "ui") as port, browser(port, names) as visit:
        yield visit


@pytest.fixture(scope="module", params=["127.0.0.1", "localhost", "elsewhere.example"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """Another site: another port of this machine, by its number and its name, and another name."""
    with other_site() as port:
        yield f"http://{request.param}:{port}/"


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_changes_nothing(home: Path, visit: Visit, elsewhere: str, attack: str) -> None:
    visit.page.goto(elsewhere)
    asked: list[playwright.Request] = []
    visit.page.on("requestfinished", lambda request: asked.append(request))
    # what the browser does not show to the page
    visit.page.on("requestfailed", lambda request: asked.append(request))
    visit.page.evaluate(
        f"([ui, mutation]) => {{ {TOOLS}; {ATTACKS[attack]} }}", [visit.base, START]
    )
    deadline = time.monotonic() + 30
    while not (answered := [found for found in asked if found.url.startswith(visit.base)]):
        assert time.monotonic() < deadline
        visit.page.wait_for_timeout(50)
    response = answered[0].response()
    # the page of GraphiQL is shown for a link, and runs nothing
    expected = (200,) if attack == "link to the mutation" else (403, 405, 415)
    assert response is None or response.status in expected
    visit.page.wait_for_load_state()
    assert changes(home) == set()


def test_it_opens_no_web_socket(visit: Visit, elsewhere: str) -> None:
    visit.page.goto(elsewhere)
    assert visit.page.evaluate(SOCKET, visit.base) == "refused"
    visit.open("/server_info")
    assert visit.page.evaluate(SOCKET, visit.base) == "connection_ack"


def test_it_reads_nothing(visit: Visit, elsewhere: str) -> None:
    visit.page.goto(elsewhere)
    read = "ui => fetch(ui + '/trace/').then(answer => answer.text(), () => 'refused')"
    assert visit.page.evaluate(read, visit.base) == "refused"


def test_a_link_to_a_page_is_followed(visit: Visit, elsewhere: str) -> None:
    visit.page.goto(elsewhere)
    visit.page.evaluate("ui => { location = ui + '/trace/' }", visit.base)
    visit.sees("Cash")


def test_our_own_page_reports(home: Path, visit: Visit) -> None:
    """The same requests are no attack, and not without effect, where they are ours."""
    visit.open("/server_info")
    assert changes(home) == set()
    for path in REPORTS.values():
        assert visit.page.evaluate(REPORT, path) == 200
    assert changes(home) == {"ASSET_MATERIALIZATION", "ASSET_OBSERVATION", "ASSET_CHECK_EVALUATION"}


REPORT = """path => fetch(path, {
    method: 'POST', headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({check_name: 'truth', passed: true})
}).then(done => done.status)"""
SOCKET = """ui => new Promise(done => {
    const socket = new WebSocket(ui.replace('http', 'ws') + '/graphql', 'graphql-ws')
    socket.onerror = () => done('refused')
    socket.onopen = () => socket.send(JSON.stringify({type: 'connection_init'}))
    socket.onmessage = message => done(JSON.parse(message.data).type)
})"""


def changes(home: Path) -> set[str]:
    """What was reported of any asset, and whether automation was started."""
    with dg.DagsterInstance.from_config(str(Settings(home=home).dagster_home)) as instance:
        found = {
            kind.value
            for kind in (
                dg.DagsterEventType.ASSET_MATERIALIZATION,
                dg.DagsterEventType.ASSET_OBSERVATION,
                dg.DagsterEventType.ASSET_CHECK_EVALUATION,
            )
            if instance.get_event_records(dg.EventRecordsFilter(kind))
        }
        return found | (set() if get_auto_materialize_paused(instance) else {"started"})
