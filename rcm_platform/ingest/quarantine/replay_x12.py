"""Held parts of X12 files, read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from rcm_platform.ingest import feeds
from rcm_platform.ingest.credible_days import last_credible_day
from rcm_platform.ingest.quarantine.items import Item, contents
from rcm_platform.ingest.quarantine.originals import original
from rcm_platform.lake import Batch, Lake
from rcm_platform.settings import Settings
from rcm_platform.sources.x12 import TABLES as X12_TABLES
from rcm_platform.sources.x12 import replay as x12_replay


class RawKeys:
    """Which interchanges, transactions and claims raw has, of the files that are replayed."""

    def __init__(self, lake: Lake, wanted: Sequence[Item]) -> None:
        self._keys: set[x12_replay.Key] = set()
        if not wanted:
            return
        with duckdb.connect() as con:
            rows = con.execute(
                "select distinct interchange_sha256, _source_file "
                f"from {lake.scan('x12', 'interchanges')}"
            ).fetchall()
            self._keys |= {(sha, None, None) for sha, _ in rows}
            names = {item.source_file for item in wanted if item.level in ("claim", "transaction")}
            shas = sorted({sha for sha, name in rows if name in names})
            if not shas:
                return
            for table, schema in X12_TABLES.items():
                if "transaction_no" not in schema.names:
                    continue
                claim = "claim_no" if "claim_no" in schema.names else "null::int"
                found = con.execute(
                    f"""select distinct interchange_sha256, transaction_no, {claim}
                    from {lake.scan("x12", table)}
                    where transaction_no is not null
                        and interchange_sha256 in (select unnest(?))""",
                    [shas],
                ).fetchall()
                self._keys |= {(sha, transaction, claim_no) for sha, transaction, claim_no in found}
                self._keys |= {(sha, transaction, None) for sha, transaction, _ in found}

    def has(self, key: x12_replay.Key) -> bool:
        return key in self._keys

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        self._keys |= {
            (sha, None, None) for sha in tables["interchanges"]["interchange_sha256"].to_pylist()
        }


def replay_held(
    settings: Settings,
    lake: Lake,
    raw: RawKeys,
    batch: Batch,
    held: Sequence[Item],
    waived: str,
    counts: dict[str, int],
) -> dict[str, x12_replay.Outcome]:
    """Read X12 files again under today's settings, save for the rule that is `waived`; what it adds
    to raw is added to the `counts` of rows by table."""
    first = held[0]
    accept_test, partners = feeds.x12_admission(settings, first.source_system)
    not_after = last_credible_day(settings, first.source_system)
    outcomes: dict[str, x12_replay.Outcome] = {}
    results: list[x12_replay.Replayed] = []
    if (data := original(settings, lake, held)) is not None:
        pieces = [_piece(item) for item in held]
        results.append(
            x12_replay.replay(
                first.source_file,
                data,
                first.source_system,
                pieces,
                raw.has,
                accept_test,
                partners,
                not_after,
                waived,
            )
        )
    else:
        whole = [item for item in held if item.level == "interchange"]
        bytes_of = contents(lake, whole)
        for item in whole:
            number = (item.source_position or "").partition("/")[0]
            results.append(
                x12_replay.replay_interchange(
                    item.source_file,
                    bytes_of[item.quarantine_id],
                    item.source_system,
                    _piece(item),
                    int(number) if number.isdigit() else 1,
                    item.content_sha256,
                    raw.has,
                    accept_test,
                    partners,
                    not_after,
                    waived,
                )
            )
            raw.add(results[-1].tables)
        gone = "the file that it came from is gone: put it back where it was, then replay"
        outcomes |= {
            i.quarantine_id: x12_replay.Outcome(problem=gone) for i in held if i not in whole
        }
    for result in results:
        raw.add(result.tables)
        outcomes |= result.outcomes
        for table, rows in result.tables.items():
            counts[table] = counts.get(table, 0) + len(rows)
            batch.add("x12", table, None, rows)
    return outcomes


def _piece(item: Item) -> x12_replay.Piece:
    start = item.byte_offset or 0
    segment = (item.source_position or "").rpartition("/")[2]
    return x12_replay.Piece(
        item.quarantine_id,
        item.level,
        start,
        start + item.byte_count,
        int(segment) if segment.isdigit() else None,
    )
