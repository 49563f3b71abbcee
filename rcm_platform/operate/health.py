"""Is this installation well: can it write, does its database answer, are its figures fresh?"""

from __future__ import annotations

import tempfile
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from rcm_platform.settings import Settings, redact

ANSWER_SECONDS = 10


class Probe(StrEnum):
    """What can be looked at."""

    HOME = "home"
    STORAGE = "storage"
    PUBLISHED = "published"
    DAEMON = "daemon"
    WEB = "web"


@dataclass(frozen=True)
class ProbeResult:
    """How one of them is, in words."""

    probe: Probe
    is_well: bool
    text: str


def results(
    settings: Settings, probes: Iterable[Probe] = (), port: int = 3000
) -> list[ProbeResult]:
    """How these are. Default: all but the web page, the daemon only where one ever ran."""
    asked = list(probes)
    checks = {
        Probe.HOME: _home,
        Probe.STORAGE: _storage,
        Probe.PUBLISHED: _published,
        Probe.DAEMON: _daemon,
        Probe.WEB: lambda _: _web(port),
    }
    found = []
    for probe in asked or [probe for probe in Probe if probe != Probe.WEB]:
        is_well, text = checks[probe](settings)
        if is_well is not None or asked:
            found.append(ProbeResult(probe, bool(is_well), text))
    return found


def _home(settings: Settings) -> tuple[bool, str]:
    try:
        with tempfile.TemporaryFile(dir=settings.home) as file:
            file.write(b"\\n")
    except OSError as problem:
        return False, f"{settings.home} cannot be written: {problem.strerror}"
    return True, f"{settings.home} can be written"


def _storage(settings: Settings) -> tuple[bool, str]:
    if (url := settings.dagster_postgres_url) is None:
        return True, f"SQLite files in {settings.dagster_home}"
    try:
        import psycopg2

        connection = psycopg2.connect(url, connect_timeout=ANSWER_SECONDS)
        connection.close()
    except ModuleNotFoundError:
        return False, "no PostgreSQL client is installed: pip install 'rcm-platform[deploy]'"
    except psycopg2.Error as problem:
        return False, f"{redact(url)} does not answer: {str(problem).strip()}"
    return True, f"{redact(url)} answers"


def _published(settings: Settings) -> tuple[bool, str]:
    from rcm_platform.publish import versions

    version = versions.current(settings.published_dir)
    if version is None:
        return False, "nothing is published yet: `rcm run` publishes"
    age = datetime.now(UTC) - versions.proven_at(settings.published_dir, version)
    hours = age.total_seconds() / 3600
    held = versions.held(settings.published_dir)
    is_fresh = hours < settings.stale_hours
    text = f"{version.version} is {hours:.1f} hours old"
    if not is_fresh:
        text += f", older than RCM_STALE_HOURS ({settings.stale_hours})"
    return is_fresh, text + (f"; {held}" if held else "")


def _daemon(settings: Settings) -> tuple[bool | None, str]:
    from rcm_platform.operate import dagster_home

    try:
        silent = dagster_home.silent_daemons(settings)
    except Exception as problem:
        return False, f"its storage cannot be read: {str(problem).strip().splitlines()[0]}"
    if silent is None:
        return None, "never ran: `rcm serve` or `rcm ui` starts it"
    if silent:
        minutes = dagster_home.DAEMON_SILENT_SECONDS // 60
        return False, f"not heard for {minutes} minutes: {', '.join(silent)}"
    return True, "heard"


def _web(port: int) -> tuple[bool, str]:
    url = f"http://127.0.0.1:{port}/auth/health"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS):
            return True, f"port {port} answers"
    except OSError as problem:
        return False, f"port {port} does not answer: {problem}"
