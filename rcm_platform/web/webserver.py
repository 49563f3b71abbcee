"""The Dagster webserver with the operations desk in it, at /desk, the trace pages, at /trace, and
the documentation, at /docs.

    python -m rcm_platform.web.webserver ...    what `dagster-webserver` takes

Who may only read sees figures, not claims, and starts at the scorecard: in `rcm ui --read-only`,
and as a viewer with a login. At the desk too.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from dagster_webserver import app, cli
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from rcm_platform.desk.viewer import Viewer
from rcm_platform.explain import links
from rcm_platform.operate.dagster_home import watch_code_server_less
from rcm_platform.publish.audiences import LEADERSHIP, OPERATIONS
from rcm_platform.settings import get_settings
from rcm_platform.web import desk, documentation, trace_pages
from rcm_platform.web.access import machine_login
from rcm_platform.web.csrf_protection import CsrfProtection
from rcm_platform.web.error_details import DiscreetWebserver


class Webserver(DiscreetWebserver):
    """Dagster's own, the operations desk, the trace pages and the documentation."""

    # without a login: a page from elsewhere can read or start nothing here under a name of its own
    hosts: Sequence[str] = ("127.0.0.1", "localhost")

    def may_see_claims(self, request: Request) -> bool:
        """Whether who asks may see claims; who may only read may not."""
        with self.request_context(request) as context:
            return not context.read_only

    def admits(self, request: Request) -> bool:
        """Whether who asks for claims may see them; with a login, each look is written down."""
        return self.may_see_claims(request)

    def desk_viewer(self, connection: HTTPConnection) -> Viewer | None:
        """Who looks at the desk; None may not. Without a login that is who started this."""
        audience = LEADERSHIP if self._process_context.read_only else OPERATIONS
        return Viewer(machine_login(), audience)

    async def first_page(self, request: Request) -> Response:
        """Where `/` leads: who may only read starts at the scorecard."""
        if not await run_in_threadpool(self.may_see_claims, request):
            return RedirectResponse(links.SCORECARD_PATH)
        page: Any = self.index_html_endpoint(request)
        # with a login it is still to be awaited: authkit adds who is signed in
        return await page if inspect.isawaitable(page) else page

    def protection(self) -> Middleware:
        """What stands before all else."""
        return Middleware(CsrfProtection, ui_url=get_settings().ui_url)

    def build_middleware(self) -> list[Middleware]:
        known = Middleware(TrustedHostMiddleware, allowed_hosts=self.hosts)
        return [self.protection(), known, *super().build_middleware()]

    def build_routes(self) -> list[BaseRoute]:
        settings = get_settings()
        numbers = trace_pages.app(settings, self.may_see_claims, self.admits)
        pages = Mount(trace_pages.PATH, numbers)
        settings.documentation_dir.mkdir(parents=True, exist_ok=True)
        site = StaticFiles(directory=settings.documentation_dir, html=True)
        docs = Mount(documentation.PATH, site)
        operations_desk = Mount(desk.PATH, desk.app(self.desk_viewer))
        mounts = [operations_desk, pages, docs]
        # a mount answers below its path only, and Dagster's page answers everything else
        starts = [Route("/", self.first_page), *(_to_folder(mount.path) for mount in mounts)]
        return [*starts, *mounts, *super().build_routes()]


def _to_folder(path: str) -> Route:
    def redirect(request: Request) -> Response:
        query = request.url.query
        return RedirectResponse(f"{path}/?{query}" if query else f"{path}/")

    return Route(path, redirect)


def use(server: type[Webserver]) -> None:
    """Let the command of Dagster start this one."""
    app.DagsterWebserver = server  # type: ignore[misc]


def main() -> None:
    use(Webserver)
    watch_code_server_less()
    cli.main()


if __name__ == "__main__":
    main()
