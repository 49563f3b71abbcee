"""Signing in to `rcm serve` with the login of one's organization: OpenID Connect, by its
authorization code flow.

The provider says who someone is, in the place of a password. Whether they may come in, with which
role and which organizations, stays with `rcm users`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rcm_platform.settings import Settings

if TYPE_CHECKING:
    from rcm_platform.web.login import Login

PAGE = "/auth/sso"
ANSWER = "/auth/sso/answer"

STATE_COOKIE = "sso_state"
STATE_SECONDS = 10 * 60
"""How long someone may take at the provider."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Provider:
    """Who vouches for people, and as whom this installation is known there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    claim: str
    """What of its word on someone is their name in `rcm users`."""


def provider(settings: Settings) -> Provider | None:
    """The one that is configured. Raises ValueError where the configuration is not whole."""
    parts = {
        "RCM_OIDC_ISSUER": settings.oidc_issuer,
        "RCM_OIDC_CLIENT_ID": settings.oidc_client_id,
        "RCM_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    if not any(parts.values()):
        return None
    if missing := [name for name, value in parts.items() if not value]:
        raise ValueError(
            f"{' and '.join(missing)} must be set too, to sign in with another login: your "
            "identity provider shows them for the application that you registered there."
        )
    issuer, client_id, client_secret = (value or "" for value in parts.values())
    where = urlsplit(issuer)
    if where.scheme != "https" and where.hostname not in LOOPBACK:
        raise ValueError("RCM_OIDC_ISSUER must begin with https://: it says who people are.")
    return Provider(issuer.rstrip("/"), client_id, client_secret, settings.oidc_claim)


def routes(known: Provider, login: Login, ui_url: str | None, key: str) -> list[Route]:
    """To the provider, and back from it. `key` signs what a browser keeps in between."""
    from starlette.middleware.sessions import SessionMiddleware

    sign_on = SingleSignOn(known, login, ui_url)
    kept = Middleware(
        SessionMiddleware, secret_key=key, session_cookie=STATE_COOKIE, max_age=STATE_SECONDS,
        path=PAGE, same_site="lax", https_only=login.is_secure,
    )  # fmt: skip
    return [
        Route(PAGE, sign_on.begin, methods=["GET"], middleware=[kept]),
        Route(ANSWER, sign_on.answer, methods=["GET"], middleware=[kept]),
    ]


class SingleSignOn:
    """The way to the provider, and what becomes of its answer."""

    def __init__(self, known: Provider, login: Login, ui_url: str | None) -> None:
        from authlib.integrations.starlette_client import OAuth

        self._known, self._login, self._ui_url = known, login, ui_url
        self._client: Any = OAuth().register(
            "provider",
            client_id=known.client_id,
            client_secret=known.client_secret,
            server_metadata_url=f"{known.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
        )

    async def begin(self, request: Request) -> Response:
        """Send someone to the provider; they come back to the page that they asked for."""
        destination = request.query_params.get("next", "/")
        request.session.clear()
        try:
            answer: Response = await self._client.authorize_redirect(
                request, self._return_address(request)
            )
        except Exception:  # of the network, or of what answers there
            return self._unreachable(request, destination)
        request.session["next"] = destination
        return answer

    async def answer(self, request: Request) -> Response:
        """Let someone in for whom the provider vouches, if they are one of ours."""
        from authlib.integrations.base_client import MismatchingStateError, OAuthError

        destination = str(request.session.get("next", "/"))
        try:
            token = await self._client.authorize_access_token(request)
        except MismatchingStateError:
            words = "This sign-in was too old, or not begun here. Begin again."
            return self._login.refuse(request, "", destination, words, 403, "INVALID_STATE")
        except OAuthError:
            words = "The login of your organization did not let you in."
            return self._login.refuse(request, "", destination, words, 401, "REFUSED_BY_PROVIDER")
        except Exception:  # of the network, or a word that does not hold
            return self._unreachable(request, destination)
        finally:
            request.session.clear()
        said = token.get("userinfo") or {}
        told = said.get(self._known.claim)
        is_unverified = self._known.claim == "email" and said.get("email_verified") is False
        name = told if isinstance(told, str) and not is_unverified else ""
        try:
            user = await self._login.user(name)
        except Exception:  # of the users' database
            return self._login.unreadable(request, name, destination)
        if user is None:
            words = (
                "Your organization knows you, but this installation does not. Who runs it can add "
                "you with `rcm users add-user`."
            )
            return self._login.refuse(request, name, destination, words, 403, "UNKNOWN_USER")
        return self._login.admit(request, user, destination)

    def _return_address(self, request: Request) -> str:
        return f"{(self._ui_url or str(request.base_url)).rstrip('/')}{ANSWER}"

    def _unreachable(self, request: Request, destination: str) -> Response:
        words = (
            "The login of your organization does not answer as it should. Try again later, or sign "
            "in with a password."
        )
        return self._login.refuse(request, "", destination, words, 503, "PROVIDER_ERROR")
