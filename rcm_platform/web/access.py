"""Who may open the pages: what a login needs to hold, and its users."""

from __future__ import annotations

import getpass
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rcm_platform.settings import Settings, access_environment
from rcm_platform.web import single_sign_on

SHORTEST_KEY = 32
SHORTEST_PASSWORD = 12

# commands of dagster-authkit on users; anything else would start its server
USER_COMMANDS = (
    "add-user", "list-users", "change-password", "change-role", "delete-user", "list-permissions",
)  # fmt: skip


def access(settings: Settings) -> dict[str, str]:
    """The environment of a webserver with a login. Raises ValueError where it would not hold."""
    if find_spec("dagster_authkit") is None:
        raise ValueError("dagster-authkit is not installed: pip install 'rcm-platform[deploy]'")
    given = access_environment()
    key = given.get("DAGSTER_AUTH_SECRET_KEY", "")
    if len(key) < SHORTEST_KEY:
        raise ValueError(
            f"DAGSTER_AUTH_SECRET_KEY must be set, to {SHORTEST_KEY} characters or more, and stay "
            "the same: it signs who is logged in. Make one with `openssl rand -base64 32`. Without "
            "authentication there is `rcm ui`, on the loopback address only."
        )
    if "DAGSTER_AUTH_SECRET_KEY" not in os.environ and Path(".env").stat().st_mode & 0o004:
        raise ValueError("Everyone on this machine can read the key in .env: `chmod 600 .env`.")
    if (backend := given.get("DAGSTER_AUTH_BACKEND", "sql").lower()) == "dummy":
        raise ValueError(f"DAGSTER_AUTH_BACKEND={backend}: everyone knows its passwords.")
    if backend == "proxy":
        raise ValueError(
            f"DAGSTER_AUTH_BACKEND={backend}: its web sockets believe whoever says a name. Use sql "
            "or ldap."
        )
    if single_sign_on.provider(settings):
        _check_single_sign_on(backend, given.get("DAGSTER_AUTH_COOKIE_SAMESITE", "lax"))
    given.setdefault(
        "DAGSTER_AUTH_DATABASE_URL",
        settings.dagster_postgres_url or f"sqlite:///{settings.users_path}",
    )
    first = given.get("DAGSTER_AUTH_ADMIN_PASSWORD")
    if first and len(first) < SHORTEST_PASSWORD:
        raise ValueError(
            f"DAGSTER_AUTH_ADMIN_PASSWORD must have {SHORTEST_PASSWORD} characters or more: "
            "choose a longer one, or leave it blank if the user exists."
        )
    proxies = given.get("DAGSTER_AUTH_PROXY_TRUSTED_IPS", "").replace(",", " ").split()
    if everyone := {"*", "0.0.0.0/0", "::/0"} & set(proxies):
        raise ValueError(
            f"DAGSTER_AUTH_PROXY_TRUSTED_IPS={everyone.pop()} would believe everyone where they "
            "come from: name the addresses of your reverse proxies."
        )
    # results that no run computed are for administrators to write down
    given.setdefault("DAGSTER_AUTH_REST_WRITE_ROLE", "ADMIN")
    # without a token, everyone may count logins and requests
    given.setdefault("DAGSTER_AUTH_METRICS_TOKEN", secrets.token_urlsafe(32))
    if given["DAGSTER_AUTH_DATABASE_URL"] == f"sqlite:///{settings.users_path}":
        settings.home.mkdir(parents=True, exist_ok=True)
        settings.users_path.touch(mode=0o600)
    # a blank one would not be the default, but nothing
    others = {n: v for n, v in os.environ.items() if not n.startswith("DAGSTER_AUTH_")}
    return {
        **others,
        **given,
        "RCM_HOME": str(settings.home),
        "RCM_AUDIT_LOG": str(settings.audit_log_path),
        # uvicorn's: whose word on a visitor's address, and on HTTPS, is taken; nobody's if empty
        "FORWARDED_ALLOW_IPS": ",".join(proxies),
    }


def _check_single_sign_on(backend: str, same_site: str) -> None:
    """Raises ValueError where nobody could come in by it."""
    if find_spec("authlib") is None:
        raise ValueError("authlib is not installed: pip install 'rcm-platform[deploy]'")
    if backend != "sql":
        raise ValueError(
            f"DAGSTER_AUTH_BACKEND={backend} has a login of its own: take RCM_OIDC_ISSUER or that."
        )
    if same_site.lower() == "strict":
        raise ValueError(
            "DAGSTER_AUTH_COOKIE_SAMESITE=strict forgets whoever comes back from RCM_OIDC_ISSUER: "
            "leave it at lax."
        )


def machine_login() -> str:
    """Who is asking, as the machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return "operator"


def users_database(url: str) -> Any:
    """A connection to the users that comes back after the server went away.

    authkit's own stays broken until the webserver starts again, and nobody can come in meanwhile.
    """
    from peewee import InterfaceError, OperationalError, PostgresqlDatabase
    from playhouse.db_url import connect, register_database
    from playhouse.shortcuts import ReconnectMixin

    class Returning(ReconnectMixin, PostgresqlDatabase):
        reconnect_errors = (
            (OperationalError, "server closed the connection"),
            (OperationalError, "terminating connection"),
            (InterfaceError, "connection already closed"),
        )

    register_database(Returning, "postgres", "postgresql")
    return connect(url, unquote_password=True, unquote_user=True)


def users(settings: Settings, arguments: Sequence[str]) -> int:
    """A command of dagster-authkit on users. Raises ValueError for any other."""
    if not arguments or arguments[0] not in USER_COMMANDS:
        raise ValueError(f"Say what to do: {', '.join(USER_COMMANDS)}.")
    return subprocess.run(
        [*python_module("web.authenticated"), *arguments], env=access(settings)
    ).returncode


def python_module(name: str) -> list[str]:
    """The command that runs a module of the platform in a new process."""
    return [sys.executable, "-m", f"rcm_platform.{name}"]
