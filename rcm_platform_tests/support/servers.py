"""Real database servers on loopback, for as long as a test needs them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import duckdb
import duckdb_extensions
import pytest

USER, PASSWORD, DATABASE = "loader", "p@ss'w/rd", "hospital"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """A server program and its log. `url` is the one of its database."""

    command: list[str]
    port: int
    log: Path
    url: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with self.log.open("w") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output)
        for _ in range(300):
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        pytest.fail(f"the server does not answer: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a short path: sockets cannot have a long one."""
    found = Path(tempfile.mkdtemp(prefix="rcm_"))
    try:
        yield found
    finally:
        shutil.rmtree(found, ignore_errors=True)


@contextmanager
def mariadb(*options: str) -> Iterator[Server]:
    """A MariaDB with an empty database. Skips the test where the server is not installed."""
    if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
        pytest.skip("no MariaDB server here (Debian package mariadb-server)")
    with short_folder() as folder:
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
            f"create database if not exists {DATABASE};\n"
            f"create user if not exists {USER}@'127.0.0.1' identified by '{quoted}';\n"
            f"grant all on *.* to {USER}@'127.0.0.1' with grant option;\n"
        )
        # a server that starts clears its folder for temporary tables, whoever else uses it
        (temporary := folder / "tmp").mkdir()
        command = [
            "mariadbd", "--no-defaults", *as_root, f"--datadir={data}", f"--port={port}",
            f"--tmpdir={temporary}",
            "--bind-address=127.0.0.1", f"--socket={folder / 'm.sock'}", f"--init-file={script}",
            "--skip-name-resolve", "--innodb-buffer-pool-size=32M",
            f"--pid-file={folder / 'm.pid'}", *options,
        ]  # fmt: skip
        url = f"mysql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/{DATABASE}"
        server = Server(command, port, folder / "mariadb.log", url)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def postgresql() -> Iterator[Server]:
    """A PostgreSQL with an empty database. Skips the test where the server is not installed."""
    found = shutil.which("initdb") or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
    )
    if not found:
        pytest.skip("no PostgreSQL server here (Debian package postgresql)")
    with short_folder() as folder:
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
        login = f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"
        server = Server(command, port, folder / "postgres.log", f"{login}/{DATABASE}")
        try:
            server.start()
            for _ in range(100):  # it listens before it takes anyone in
                try:
                    with attached(f"{login}/postgres") as connection:
                        connection.execute(
                            f"call postgres_execute('target', 'create database {DATABASE}', "
                            "use_transaction = false)"
                        )
                    break
                except duckdb.Error:
                    time.sleep(0.1)
            yield server
        finally:
            server.stop()


def kind_of(url: str) -> str:
    """DuckDB's name for the kind of server."""
    return "mysql" if url.startswith("mysql") else "postgres"


@contextmanager
def attached(url: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB session in which the database of a test server is `target`, to read and write."""
    kind = kind_of(url)
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


def ask(url: str, sql: str) -> list[tuple]:
    """The rows of a query in DuckDB's words over `target`."""
    with attached(url) as connection:
        return connection.execute(sql).fetchall()


def tell(url: str, *statements: str) -> None:
    """Run statements in the server's own words, in one session."""
    with attached(url) as connection:
        connection.execute("begin")
        for statement in statements:
            text = statement.replace("'", "''")
            connection.execute(f"call {kind_of(url)}_execute('target', '{text}')")
        connection.execute("commit")


@contextmanager
def database(server: str, name: str, like: str) -> Iterator[str]:
    """A new database on a PostgreSQL, `like` says how it keeps texts; removed again."""

    def outside(statement: str) -> None:
        text = statement.replace("'", "''")
        with attached(server) as con:
            con.execute(f"call postgres_execute('target', '{text}', use_transaction = false)")

    outside(f"create database {name} template template0 encoding 'UTF8' {like}")
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        outside(f"drop database {name} with (force)")


class Proxy:
    """A port before a server that cuts its first connections short, as a bad network does.

    `cut_after` are the bytes that the server may send before everything is cut, once per entry;
    then it lets everything pass.
    """

    def __init__(self, port: int, cut_after: list[int]) -> None:
        self._target, self.cut_after, self.cuts = port, cut_after, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._sent = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._cut()

    def url(self, url: str) -> str:
        """The URL of the server, by way of this port."""
        return url.replace(f":{self._target}/", f":{self.port}/")

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            for source, target, counts in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._pump, args=(source, target, counts), daemon=True
                ).start()

    def _pump(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        try:
            while data := source.recv(4096):
                target.sendall(data)
                if counts:
                    self._count(len(data))
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        with self._lock:
            self._sent += size
            if self.cut_after and self._sent > self.cut_after[0]:
                self.cut_after.pop(0)
                self.cuts += 1
                self._sent = 0
                self._cut()

    def _cut(self) -> None:
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()
