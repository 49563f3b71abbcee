"""What lands in raw, from where: the feeds (folders of the lake), and the source systems that fill
them, under the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rcm_platform.settings import DESK, PAPER_REMITTANCES, WORLD_HOSPITALS, Settings
from rcm_platform.sources.hospitals import hospitals, urls

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class FileSource:
    """A source system that comes as files in a folder; every other one but the desk is a hospital's
    database.

    `feed` is the folder of the lake that it fills, `kind` what its files are, `setting` the knob
    that names its folder.
    """

    feed: str
    kind: Literal["x12", "csv"]
    description: str
    raw_description: str
    """How its tables in raw are described."""
    without: str
    """What cannot be told without it."""
    setting: str | None = None
    is_played: bool = False
    """Whether the synthetic world can play it."""
    is_watched: bool = True
    """Whether a file that lands in its folder starts a run."""
    is_own: bool = False
    """Whether the platform writes it itself: nobody configures it, and its folder may not be there
    yet."""


FILE_SOURCES = {
    "clearinghouse": FileSource(
        "x12",
        "x12",
        "X12 traffic with the payers: claims out (837), answers in (999, 277CA, 835).",
        "as the X12 files say it",
        "claims, denials and what payers paid cannot be told",
        is_played=True,
    ),
    "x12_folder": FileSource(
        "x12",
        "x12",
        "X12 files of your own: claims, acknowledgements and remittances.",
        "as the X12 files say it",
        "claims, denials and what payers paid cannot be told",
        setting="x12_dir",
    ),
    PAPER_REMITTANCES: FileSource(
        "x12",
        "x12",
        "Remittances on paper that people entered at the operations desk, as X12 files (835).",
        "as the X12 files say it",
        "nothing else is missing",
        is_own=True,
    ),
    "treasury": FileSource(
        "treasury",
        "csv",
        "What the bank received and what the ledger booked, as daily CSV files.",
        "as the treasury's CSV files say it",
        "payments are not compared with the bank and the ledger",
        setting="treasury_dir",
        is_played=True,
    ),
    "operations": FileSource(
        "operations",
        "csv",
        "Facilities, payers, costs, targets and contracts, as CSV files.",
        "as the operations CSV files say it",
        "facilities and payers stand under their numbers, and margins, targets and underpayments "
        "cannot be told",
        setting="operations_dir",
        is_played=True,
    ),
    "claims_csv": FileSource(
        "claims_csv",
        "csv",
        "Claims as the hospitals' old billing systems export them, as monthly CSV files.",
        "as the hospitals' claims exports say it",
        "claims that only an old billing system knows are missing",
        setting="claims_csv_dir",
        is_played=True,
    ),
    "synthea": FileSource(
        "synthea",
        "csv",
        "A Synthea export of your own: one file per table.",
        "as the Synthea export holds it",
        "there is no synthetic population",
        setting="synthea_dir",
        is_watched=False,
    ),
}
"""Every source system that comes as files."""

DESK_DESCRIPTION = "What people entered about claims at the operations desk."

X12_SOURCES = tuple(name for name, source in FILE_SOURCES.items() if source.kind == "x12")
OWN = (DESK, *(name for name, source in FILE_SOURCES.items() if source.is_own))
"""The source systems that the platform keeps itself: what people enter."""
WATCHED = tuple(name for name, source in FILE_SOURCES.items() if source.is_watched)
WORLD_SOURCES = (
    *WORLD_HOSPITALS,
    *(name for name, source in FILE_SOURCES.items() if source.is_played),
)
"""The source systems that the synthetic world can play."""


@dataclass(frozen=True)
class Feed:
    """One folder of the lake: its tables, and the source systems that fill it."""

    name: str
    description: str
    tables: dict[str, pa.Schema]
    origins: tuple[str, ...]


def feeds(settings: Settings) -> dict[str, Feed]:
    """Every feed by name. Feeds without a source stay in the graph, with empty tables."""
    import pyarrow as pa

    from rcm_platform.sources import synthea
    from rcm_platform.sources.catalog import raw_tables

    known = hospitals(settings)
    tables = raw_tables(known.values())
    if settings.synthea_dir:
        # a table that no model reads is landed all the same
        for table in synthea.unmodelled_tables(settings.synthea_dir):
            tables["synthea"] = tables["synthea"] | {table: pa.schema([])}
    descriptions = {name: f"as the database of {h.title} holds it" for name, h in known.items()}
    descriptions |= {source.feed: source.raw_description for source in FILE_SOURCES.values()}
    descriptions[DESK] = "as people entered it at the operations desk"
    return {
        name: Feed(
            name,
            text,
            tables[name],
            tuple(s for s, source in FILE_SOURCES.items() if source.feed == name) or (name,),
        )
        for name, text in descriptions.items()
    }


def locations(settings: Settings) -> dict[str, str]:
    """Source system → where it is (database URL or folder), for those that these settings have.

    What people enter is the last: it is about what the others bring. It is there from the start,
    though its files are made by whoever first enters something.
    """
    found: dict[str, str | Path | None] = {**urls(settings)}
    found |= {
        name: getattr(settings, source.setting)
        for name, source in FILE_SOURCES.items()
        if source.setting
    }
    if settings.world:
        found |= {s: settings.world_dir / s for s in WORLD_SOURCES if not found.get(s)}
    found[PAPER_REMITTANCES] = settings.paper_remittances_dir
    found[DESK] = settings.desk_url or settings.desk_path
    return {name: str(where) for name, where in found.items() if where}


def of_users(settings: Settings) -> dict[str, str]:
    """`locations` of the systems that someone has to configure: all but what people enter here."""
    return {name: where for name, where in locations(settings).items() if name not in OWN}


def own_folder_in(settings: Settings, folder: Path) -> Path | None:
    """The platform's home, where it lies below a folder that is read: nothing in it was sent."""
    home, below = settings.home.resolve(), folder.resolve()
    return folder / home.relative_to(below) if below in home.parents else None


def from_world(settings: Settings) -> tuple[str, ...]:
    """The source systems that the synthetic world plays under these settings."""
    where = locations(settings)
    inside = str(settings.world_dir)
    return tuple(s for s in WORLD_SOURCES if where.get(s, "").startswith(inside))


def x12_admission(settings: Settings, source: str) -> tuple[bool, frozenset[str]]:
    """Whether interchanges marked as test are let in, and whose are (nobody named: everyone's).

    The files of the synthetic world and those that we write ourselves are let in as they are.
    """
    if FILE_SOURCES[source].is_played or FILE_SOURCES[source].is_own:
        return False, frozenset()
    return settings.x12_accept_test, settings.x12_partner_ids
