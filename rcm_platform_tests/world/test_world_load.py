"""A hospital's database goes into a real MariaDB and a real PostgreSQL, whole, and again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import quote

import duckdb
import duckdb_extensions
import pytest

from rcm_platform.world.databases import write_database
from rcm_platform.world.load import LoadError, load
from rcm_platform.world.model import World

USER, PASSWORD, DATABASE = "loader", "p@ss'w/rd", "hospital"
START, THROUGH = date(2025, 1, 1), date(2025, 1, 20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[None]:
    """A server, until it is not needed any more."""
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        for _ in range(300):
            assert server.poll() is None, log.read_text()[-2000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail(f"the server does not answer: {log.read_text()[-2000:]}")
        yield
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short path: sockets cannot have a long one."""
    found = Path(tempfile.mkdtemp(prefix="rcm_"))
    yield found
    shutil.rmtree(found, ignore_errors=True)


@pytest.fixture(scope="module")
def mysql_url(folder: Path) -> Iterator[str]:
    if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
        pytest.skip("no MariaDB server here (Debian package mariadb-server)")
    data, port = folder / "mariadb", free_port()
    as_root = ["--user=root"] if os.getuid() == 0 else []
    subprocess.run(
        [
            "mariadb-install-db", "--no-defaults", *as_root, f"--datadir={data}",
            "--auth-root-authentication-method=normal", "--skip-test-db",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    script, quoted = folder / "start.sql", PASSWORD.replace("'", "''")
    script.write_text(
        f"create database {DATABASE};\n"
        f"create user {USER}@'127.0.0.1' identified by '{quoted}';\n"
        f"grant all on {DATABASE}.* to {USER}@'127.0.0.1';\n"
    )
    # a server that starts clears its folder for temporary tables, whoever else uses it
    (temporary := folder / "tmp").mkdir()
    command = [
        "mariadbd", "--no-defaults", *as_root, f"--datadir={data}", f"--port={port}",
        f"--tmpdir={temporary}",
        "--bind-address=127.0.0.1", f"--socket={folder / 'm.sock'}", f"--init-file={script}",
        "--skip-name-resolve", "--innodb-buffer-pool-size=32M", f"--pid-file={folder / 'm.pid'}",
    ]  # fmt: skip
    with running(command, port, folder / "mariadb.log"):
        yield f"mysql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/{DATABASE}"


@pytest.fixture(scope="module")
def postgres_url(folder: Path) -> Iterator[str]:
    found = shutil.which("initdb") or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
    )
    if not found:
        pytest.skip("no PostgreSQL server here (Debian package postgresql)")
    programs, data, port = Path(found).resolve().parent, folder / "pg", free_port()
    as_postgres: list[str] = []
    if os.getuid() == 0:  # it refuses to run as root
        if not shutil.which("runuser"):
            pytest.skip("PostgreSQL does not run as root, and there is no runuser")
        as_postgres = ["runuser", "-u", "postgres", "--"]
        folder.chmod(0o755)
        data.mkdir()
        shutil.chown(data, "postgres")
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    subprocess.run(
        [
            *as_postgres, str(programs / "initdb"), "-D", str(data), "-U", USER,
            "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd="/",
    )  # fmt: skip
    command = [
        *as_postgres, str(programs / "postgres"), "-D", str(data), "-p", str(port),
        "-h", "127.0.0.1", "-k", "", "-F",
    ]  # fmt: skip
    with running(command, port, folder / "postgres.log"):
        url = f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"
        for _ in range(100):  # it listens before it takes anyone in
            try:
                with attached(f"{url}/postgres") as connection:
                    connection.execute(
                        f"call postgres_execute('target', 'create database {DATABASE}', "
                        "use_transaction = false)"
                    )
                break
            except duckdb.Error:
                time.sleep(0.1)
        yield f"{url}/{DATABASE}"


@pytest.fixture(params=["mysql_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


@contextmanager
def attached(url: str) -> Iterator[duckdb.DuckDBPyConnection]:
    kind = "mysql" if url.startswith("mysql") else "postgres"
    host_port, _, database = url.rsplit("@", 1)[1].partition("/")
    with duckdb.connect() as connection:
        duckdb_extensions.import_extension(f"{kind}_scanner", con=connection)
        connection.execute(
            f"create secret (type {kind}, host '127.0.0.1', port {host_port.split(':')[1]}, "
            f"user '{USER}', password '{PASSWORD.replace(chr(39), chr(39) * 2)}', "
            f"database '{database}')"
        )
        connection.execute(f"attach '' as target (type {kind})")
        yield connection


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    world = World(seed=5, size="tiny", start=START, through=THROUGH)
    for hospital, system in enumerate(world.hospitals.source_systems):
        write_database(world, hospital, folder / f"{system}.duckdb", 0, world.through_day)
    return folder


def same_rows(url: str, world: Path, system: str, table: str) -> bool:
    with attached(url) as connection:
        connection.execute(f"attach '{world / system}.duckdb' as world (read_only)")
        one, other = (
            connection.execute(f"select * from {name} order by all").fetchall()
            for name in (f"world.{table}", f"target.{table}")
        )
        return one == other and len(one) > 0


def ask(url: str, sql: str) -> list[tuple]:
    with attached(url) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("system", ["hospital_a", "hospital_b"])
def test_every_table_arrives_with_the_same_values(url: str, system: str, world: Path) -> None:
    heard: list[tuple[int, int, str]] = []
    counts = load(world, system, url, progress=lambda *step: heard.append(step))
    assert set(counts) >= {"patients", "transactions", "work_log", "appointments", "staff"}
    assert all(same_rows(url, world, system, table) for table in counts)
    assert [done for done, *_ in heard] == list(range(len(counts) + 1))


def test_again_is_the_same_and_leaves_other_tables_alone(url: str, world: Path) -> None:
    kind = "mysql" if url.startswith("mysql") else "postgres"
    with attached(url) as connection:
        for statement in ("drop table if exists notes", "create table notes (a integer)"):
            connection.execute(f"call {kind}_execute('target', '{statement}')")
    first, second = (load(world, "hospital_a", url) for _ in range(2))
    assert first == second
    assert same_rows(url, world, "hospital_a", "transactions")
    schema = "'hospital'" if kind == "mysql" else "'public'"
    found = ask(
        url,
        "select lower(table_name) from duckdb_tables() where database_name = 'target' "
        f"and schema_name = {schema}",
    )
    tables = {name for (name,) in found}
    assert tables == {*first, "notes"}


def test_types_and_keys_are_right(url: str, world: Path) -> None:
    load(world, "hospital_a", url)
    types = {name.lower(): kind for name, kind, *_ in ask(url, "describe target.transactions")}
    assert types["amount"] == "DECIMAL(18,2)"
    assert types["servicedate"] == "DATE"
    assert types["modifieddate"] == "TIMESTAMP"
    with attached(url) as connection, pytest.raises(duckdb.Error, match=r"(?i)duplicate"):
        connection.execute("insert into target.transactions from target.transactions limit 1")


def test_a_load_that_fails_leaves_what_was_there(url: str, world: Path, tmp_path: Path) -> None:
    load(world, "hospital_a", url)
    shutil.copy(world / "hospital_a.duckdb", tmp_path)
    with duckdb.connect(str(tmp_path / "hospital_a.duckdb")) as connection:
        connection.execute("insert into patients from patients limit 1")  # a key twice
    with pytest.raises(LoadError, match=r"hospital_a\.duckdb could not be loaded into"):
        load(tmp_path, "hospital_a", url)
    assert same_rows(url, world, "hospital_a", "patients")
    load(world, "hospital_a", url)


def test_no_error_says_the_password(url: str, world: Path) -> None:
    wrong = [
        url.replace(f"/{DATABASE}", "/nowhere"),
        url.replace(f":{url.rsplit(':', 1)[1].split('/')[0]}/", f":{free_port()}/"),
        url.replace(quote(PASSWORD, safe=""), "an0ther%27secret"),
    ]
    for attempt in wrong:
        with pytest.raises(LoadError) as caught:
            load(world, "hospital_a", attempt)
        for secret in (PASSWORD, quote(PASSWORD, safe=""), "an0ther"):
            assert secret not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("system", "url", "message"),
    [
        ("hospital_c", "mysql://u:p@h/d", "no hospital_c.duckdb"),
        ("hospital_a", "oracle://u:secret@h/d", "oracle:// is no kind of database"),
        ("hospital_a", "mysql://u:secret@[h/d", "its URL: it is not a URL"),
        ("hospital_a", "", "nothing:// is no kind"),
    ],
)
def test_what_cannot_be_is_said(system: str, url: str, message: str, world: Path) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        load(world, system, url)
    assert "secret" not in str(caught.value)
