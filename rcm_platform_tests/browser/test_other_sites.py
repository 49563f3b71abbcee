"""Pages of other sites, open in the browser of someone who has `rcm ui` open: they change nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import pytest

from rcm_platform.settings import Settings
from rcm_platform_tests.browser.visits import IN_A_BROWSER, Visit, browser
from rcm_platform_tests.conftest import publish_a_number
from rcm_platform_tests.doors import door

pytestmark = IN_A_BROWSER

SCORECARD = dg.AssetKey(["leadership", "scorecard"])
REPORTS = {
    kind: f"/report_asset_{kind}/leadership/scorecard"
    for kind in ("materialization", "observation", "check")
}
FORGED = quote(json.dumps({"explained": "100.00% of $999"}))
PAUSE = "mutation { setAutoMaterializePaused(paused: false) }"
QUERY = f"/graphql?query={quote(PAUSE)}"

# what runs in the page of the other site, with the address of `rcm ui` in `ui`
ATTACKS = {
    "image": "new Image().src = ui + %r" % QUERY,
    "script": """
        const script = document.createElement('script'); script.src = ui + %r
        document.body.append(script)"""
    % QUERY,
    "frame": """
        const frame = document.createElement('iframe'); frame.src = ui + %r
        document.body.append(frame)"""
    % QUERY,
    "report without a body": f"""
        fetch(ui + '{REPORTS["materialization"]}?metadata={FORGED}', {{
          method: 'POST', mode: 'no-cors'}})""",
    "report as text": f"""
        fetch(ui + '{REPORTS["observation"]}', {{
          method: 'POST', mode: 'no-cors', body: '{{}}', headers: {{'Content-Type': 'text/plain'}}}})""",
    "report without a type": f"""
        fetch(ui + '{REPORTS["check"]}?check_name=truth&passed=true', {{
          method: 'POST', mode: 'no-cors', body: new Blob(['{{}}'])}})""",
    "report as JSON": f"""
        fetch(ui + '{REPORTS["materialization"]}', {{
          method: 'POST', body: '{{}}', headers: {{'Content-Type': 'application/json'}}}})""",
    "mutation as text": """
        fetch(ui + '/graphql', {method: 'POST', mode: 'no-cors', credentials: 'include',
          body: JSON.stringify({query: %r})})"""
    % PAUSE,
    "beacon": f"navigator.sendBeacon(ui + '{REPORTS['materialization']}?metadata={FORGED}')",
    "form": f"""
        const form = document.createElement('form'); form.method = 'POST'
        form.action = ui + '{REPORTS["materialization"]}?metadata={FORGED}'
        document.body.append(form); form.submit()""",
    "form of the mutation": """
        const form = document.createElement('form'); form.method = 'POST'
        form.action = ui + %r; document.body.append(form); form.submit()"""
    % QUERY,
    "link to the mutation": "location = ui + %r" % QUERY,
}


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
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    publish_a_number(Settings(home=home))
    return home


@pytest.fixture(scope="module")
def visit(home: Path) -> Iterator[Visit]:
    names = "--host-resolver-rules=MAP elsewhere.example 127.0.0.1"
    with door(home, "ui") as port, browser(port, names) as visit:
        yield visit


@pytest.fixture(scope="module", params=["127.0.0.1", "localhost", "elsewhere.example"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """Another site: another port of this machine, by its number and its name, and another name."""
    with other_site() as port:
        yield f"http://{request.param}:{port}/"


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_changes_nothing(home: Path, visit: Visit, elsewhere: str, attack: str) -> None:
    visit.page.goto(elsewhere)
    script = f"ui => {{ {ATTACKS[attack]} }}"
    with visit.page.expect_response(lambda answer: answer.url.startswith(visit.base)) as caught:
        visit.page.evaluate(script, visit.base)
    # the page of GraphiQL is shown for a link, and runs nothing
    assert caught.value.status in (403, 405, 415) or attack == "link to the mutation"
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
        report = """path => fetch(path, {method: 'POST', headers: {'Content-Type': 'application/json'},
            body: JSON.stringify({check_name: 'truth', passed: true})}).then(done => done.status)"""
        assert visit.page.evaluate(report, path) == 200
    assert changes(home) == {"ASSET_MATERIALIZATION", "ASSET_OBSERVATION", "ASSET_CHECK_EVALUATION"}


SOCKET = """ui => new Promise(done => {
    const socket = new WebSocket(ui.replace('http', 'ws') + '/graphql', 'graphql-ws')
    socket.onerror = () => done('refused')
    socket.onopen = () => socket.send(JSON.stringify({type: 'connection_init'}))
    socket.onmessage = message => done(JSON.parse(message.data).type)
})"""


def changes(home: Path) -> set[str]:
    """What happened to the scorecard, and whether automation was started."""
    with dg.DagsterInstance.from_config(str(Settings(home=home).dagster_home)) as instance:
        kinds = (
            dg.DagsterEventType.ASSET_MATERIALIZATION,
            dg.DagsterEventType.ASSET_OBSERVATION,
            dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        )
        found = {
            kind.value
            for kind in kinds
            if instance.get_event_records(dg.EventRecordsFilter(kind, asset_key=SCORECARD))
        }
        from dagster._daemon.asset_daemon import get_auto_materialize_paused

        return found | (set() if get_auto_materialize_paused(instance) else {"started"})
