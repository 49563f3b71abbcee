"""The Dagster webserver with the trace pages in it, at /trace.

    python -m rcm_platform.web ...    what `dagster-webserver` takes

Who may only read sees figures, not claims: in the leaders' door, and as a viewer with a login.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_webserver import app, cli
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route

from rcm_platform import trace_pages
from rcm_platform.settings import get_settings


class Webserver(DagsterWebserver):
    """Dagster's own, and the trace pages."""

    # without a login: a page from elsewhere cannot read these under a name of its own
    hosts: Sequence[str] = ("127.0.0.1", "localhost")

    def admits(self, request: Request) -> bool:
        """Whether who asks may see claims."""
        with self.request_context(request) as context:
            return not context.read_only

    def build_routes(self) -> list[BaseRoute]:
        pages = Mount(
            trace_pages.PATH,
            trace_pages.app(get_settings(), self.admits),
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=self.hosts)],
        )
        # a mount answers below its path only, and Dagster's page answers everything else
        start = Route(trace_pages.PATH, lambda _: RedirectResponse(f"{trace_pages.PATH}/"))
        return [start, pages, *super().build_routes()]


def use(server: type[Webserver]) -> None:
    """Let the command of Dagster start this one."""
    app.DagsterWebserver = server  # type: ignore[misc]


def main() -> None:
    use(Webserver)
    cli.main()


if __name__ == "__main__":
    main()
