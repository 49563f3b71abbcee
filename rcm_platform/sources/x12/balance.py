"""Judge parsed transactions: missing values (T3), balances of the 835 (B1-B3) and 837 (P1).

The balances are computed in exact decimals over the rows that would be loaded, so what is loaded
always adds up.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from rcm_platform.sources.x12.adapter import SETS, Parsed
from rcm_platform.sources.x12.splitter import Fault

_REMIT = """
with

line_adjusted as (
    select line, sum(amount) as amount from remit_adjustments where line is not null group by line
),

line_off as (
    select
        lines.claim,
        arg_min(
            'line ' || lines.line_no || ': SVC02 ' || lines.charge_amount || ' - adjustments '
            || coalesce(line_adjusted.amount, 0) || ' is not SVC03 ' || lines.paid_amount,
            lines.line_no
        ) as reason
    from remit_lines as lines left join line_adjusted using (line)
    where lines.charge_amount - coalesce(line_adjusted.amount, 0) <> lines.paid_amount
    group by lines.claim
),

claim_adjusted as (
    select
        claim,
        sum(amount) as amount,
        coalesce(sum(amount) filter (where line is null), 0) as claim_level_amount
    from remit_adjustments group by claim
),

line_total as (
    select claim, sum(charge_amount) as charge_amount, sum(paid_amount) as paid_amount
    from remit_lines group by claim
),

claims as (
    select
        remit_claims.*,
        coalesce(claim_adjusted.amount, 0) as adjusted,
        coalesce(claim_adjusted.claim_level_amount, 0) as claim_level_adjusted,
        line_total.charge_amount as line_charge,
        line_total.paid_amount as line_paid,
        line_off.reason as line_reason
    from remit_claims
    left join claim_adjusted using (claim)
    left join line_total using (claim)
    left join line_off using (claim)
),

-- an amount that cannot be read leaves its claim (T3) and its payment (B3) without a judgement
paid as (
    select
        transaction,
        sum(paid_amount) as amount,
        count(*) - count(paid_amount) as unreadable
    from remit_claims group by transaction
),

withheld as (
    select transaction, sum(amount) as amount, count(*) - count(amount) as unreadable
    from remit_provider_adjustments group by transaction
)

-- where a line is off, the claim as a whole is off only if it is not the sum of its lines
select transaction, claim, 'B2' as rule_id,
    'CLP03 ' || charge_amount || ' - adjustments ' || adjusted || ' is not CLP04 ' || paid_amount
    as reason
from claims where line_reason is null and charge_amount - adjusted <> paid_amount

union all

select transaction, claim, 'B2',
    'lines charge ' || line_charge || ' and pay ' || line_paid || ', the claim (CLP03, CLP04) '
    || charge_amount || ' and ' || paid_amount
from claims
where line_reason is not null
    and (line_charge <> charge_amount or line_paid - claim_level_adjusted <> paid_amount)

union all

select transaction, claim, 'B1', line_reason from claims where line_reason is not null

union all

select payments.transaction, null, 'B3',
    'BPR02 ' || payments.payment_amount || ' is not the sum of CLP04 ' || coalesce(paid.amount, 0)
    || ' less PLB ' || coalesce(withheld.amount, 0)
from remit_payments as payments
left join paid using (transaction)
left join withheld using (transaction)
where coalesce(paid.unreadable, 0) = 0 and coalesce(withheld.unreadable, 0) = 0
    and payments.payment_amount
    <> coalesce(paid.amount, 0) - coalesce(withheld.amount, 0)

union all

select transaction, null, 'T3', 'BPR02 is missing' from remit_payments where payment_amount is null

union all

select transaction, null, 'T3', 'PLB has a reason without a readable amount'
from remit_provider_adjustments where amount is null

union all

select transaction, claim, 'T3', 'CLP03 or CLP04 is missing or not an amount'
from remit_claims where charge_amount is null or paid_amount is null

union all

select transaction, claim, 'T3', 'SVC02 or SVC03 is missing or not an amount'
from remit_lines where charge_amount is null or paid_amount is null

union all

select transaction, claim, 'T3', 'CAS has a reason without a readable amount'
from remit_adjustments where amount is null
"""

_SUBMITTED = """
with

line_total as (
    select claim, sum(charge_amount) as amount from submitted_lines group by claim
)

select claims.transaction, claims.claim, 'P1' as rule_id,
    'CLM02 ' || claims.charge_amount || ' is not the sum of {charge} '
    || coalesce(line_total.amount, 0) as reason
from submitted_claims as claims left join line_total using (claim)
where claims.charge_amount <> coalesce(line_total.amount, 0)

union all

select transaction, claim, 'T3', 'CLM02 is missing or not an amount'
from submitted_claims where charge_amount is null

union all

select transaction, claim, 'T3', '{charge} is missing or not an amount'
from submitted_lines where charge_amount is null
"""

_ACKNOWLEDGED = """
select distinct transaction, null, 'T3' as rule_id, 'AK102 names no group' as reason
from functional_acks where acknowledged_gs_control_number is null
"""

_CHECKS = {
    SETS["835"].spec: _REMIT,
    SETS["837P"].spec: _SUBMITTED.format(charge="SV102"),
    SETS["837I"].spec: _SUBMITTED.format(charge="SV203"),
    SETS["999"].spec: _ACKNOWLEDGED,
}
# when several rules fail, the claim is held under the first of these
_ORDER = ("E4", "T3", "B3", "B2", "B1", "P1")

Faults = dict[int, Fault]


def judge(parsed: Parsed) -> tuple[Faults, Faults]:
    """(faults by transaction, faults by claim) of what was parsed; 0-based, as in its tables."""
    by_transaction: dict[int, list[Fault]] = {}
    by_claim: dict[int, list[Fault]] = {}
    for transaction in parsed.broken:
        fault = Fault("E4", "segments that break the nesting of the transaction")
        by_transaction.setdefault(transaction, []).append(fault)
    for transaction, segment, reason in parsed.unreadable:
        claim = parsed.claim_at(transaction, segment)
        target = by_transaction if claim is None else by_claim
        key = transaction if claim is None else claim
        target.setdefault(key, []).append(Fault("T3", reason))
    if check := _CHECKS.get(parsed.set.spec):
        with duckdb.connect() as con:
            for name, rows in parsed.tables.items():
                con.register(name, rows)
            for transaction, claim, rule_id, reason in con.execute(check).fetchall():
                target = by_transaction if claim is None else by_claim
                key = transaction if claim is None else claim
                target.setdefault(key, []).append(Fault(rule_id, reason))
    return (
        {key: _worst(faults) for key, faults in by_transaction.items()},
        {key: _worst(faults) for key, faults in by_claim.items()},
    )


def _worst(faults: Iterable[Fault]) -> Fault:
    """One fault for several: the first rule in `_ORDER`, with one reason of each rule."""
    reasons: dict[str, str] = {}
    for fault in faults:
        reasons.setdefault(fault.rule_id, fault.reason)
    rules = sorted(reasons, key=_ORDER.index)
    others = "".join(f"; {rule}: {reasons[rule]}" for rule in rules[1:])
    return Fault(rules[0], reasons[rules[0]] + others)
