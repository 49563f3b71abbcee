"""URLs of databases: what they say is used or refused, and no part of a password is ever shown."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote

import pytest

from rcm_platform.lake import Lake
from rcm_platform.settings import redact
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.database import load_hospital
from rcm_platform.sources.database_url import READ, NotReadableUrl, parse
from rcm_platform_tests.support.small_hospitals import KNOWN, create_hospital

SECRET = "S3cr"


class TestPasswords:
    @pytest.mark.parametrize("mark", list("@/#?[:%"))
    @pytest.mark.parametrize("scheme", ["mysql", "postgresql", "mariadb", "mysql+pymysql"])
    def test_no_part_is_shown_nor_asked_of_a_name_server(
        self, scheme: str, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: asked.append(str(host)))
        url = f"{scheme}://reader:{SECRET}{mark}{SECRET}@127.0.0.1:1/h"
        said = redact(url)
        if mark in ":%":  # it is clear where it ends
            assert parse(url).login["password"] == f"{SECRET}{mark}{SECRET}"
        else:
            with pytest.raises(SourceUnavailable) as caught:
                load_hospital(Lake(tmp_path), KNOWN["hospital_a"], url)
            said += f"{caught.value!r}{caught.value}{caught.value.__dict__}"
            assert "%40" in said
        assert SECRET not in said
        assert not any(SECRET in host for host in asked)

    def test_percent_encoded_it_is_read(self) -> None:
        password = "p@ss'w/rd:#?%[ü"
        login = parse(f"mysql://a%40b:{quote(password, safe='')}@host:3307/my%20db").login
        assert login == {
            "host": "host", "port": 3307, "database": "my db", "user": "a@b", "password": password,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "url",
        [
            "jdbc:mysql://127.0.0.1/h?user=u&password=S3cr",
            "mssql://u:S3cr@host/h",
            "sqlite:///S3cr.db",
            "Driver={MySQL};Server=host;Uid=u;Pwd=S3cr",
            "host=127.0.0.1 user=u password=S3cr dbname=h",
            "reader:S3cr@host/h",
            "oracle://reader:S3cr@host/hospital",
            "https://reader:S3cr@host/hospital",
        ],
    )
    def test_another_kind_of_url_is_told_which_are_read(self, url: str) -> None:
        with pytest.raises(NotReadableUrl) as caught:
            parse(url)
        assert READ in str(caught.value)
        assert SECRET not in str(caught.value)
        assert SECRET not in redact(url).replace("sqlite:///S3cr.db", "")

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("mysql://u:S3cr@host/h?password=S3cr", "before the host"),
            ("mysql://u:S3cr@host/h?S3cr=S3cr", "ssl_mode"),
            ("postgresql://u:S3cr@host/h?sslmod=require", "sslmode"),
            ("postgresql://u:S3cr@host/h?sslmode=S3cr", "verify-full"),
            ("mysql://u:S3cr@host/h?ssl-mode=S3cr", "required"),
            ("mysql://u:S3cr@host/h?search_path=emr", "ssl_mode"),
            ("mysql://u:S3cr@host/h?S3cr", "ssl_mode"),
            ("mysql://u:S3cr@host/h#S3cr", "%23"),
            ("mysql://u:S3cr@host/h/S3cr", "%2F"),
            ("mysql://u:S3cr@host:S3cr/h", "no port"),
            ("mysql://u:S3cr/h", "no port"),
            ("mysql://u:S3cr@[host/h", "no port"),
        ],
    )
    def test_what_is_refused_is_refused_without_a_value(self, url: str, words: str) -> None:
        with pytest.raises(NotReadableUrl, match=words) as caught:
            parse(url)
        assert SECRET not in str(caught.value)

    @pytest.mark.parametrize("password", ["p", "pa", "ro", "server", "connect"])
    def test_a_short_password_is_cut_out_of_no_word(
        self, password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("rcm_platform.sources.attached.RETRY_WAITS", ())
        for scheme in ("mysql", "postgresql"):
            with pytest.raises(SourceUnavailable) as caught:
                url = f"{scheme}://u:{password}@127.0.0.1:1/h"
                load_hospital(Lake(tmp_path), KNOWN["hospital_a"], url)
            assert str(caught.value).count("***") == 1
            assert f"{scheme}://u:***@127.0.0.1:1/h" in str(caught.value)


class TestOptions:
    @pytest.mark.parametrize(
        ("query", "options"),
        [
            ("sslmode=require", {"sslmode": "require"}),
            ("search_path=emr", {"options": "-csearch_path=emr"}),
            ("options=-csearch_path%3Demr", {"options": "-csearch_path=emr"}),
            ("options=-c%20search_path=emr", {"options": "-c search_path=emr"}),
            (
                "options=-cstatement_timeout%3D9&search_path=a,%20b",
                {"options": r"-cstatement_timeout=9 -csearch_path=a,\ b"},
            ),
        ],
    )
    def test_of_postgresql(self, query: str, options: dict[str, str]) -> None:
        assert parse(f"postgresql://u:p@host/h?{query}").options == options

    @pytest.mark.parametrize(
        ("query", "mode"),
        [
            ("ssl-mode=REQUIRED", "required"),
            ("ssl_mode=verify_ca", "verify_ca"),
            ("sslmode=require", "required"),
            ("sslmode=verify-full", "verify_identity"),
        ],
    )
    def test_of_mysql(self, query: str, mode: str) -> None:
        assert parse(f"mysql://u:p@host/h?{query}").options == {"ssl_mode": mode}

    def test_a_duckdb_file_may_name_its_schema(self, tmp_path: Path) -> None:
        path = create_hospital(tmp_path / "a=b@c.duckdb")
        assert parse(path).path == Path(path)
        assert parse(f"duckdb://{path}?search_path=emr").schemas == ("emr",)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("mysql://a:x@h/one", "mariadb://b:y@h/one", True),
        ("mysql://a:x@h/one", "mysql://a:x@h/two", False),
        ("mysql://a:x@h/one", "mysql://a:x@h:3307/one", False),
        ("postgresql://a:x@h/d", "postgres://a:y@h/d?sslmode=require", True),
        ("postgresql://a:x@h/d", "postgresql://b:x@h/d", False),
        ("postgresql://a:x@h/d?search_path=s", "postgresql://a:x@h/d?search_path=t", False),
        ("a.duckdb", "duckdb://./a.duckdb", True),
        ("a.duckdb", "b.duckdb", False),
    ],
)
def test_which_urls_read_the_same_tables(one: str, other: str, is_same: bool) -> None:
    assert (parse(one).place == parse(other).place) is is_same


def test_what_is_shown_of_a_good_url() -> None:
    assert (
        redact("postgresql://u:S3cr@host:5432/h?sslmode=require&sslkey=S3cr")
        == "postgresql://u:***@host:5432/h?sslmode=require&sslkey=***"
    )
    assert redact("/data/hospital.duckdb") == "/data/hospital.duckdb"
    assert redact("mysql://u:S3cr/h") == "mysql://***"
