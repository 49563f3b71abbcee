"""What became of each file: its bytes, and the dollars that it announces."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb

from rcm_platform.ingest.feeds import X12_SOURCES
from rcm_platform.ingest.quarantine import items
from rcm_platform.proof.line import ProofLine

if TYPE_CHECKING:
    from rcm_platform.lake import Lake


def account_for_files(lake: Lake) -> list[ProofLine]:
    """What became of each file's bytes and, where it is X12, of the dollars that it announces.

    A line for each file that does not add up, after the totals of its source system:

    - bytes: received = loaded + quarantined + duplicate + padding;
    - dollars: what payments (BPR02) and submitted claims (CLM02) announce, held ones included =
      the claims less the provider adjustments that were loaded + what is held.

    A file with a held claim whose amounts cannot be read announces more than anyone can tell: its
    dollars are left out.
    """
    with lake.reading(), duckdb.connect() as con:
        lines = []
        for subject, unit, query in (
            ("bytes", "bytes", _FILE_BYTES),
            ("dollars", "dollars", _FILE_DOLLARS),
        ):
            tables = {name: lake.scan(feed, name) for feed, name in _ACCOUNTED}
            systems = ", ".join(f"'{system}'" for system in X12_SOURCES)
            accounts = query.format(**tables, systems=systems, in_raw=items.IN_RAW)
            con.execute(f"create or replace temp table files as {accounts}")
            for scope, announced, accounted in con.execute(_FILE_LINES).fetchall():
                figures = {"received": Decimal(announced), "accounted": Decimal(accounted)}
                lines.append(ProofLine(subject, scope, unit, figures))
    return lines


_ACCOUNTED = (
    ("platform", "received_files"),
    ("platform", "quarantine"),
    ("platform", "quarantine_decisions"),
    ("x12", "remit_claims"),
    ("x12", "remit_provider_adjustments"),
    ("x12", "submitted_claims"),
)

_FILE_LINES = """
    select scope, announced, accounted
    from (
        select 0 as place, source_system as scope, sum(announced) as announced,
            sum(accounted) as accounted
        from files group by source_system
        union all
        select 1, source_system || ': ' || source_file, announced, accounted
        from files where announced <> accounted
    )
    order by place, scope
"""

_FILE_BYTES = """
    select source_system, source_file,
        sum(byte_count) as announced,
        sum(loaded_byte_count + quarantined_byte_count
            + duplicate_byte_count + padding_byte_count) as accounted
    from {received_files}
    group by source_system, source_file
"""

_FILE_DOLLARS = """
    with

    items as (
        select quarantine.*,
            coalesce(decision in {in_raw}, false) as has_left,
            -- what was loaded from other bytes than these is announced there
            coalesce(decision in {in_raw} and decided.loaded_byte_count = 0, false)
                as is_elsewhere,
            -- the payment announces it, whether or not the claim is loaded
            level = 'claim' and starts_with(hex(content), '434C50') as is_paid_claim
        from {quarantine} as quarantine
        left join (
            select quarantine_id, any_value(decision) as decision,
                sum(loaded_byte_count) as loaded_byte_count
            from {quarantine_decisions}
            where decision in {in_raw}
            group by quarantine_id
        ) as decided using (quarantine_id)
        where source_system in ({systems})
            -- what an acknowledgement repeats of a claim (TRN) is announced by the claim
            and not (level = 'claim' and starts_with(hex(content), '54524E'))
    ),

    -- a part that was held anew when the whole was loaded is announced by the whole
    outermost as (
        select * from items
        where not exists (
            select 1 from items as around
            where around.content_sha256 = items.content_sha256
                and around.source_file = items.source_file
                and around.byte_offset <= items.byte_offset
                and around.byte_offset + around.byte_count
                    >= items.byte_offset + items.byte_count
                and around.byte_count > items.byte_count
        )
    ),

    amounts as (
        select source_system, source_file, dollar_amount as announced, 0 as accounted
        from {received_files} where source_system in ({systems})
        union all
        select source_system, source_file, dollar_amount, 0
        from outermost where not is_paid_claim and not is_elsewhere
        union all
        select source_system, source_file, 0, dollar_amount from items where not has_left
        union all
        select _source_system, _source_file, 0, paid_amount from {remit_claims}
        union all
        select _source_system, _source_file, 0, -amount from {remit_provider_adjustments}
        union all
        select _source_system, _source_file, 0, charge_amount from {submitted_claims}
    )

    select source_system, source_file,
        coalesce(sum(announced), 0) as announced, coalesce(sum(accounted), 0) as accounted
    from amounts
    where (source_system, source_file) not in (
        select (source_system, source_file) from items
        -- a claim without its first segment (CLP, CLM) cannot say what it is
        where level = 'claim' and (dollar_amount is null or left(hex(content), 4) <> '434C')
    )
    group by source_system, source_file
"""
