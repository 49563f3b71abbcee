"""To which organizations users of `rcm serve` are limited: a table beside that of the users.

Who is limited sees the rows of these facilities at the desk, and nothing that is of all of them
together. Who is not named here is not limited.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from rcm_platform.desk import audit
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import Settings
from rcm_platform.web.access import access, machine_login, users_database

URL = "DAGSTER_AUTH_DATABASE_URL"
TABLE = "user_organizations"
EVERY = "--all"


def of(username: str) -> tuple[str, ...] | None:
    """The ids of the facilities to which a user is limited, sorted; None where to none."""
    database = _database(os.environ[URL])
    sql = f"select facility_id from {TABLE} where username = {database.param}"
    found = database.execute_sql(sql, (username,)).fetchall()
    return tuple(sorted(one for (one,) in found)) or None


def command(settings: Settings, arguments: Sequence[str]) -> str:
    """`rcm users limit [NAME [FACILITY ... | --all]]`: a change, and who is limited to what.

    Raises ValueError for a user or a facility that there is not.
    """
    database = _database(access(settings)[URL])
    names = _facilities(settings)
    if len(arguments) > 1:
        name, *wanted = arguments
        _must_be_known(database, name)
        ids = [] if wanted == [EVERY] else [_id(names, each) for each in wanted]
        with database.atomic():
            database.execute_sql(f"delete from {TABLE} where username = {database.param}", (name,))
            for one in {*ids}:
                database.execute_sql(
                    f"insert into {TABLE} values ({database.param}, {database.param})", (name, one)
                )
        audit.LOGGER.addHandler(handler := audit.log_file(settings.audit_log_path))
        audit.write("USER_LIMITED", machine_login(), name, organizations=sorted({*ids}))
        audit.LOGGER.removeHandler(handler)
    limited: dict[str, list[str]] = {name: [] for name in arguments[:1]}
    for name, one in database.execute_sql(f"select username, facility_id from {TABLE} order by 1"):
        if not arguments or name in limited:
            limited.setdefault(name, []).append(names.get(one, one))
    return (
        "\n".join(
            f"{name} sees {', '.join(sorted(places)) or 'all organizations'}."
            for name, places in limited.items()
        )
        or "Nobody is limited."
    )


def _must_be_known(database: Any, name: str) -> None:
    if not database.table_exists("users"):  # they are in a directory of another kind
        return
    found = database.execute_sql(
        f"select 1 from users where username = {database.param}", (name,)
    ).fetchall()
    if not found:
        raise ValueError(f"There is no user {name!r}: `rcm users list-users` names them.")


def _id(names: Mapping[str, str], wanted: str) -> str:
    """The id of the facility that has this name or id. Raises ValueError."""
    found = [one for one, name in names.items() if wanted.lower() in (one.lower(), name.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"Several facilities are called {wanted!r}: {', '.join(found)}.")
    raise ValueError(f"No facility is called {wanted!r}: {', '.join(names.values())}.")


def _facilities(settings: Settings) -> Mapping[str, str]:
    try:
        with versions.open_published(settings.published_dir, OPERATIONS) as con:
            return dict(
                con.execute(
                    "select facility_id, facility_name from dim_facility order by 2, 1"
                ).fetchall()
            )
    except FileNotFoundError as problem:
        raise ValueError(str(problem)) from None


@lru_cache(maxsize=4)
def _database(url: str) -> Any:
    database = users_database(url)
    database.execute_sql(
        f"create table if not exists {TABLE} (username varchar(255) not null, "
        "facility_id varchar(255) not null, primary key (username, facility_id))"
    )
    return database
