"""Every knob of the platform, once: environment variables `RCM_*` (or a `.env` file beside you)."""

from __future__ import annotations

import os
import re
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

WORLD_HOSPITALS = ("hospital_a", "hospital_b")
"""The hospitals that the synthetic world plays."""

DESK = "desk"
"""The source system of what people enter at the operations desk."""

PAPER_REMITTANCES = "paper_remittances"
"""The source system of the remittances on paper that people enter at the desk."""

_CHECKOUT = Path(__file__).parents[1] / "rcm_dbt"
_PACKAGED = Path(__file__).parent / "_dbt"

WorldSize = Literal["tiny", "small", "medium", "large"]


def _blank_is_none(value: object) -> object:
    """`RCM_X=` in an env file means "not set", not an empty path."""
    return None if value == "" else value


def _absolute(value: object) -> object:
    return Path(str(value)).expanduser().absolute() if value not in (None, "") else None


OptionalPath = Annotated[Path | None, BeforeValidator(_absolute)]
OptionalText = Annotated[str | None, BeforeValidator(_blank_is_none)]
OptionalInt = Annotated[int | None, BeforeValidator(_blank_is_none)]
OptionalDate = Annotated[date | None, BeforeValidator(_blank_is_none)]


class Settings(BaseSettings):
    """Configuration of one installation. Units are in each description; paths are made absolute."""

    model_config = SettingsConfigDict(env_prefix="RCM_", env_file=".env", extra="ignore")

    home: Annotated[Path, BeforeValidator(_absolute)] = Field(
        default_factory=lambda: Path(".rcm").absolute(),
        description="Folder for everything the platform writes: world, lake, warehouse, published.",
    )
    as_of: OptionalDate = Field(
        None,
        description="Report as of this date (yyyy-mm-dd). Default: the latest arrival date in raw.",
    )
    dbt_project_dir: OptionalPath = Field(
        None,
        description="Folder of the dbt project, where hospitals are configured. "
        "Default: the one that comes with the platform.",
    )
    memory_gb: OptionalInt = Field(
        None,
        ge=1,
        description="Memory in GB that DuckDB may take to build the models; what is more goes to "
        "disk. Default: half of the machine's, at most 8.",
    )
    target: Literal["duckdb", "postgres", "spark"] = Field(
        "duckdb",
        description="Engine that builds the models: duckdb | postgres | spark (docs/scale.md).",
    )
    postgres_url: OptionalText = Field(
        None,
        description="A database of its own, in which RCM_TARGET=postgres builds the models: "
        "postgresql://user:password@host:5432/rcm.",
    )
    spark_master: str = Field(
        "local[*]",
        description="Where Spark runs: local[cores], local-cluster[executors,cores,MB], "
        "spark://host:port, yarn. All of them must see RCM_HOME under the same path.",
    )
    spark_memory: str = Field(
        "4g", description="Memory of Spark's driver, in Spark's words (4g, 800m)."
    )
    spark_partitions: int = Field(
        2, ge=1, description="Parts into which Spark divides what it joins and sums."
    )
    timezone: str = Field("America/New_York", description="Time zone of the nightly schedule.")
    nightly_cron: str = Field("0 2 * * *", description="Cron expression of the nightly run.")
    sensor_seconds: int = Field(
        8,
        ge=1,
        description="Seconds between two looks of the landing sensor at the folders, at least: "
        "Dagster's daemon asks its sensors every five seconds, so 8 is every ten.",
    )

    ui_url: OptionalText = Field(
        None,
        description="Where people open the Dagster UI; links in alerts lead there. "
        "Default: where `rcm ui` or `rcm serve` listens.",
    )
    alert_email_to: OptionalText = Field(
        None, description="Who is told of failures by e-mail, joined by commas."
    )
    alert_email_from: str = Field("rcm_platform@localhost", description="Sender of those e-mails.")
    smtp_url: str = Field(
        "smtp://localhost:25",
        description="Mail server: smtp://, smtp+tls:// or smtps://[user:password@]host[:port].",
    )
    alert_webhook_url: OptionalText = Field(
        None, description="URL that is sent each alert as JSON: kind, title, text, link."
    )
    alert_slack_url: OptionalText = Field(
        None, description="Incoming webhook of a Slack channel that is told."
    )
    stale_hours: int = Field(
        30, ge=1, description="Hours after which what is published counts as stale."
    )

    dagster_postgres_url: OptionalText = Field(
        None,
        description="PostgreSQL of Dagster's runs, events and schedules: postgresql://... "
        "Default: SQLite files in RCM_HOME.",
    )
    desk_url: OptionalText = Field(
        None,
        description="PostgreSQL of what people enter at the operations desk: postgresql://... "
        "Default: an SQLite file in RCM_HOME.",
    )
    oidc_issuer: OptionalText = Field(
        None,
        description="OpenID Connect provider whose login `rcm serve` takes: https://... "
        "Default: user names and passwords of `rcm users` only.",
    )
    oidc_client_id: OptionalText = Field(
        None, description="As which application this installation is registered there."
    )
    oidc_client_secret: OptionalText = Field(
        None, description="The secret that the provider gave to that application."
    )
    oidc_claim: str = Field(
        "preferred_username",
        description="Claim of the provider that is the user's name in `rcm users`.",
    )
    code_server: OptionalText = Field(
        None,
        description="host:port where `rcm serve --only daemon` offers the graph to "
        "`rcm serve --only web`. Default: both are one `rcm serve`, by a socket.",
    )

    world: bool = Field(True, description="on: build the synthetic world; off: your sources only.")
    world_seed: int = Field(20250101, ge=0, description="Seed of the synthetic world.")
    world_size: WorldSize = Field(
        "small", description="tiny 1,000 | small 20,000 | medium 100,000 | large 1,000,000 claims."
    )
    world_start: date = Field(date(2024, 10, 1), description="First service date of the world.")
    world_through: date = Field(date(2025, 12, 31), description="Last arrival date of the world.")
    snapshots_from: date = Field(
        date(2024, 10, 1), description="First day as of which KPIs can be back-filled."
    )

    world_faults: str = Field(
        "",
        description="Planted faults: `none`, or name=rate per million, joined by commas. "
        "Default: the rates of world/parameters/faults.csv (`rcm world faults` lists them).",
    )

    # of any further hospital RCM_<SOURCE SYSTEM>_URL is read: see sources/hospitals.py
    hospital_a_url: OptionalText = Field(
        None, description="Database URL or DuckDB file, hospital A."
    )
    hospital_b_url: OptionalText = Field(
        None, description="Database URL or DuckDB file, hospital B."
    )
    treasury_dir: OptionalPath = Field(
        None, description="Folder of bank deposits and general ledger postings (CSV)."
    )
    operations_dir: OptionalPath = Field(
        None, description="Folder of facilities, payers, costs, targets and contracts (CSV)."
    )
    claims_csv_dir: OptionalPath = Field(
        None, description="Folder of claims exports (CSV), one sub-folder per hospital."
    )
    synthea_dir: OptionalPath = Field(None, description="Folder of a Synthea export to add.")
    x12_dir: OptionalPath = Field(None, description="Folder of X12 files to add.")
    x12_accept_test: bool = Field(
        False, description="1: also load interchanges marked as test (ISA15 = T)."
    )

    x12_partners: str = Field(
        "",
        description="Trading partners of RCM_X12_DIR: sender and receiver ids (ISA06, ISA08, GS02, "
        "GS03) joined by commas, your own among them. An interchange that names any other waits in "
        "quarantine. Default: none listed, all accepted.",
    )

    @field_validator("world", mode="before")
    @classmethod
    def _on_off(cls, value: object) -> object:
        return {"on": True, "off": False}.get(str(value).lower(), value)

    @field_validator("code_server")
    @classmethod
    def _names_a_port(cls, value: str | None) -> str | None:
        if value and not value.rpartition(":")[2].isdigit():
            raise ValueError(f"RCM_CODE_SERVER ({value}) is not host:port")
        return value

    @field_validator("desk_url")
    @classmethod
    def _is_postgresql(cls, value: str | None) -> str | None:
        if value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("RCM_DESK_URL is not postgresql://...")
        return value

    @field_validator("world_through")
    @classmethod
    def _ends_after_start(cls, value: date, info: object) -> date:
        start = getattr(info, "data", {}).get("world_start")
        if start and value < start:
            raise ValueError(f"RCM_WORLD_THROUGH ({value}) is before RCM_WORLD_START ({start})")
        return value

    @property
    def memory_limit(self) -> str:
        """The memory that DuckDB may take to build the models, in its own words."""
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**6
        return f"{self.memory_gb * 1000 if self.memory_gb else min(8000, machine // 2)}MB"

    @property
    def x12_partner_ids(self) -> frozenset[str]:
        """The ids in `x12_partners`."""
        return frozenset(name.strip() for name in self.x12_partners.split(",") if name.strip())

    @property
    def world_dir(self) -> Path:
        return self.home / "world"

    @property
    def data_dir(self) -> Path:
        """Home of lake, warehouse and published files; the synthetic world never shares one."""
        return self.home if self.world else self.home / "own"

    @property
    def lake_dir(self) -> Path:
        return self.data_dir / "lake"

    @property
    def persons_dir(self) -> Path:
        """Which patient records are one person's, as last linked."""
        return self.data_dir / "persons"

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file that dbt builds. Its stem is the catalog name: never rename it."""
        return self.data_dir / "warehouse" / "rcm.duckdb"

    @property
    def desk_path(self) -> Path:
        """What people entered at the operations desk, unless a PostgreSQL holds it."""
        return self.data_dir / "desk.db"

    @property
    def paper_remittances_dir(self) -> Path:
        """The remittances on paper that people entered at the desk, as X12 files."""
        return self.data_dir / PAPER_REMITTANCES

    @property
    def published_dir(self) -> Path:
        return self.data_dir / "published"

    @property
    def snapshots_dir(self) -> Path:
        """KPIs as of earlier days, one folder per day."""
        return self.data_dir / "snapshots"

    @property
    def documentation_dir(self) -> Path:
        return self.data_dir / "documentation"

    @property
    def dbt_target_dir(self) -> Path:
        return self.data_dir / "dbt"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def users_path(self) -> Path:
        """Who may come in by `rcm serve`, unless a PostgreSQL holds them."""
        return self.home / "users.db"

    @property
    def audit_log_path(self) -> Path:
        """Who came in by `rcm serve`, who saw claims, what was refused: one JSON object a line."""
        return self.home / "audit.log"

    @property
    def project_dir(self) -> Path:
        """The dbt project: the one that RCM_DBT_PROJECT_DIR names, else that of this checkout or
        wheel."""
        return self.dbt_project_dir or (_CHECKOUT if _CHECKOUT.is_dir() else _PACKAGED)

    def variable(self, name: str) -> str | None:
        """A variable of the environment or the env file that is no field of these settings, as the
        RCM_<SOURCE SYSTEM>_URL of a hospital; None where it is blank or not set."""
        return self._environment.get(name.upper()) or None

    @cached_property
    def _environment(self) -> dict[str, str | None]:
        return _environment(self.model_config.get("env_file"))


def _environment(env_file: object) -> dict[str, str | None]:
    """The variables of the env file and, before those, of the environment, in upper case."""
    given = dotenv_values(str(env_file)) if env_file else {}
    return {name.upper(): value for name, value in [*given.items(), *os.environ.items()]}


def access_environment() -> dict[str, str]:
    """What is set of DAGSTER_AUTH_..., the knobs of dagster-authkit; blank is not set."""
    known = _environment(Settings.model_config.get("env_file"))
    return {n: value for n, value in known.items() if value and n.startswith("DAGSTER_AUTH_")}


_SHOWN_OPTIONS = {"sslmode", "ssl-mode", "ssl_mode", "search_path", "options"}


def redact(url: str) -> str:
    """The URL without its password, for logs and metadata.

    Where it is not clear which part is the password, all of it is left out but the scheme.
    """
    scheme, mark, rest = url.partition("://")
    if not mark:  # a path, unless it is a list of settings
        return "***" if set("@=;") & set(url) else url
    if not re.fullmatch("[A-Za-z0-9+.:-]+", scheme):
        return "***"
    place, question, query = rest.partition("?")
    login, at, host = place.rpartition("@")
    is_unclear = "@" in login or "@" in query or "/" in login or "#" in rest
    if is_unclear or not (at or re.fullmatch(r"(\[[^/]*\]|[^/:]*)(:\d*)?(/.*)?", host)):
        return f"{scheme}://***"
    user, colon, _ = login.partition(":")
    given = [option.partition("=") for option in query.split("&")] if question else []
    shown = "&".join(f"{n}={v if n in _SHOWN_OPTIONS else '***'}" for n, _, v in given)
    return f"{scheme}://{user}{':***' if colon else ''}{at}{host}" + (f"?{shown}" if shown else "")


def get_settings() -> Settings:
    """Read the environment now (cheap; not cached, so tests and runs can change it)."""
    return Settings()
