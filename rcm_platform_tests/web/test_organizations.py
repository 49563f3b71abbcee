"""To which organizations a user is limited: said by `rcm users limit`, and asked by the desk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rcm_platform.settings import Settings
from rcm_platform.web import access, organizations

KEY = "a key of more than thirty-two characters"
PLACES = {"F1": "North Hospital", "F2": "South Clinic", "F3": "South Clinic"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With the users eve and lea, and three facilities of which two have one name."""
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    monkeypatch.setattr(organizations, "_facilities", lambda _: PLACES)
    found = Settings(home=tmp_path)
    url = access.access(found)["DAGSTER_AUTH_DATABASE_URL"]
    monkeypatch.setenv("DAGSTER_AUTH_DATABASE_URL", url)
    database = access.users_database(url)
    database.execute_sql("create table users (username varchar(255) primary key)")
    database.execute_sql("insert into users values ('eve'), ('lea')")
    return found


def test_a_limit_is_by_name_or_id_and_can_be_lifted(settings: Settings) -> None:
    assert organizations.of("eve") is None
    assert organizations.command(settings, []) == "Nobody is limited."
    said = organizations.command(settings, ["eve", "f2", "north hospital"])
    assert said == "eve sees North Hospital, South Clinic."
    assert organizations.of("eve") == ("F1", "F2")
    assert organizations.of("lea") is None
    assert organizations.command(settings, ["eve", "F1"]) == "eve sees North Hospital."
    assert organizations.of("eve") == ("F1",)
    assert organizations.command(settings, ["lea"]) == "lea sees all organizations."
    assert organizations.command(settings, ["eve", "--all"]) == "eve sees all organizations."
    assert organizations.of("eve") is None
    logged = [json.loads(line) for line in settings.audit_log_path.read_text().splitlines()]
    assert [each["organizations"] for each in logged] == [["F1", "F2"], ["F1"], []]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody", "F1"], "There is no user 'nobody'"),
        (["eve", "F1", "F9"], "No facility is called 'F9'"),
        (["eve", "South Clinic"], "Several facilities are called 'South Clinic': F2, F3"),
    ],
)
def test_what_there_is_not_limits_nobody(
    settings: Settings, arguments: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        organizations.command(settings, arguments)
    assert organizations.of("eve") is None
