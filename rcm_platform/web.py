"""The Dagster webserver with the trace pages in it, at /trace, and the documentation, at /docs.

    python -m rcm_platform.web ...    what `dagster-webserver` takes

Who may only read sees figures, not claims: in the leaders' door, and as a viewer with a login.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_webserver import app, cli
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from rcm_platform import documentation, trace_pages
from rcm_platform.csrf_protection import CsrfProtection
from rcm_platform.error_details import DiscreetWebserver
from rcm_platform.settings import get_settings


class Webserver(DiscreetWebserver):
    """Dagster's own, the trace pages and the documentation."""

    # without a login: a page from elsewhere can read or start nothing here under a name of its own
    hosts: Sequence[str] = ("127.0.0.1", "localhost")

    def admits(self, request: Request) -> bool:
        """Whether who asks may see claims."""
        with self.request_context(request) as context:
            return not context.read_only

    def protection(self) -> Middleware:
        """What stands before all else."""
        return Middleware(CsrfProtection, ui_url=get_settings().ui_url)

    def build_middleware(self) -> list[Middleware]:
        known = Middleware(TrustedHostMiddleware, allowed_hosts=self.hosts)
        return [self.protection(), known, *super().build_middleware()]

    def build_routes(self) -> list[BaseRoute]:
        settings = get_settings()
        pages = Mount(trace_pages.PATH, trace_pages.app(settings, self.admits))
        settings.documentation_dir.mkdir(parents=True, exist_ok=True)
        site = StaticFiles(directory=settings.documentation_dir, html=True)
        docs = Mount(documentation.PATH, site)
        # a mount answers below its path only, and Dagster's page answers everything else
        starts = [_to_folder(m.path) for m in (pages, docs)]
        return [*starts, pages, docs, *super().build_routes()]


def _to_folder(path: str) -> Route:
    return Route(path, lambda _: RedirectResponse(f"{path}/"))


def use(server: type[Webserver]) -> None:
    """Let the command of Dagster start this one."""
    app.DagsterWebserver = server  # type: ignore[misc]


def main() -> None:
    use(Webserver)
    cli.main()


if __name__ == "__main__":
    main()
