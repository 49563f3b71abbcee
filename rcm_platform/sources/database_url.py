"""What the URL of a database says: its kind, the login, the schema and the options.

Everything in a URL is either used or refused. What is said of a URL shows no part of its password:
where a character of the password is not percent-encoded, nobody can tell where it ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Kind = Literal["duckdb", "mysql", "postgres"]

_KINDS: dict[str, Kind] = {
    "mysql": "mysql",
    "mariadb": "mysql",
    "postgresql": "postgres",
    "postgres": "postgres",
    "duckdb": "duckdb",
}
"""Scheme of a URL → type of the attached database."""

READ = (
    "mysql://user:password@host/database, mariadb://…, postgresql://… and the path of a DuckDB "
    "file are read"
)
ENCODE = (
    "in a user name or password @ is written %40, / %2F, : %3A, # %23, ? %3F and % %25, "
    "so that it is clear where they end"
)
_OPTIONS: dict[Kind, tuple[str, ...]] = {
    "mysql": ("ssl_mode", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher"),
    "postgres": (
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "channel_binding", "gssencmode",
        "target_session_attrs", "application_name", "connect_timeout", "search_path", "options",
    ),
    "duckdb": ("search_path",),
}  # fmt: skip
_SSL_MODES = {
    "mysql": ("disabled", "preferred", "required", "verify_ca", "verify_identity"),
    "postgres": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
}
_POSTGRES_WORDS = {
    "disable": "disabled",
    "prefer": "preferred",
    "require": "required",
    "verify_ca": "verify_ca",
    "verify_full": "verify_identity",
}
"""Modes of encryption, as they are written for PostgreSQL → for MySQL."""


class NotReadableUrl(ValueError):  # noqa: N818 (what it is, as SourceUnavailable)
    """A URL that is refused; the message shows no part of it that may be secret."""


@dataclass(frozen=True)
class DatabaseUrl:
    """kind: type of the attached database. path: of a DuckDB file. login: host, port, database,
    user and password, those that are given. options: name → value for the driver. schemas: where
    the URL says that the tables are, in the order of the search."""

    kind: Kind
    path: Path | None = None
    login: Mapping[str, str | int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    schemas: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[object, ...]:
        """Where the tables are: two URLs of one place read the same ones."""
        whose = self.login.get("user") if self.kind == "postgres" else None  # its search path
        named = [self.login.get(name) for name in ("host", "port", "database")]
        file = self.path.resolve() if self.path else None
        return (self.kind, file, *named, self.schemas, self.options.get("options"), whose)

    @property
    def names_a_schema(self) -> bool:
        return bool(self.schemas) or "search_path" in self.options.get("options", "")


def parse(url: str) -> DatabaseUrl:
    """Read a URL. Raises NotReadableUrl, which says what to write in its place."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        # a path may look like anything, a list of settings of another kind like no path
        if set("@=;") & set(url) and not Path(url).expanduser().is_file():
            raise NotReadableUrl(f"this is no URL and no path; {READ}")
        return DatabaseUrl("duckdb", Path(url).expanduser())
    kind = _KINDS.get(scheme.lower().split("+")[0])
    if kind is None:
        raise NotReadableUrl(f"databases of this kind are not read; {READ}")
    if kind == "duckdb":
        path, _, query = rest.partition("?")
        schemas = _names(_options(kind, query).get("search_path", ""))
        return DatabaseUrl(kind, Path(path).expanduser(), schemas=schemas)
    if rest.count("@") > 1 or "@" in rest.partition("/")[2] or "@" in rest.partition("?")[2]:
        raise NotReadableUrl(ENCODE)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotReadableUrl(
            f"what stands after the host is no port; a URL is written {READ.split(',')[0]}, and "
            + ENCODE
        ) from None
    if parts.fragment:
        raise NotReadableUrl(f"there is a # in it; {ENCODE}")
    return _server(kind, parts, port)


def _server(kind: Kind, parts: SplitResult, port: int | None) -> DatabaseUrl:
    database = unquote(parts.path.removeprefix("/"))
    if "/" in parts.path.removeprefix("/"):
        raise NotReadableUrl(
            "after the host stands one name, that of the database; a / in it is written %2F"
        )
    login: dict[str, str | int | None] = {
        "host": parts.hostname,
        "port": port,
        "database": database,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
    options = _options(kind, parts.query)
    path = options.pop("search_path", "")
    if path:
        setting = "-csearch_path=" + re.sub(r"([\\ ])", r"\\\1", path)
        options["options"] = f"{options.get('options', '')} {setting}".strip()
    return DatabaseUrl(
        kind,
        login={name: value for name, value in login.items() if value},
        options=options,
        schemas=(database,) if kind == "mysql" and database else (),
    )


def _options(kind: Kind, query: str) -> dict[str, str]:
    """The options that the driver is given. Raises NotReadableUrl, by name, for any other."""
    given = parse_qsl(query, keep_blank_values=True)
    if query and not given:
        raise NotReadableUrl(f"what stands after the ? is no option; {ENCODE}")
    options = {}
    for name, value in given:
        if kind == "mysql":  # the server's own programs write ssl-mode, other drivers sslmode
            name = re.sub("^ssl[-_]?", "ssl_", name.lower())
        if name not in _OPTIONS[kind]:
            if re.search("(?i)user|uid|pass|pwd", name):
                raise NotReadableUrl("user and password stand before the host: " + READ)
            raise NotReadableUrl(
                "it has an option that is not known here, and none is left out in silence; "
                f"known are {', '.join(_OPTIONS[kind])}"
            )
        options[name] = value
    return _checked_ssl_mode(kind, options)


def _checked_ssl_mode(kind: Kind, options: dict[str, str]) -> dict[str, str]:
    name = "ssl_mode" if kind == "mysql" else "sslmode"
    if name in options:
        asked = options[name].lower()
        if kind == "mysql":
            asked = asked.replace("-", "_")
            asked = _POSTGRES_WORDS.get(asked, asked)
        if asked not in _SSL_MODES[kind]:
            raise NotReadableUrl(f"{name} is none of {', '.join(_SSL_MODES[kind])}")
        options[name] = asked
    return options


def _names(path: str) -> tuple[str, ...]:
    return tuple(name.strip().strip('"') for name in path.split(",") if name.strip())
