"""What the rules found, against the faults that the synthetic world planted, rule by rule.

Recall: the planted faults that had shown by the date and were found. Precision: the findings that
are planted faults, of those about the world's own sources. A finding that comes before the truth
counts on it is right, not wrong. Only checks read the truth; no model and no other asset may.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from rcm_platform.ingest.feeds import WORLD_SOURCES


@dataclass(frozen=True)
class RuleResult:
    """One rule: faults planted and found, findings made and right."""

    rule_id: str
    description: str
    severity: str
    planted: int
    found: int
    findings: int
    right: int

    @property
    def recall(self) -> Decimal:
        """Faults found of those planted; 1 when none was."""
        return _share(self.found, self.planted)

    @property
    def precision(self) -> Decimal:
        """Findings that are planted faults; 1 when nothing was found."""
        return _share(self.right, self.findings)

    @property
    def passed(self) -> bool:
        return self.found == self.planted and self.right == self.findings


@dataclass(frozen=True)
class Difference:
    """A record on which planted faults and findings do not agree."""

    record: str
    planted: int
    findings: int


def _share(part: int, whole: int) -> Decimal:
    return Decimal(part) / Decimal(whole) if whole else Decimal(1)


# How a record is named by both sides: a patient by the number that the hospital gives. Rules that
# hold a piece of a file or of a table name it (and, of several pieces, the dollars); else what
# stands in a database has no file; a payment that came twice has two, and its trace number is the
# same in both.
_KEY = """
    case
        when {rule} in ('B1', 'B2') then concat_ws('|', {file}, {amount})
        when {rule} in ('B3', 'D1', 'S2', 'T2', 'E14', 'E16', 'E17', 'E18', 'P7', 'P9') then {file}
        when {rule} = 'E13' then concat_ws('|', {file}, nullif({amount}, 0))
        when {rule} = 'D3' or {kind} in ('payer', 'ledger posting', 'deposit') then {record}
        when {kind} in ('claim', 'encounter', 'transaction', 'patient')
            then concat_ws('|', {system}, {record})
        else concat_ws('|', {file}, {record})
    end
"""
_PLANTED_KEY = _KEY.format(
    rule="detector", file="source_file", amount="amount", kind="record_type", record="record_id",
    system="source_system",
)  # fmt: skip
_FOUND_KEY = _KEY.format(
    rule="rule_id", file="source_file", amount="finding_amount", kind="record_type",
    record="record_id", system="source_system",
)  # fmt: skip

_COMPARE = f"""
with matured as (
    select detector as rule_id, {_PLANTED_KEY} as key, count(*) as planted
    from '{{truth}}/knowable/faults.parquet' group by all
),
ever as (
    select detector as rule_id, {_PLANTED_KEY} as key, count(*) as planted
    from '{{truth}}/happened/faults.parquet' group by all
),
made as (
    select rule_id, {_FOUND_KEY} as key, count(*) as findings
    from (
        select found.* replace (coalesce(patients.patient_id, found.record_id) as record_id)
        from marts.mart_data_exceptions as found
        -- one equation: with the type as another condition, each finding meets each patient
        left join marts.dim_patient as patients
            on case found.record_type when 'patient' then found.record_id end
                = patients.patient_key
    )
    where source_system in {WORLD_SOURCES} group by all
),
matched as (
    select coalesce(ever.rule_id, made.rule_id) as rule_id,
        coalesce(matured.planted, 0) as planted,
        least(coalesce(matured.planted, 0), coalesce(made.findings, 0)) as found,
        coalesce(made.findings, 0) as findings,
        least(coalesce(ever.planted, 0), coalesce(made.findings, 0)) as matching,
        coalesce(ever.rule_id, made.rule_id) || ' ' || coalesce(ever.key, made.key) as key
    from ever full join made on ever.rule_id = made.rule_id and ever.key = made.key
    left join matured on ever.rule_id = matured.rule_id and ever.key = matured.key
)
"""

_SUMS = """
select * from (
    select rule_id, rules.description, rules.severity, cast(coalesce(sum(planted), 0) as integer),
        cast(coalesce(sum(found), 0) as integer), cast(coalesce(sum(findings), 0) as integer),
        cast(coalesce(sum(matching), 0) as integer)
    from matched inner join seeds.rules using (rule_id)
    where {which} group by all
)
order by regexp_extract(rule_id, '[A-Z]+'), cast(regexp_extract(rule_id, '[0-9]+') as integer)
"""
_RESULTS = _SUMS.format(which="rule_id in (select rule_id from ever)")
_OTHERS = _SUMS.format(which="rule_id not in (select rule_id from ever)")

_DIFFERENCES = """
select key, planted, findings from matched
where (found < planted or matching < findings) and rule_id in (select rule_id from ever)
order by key
"""


def compare(con: duckdb.DuckDBPyConnection, truth_dir: Path) -> list[RuleResult]:
    """Every rule that some planted fault names as its detector.

    `truth_dir` holds the world's two truths, of the date that the warehouse is as of.
    """
    return [RuleResult(*row) for row in _run(con, truth_dir, _RESULTS)]


def others(con: duckdb.DuckDBPyConnection, truth_dir: Path) -> list[RuleResult]:
    """Findings of rules that no fault was planted for: nothing tells whether they are right."""
    return [RuleResult(*row) for row in _run(con, truth_dir, _OTHERS)]


def differences(con: duckdb.DuckDBPyConnection, truth_dir: Path) -> list[Difference]:
    """What was missed, or found and never planted; the record with its rule before it."""
    return [Difference(*row) for row in _run(con, truth_dir, _DIFFERENCES)]


def queries(truth_dir: Path) -> list[str]:
    """What is asked of the warehouse, as SQL."""
    return [_asked(truth_dir, query) for query in (_RESULTS, _OTHERS, _DIFFERENCES)]


def _run(con: duckdb.DuckDBPyConnection, truth_dir: Path, query: str) -> list[tuple[Any, ...]]:
    return con.execute(_asked(truth_dir, query)).fetchall()


def _asked(truth_dir: Path, query: str) -> str:
    truth = str(truth_dir).replace("'", "''")
    return _COMPARE.format(truth=truth) + query
