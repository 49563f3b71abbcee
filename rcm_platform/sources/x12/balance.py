"""Judge parsed transactions: missing values (T3), levels (E12, E17), line breaks within data (E15),
several payers (E19), balances of the 835 (B1-B3, B11, B12 and P9, in `remit_balance`), the 837
(P1) and the 277CA (K7).

The balances are computed in exact decimals over the rows that would be loaded, so what is loaded
always adds up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import duckdb

from rcm_platform.sources.x12 import remit_balance
from rcm_platform.sources.x12.adapter import SETS, Parsed
from rcm_platform.sources.x12.envelope import torn
from rcm_platform.sources.x12.hierarchy import misplaced, renumbered
from rcm_platform.sources.x12.splitter import Fault

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

# the action of an answer decides, and without one its category: rejected, or not found (K2, K3).
# Who is rejected with all claims below (K6) counts them as rejected, whatever is said of each
_ANSWERED = """
with

answers as (
    select
        *,
        coalesce(action_code = 'U', category_code in ('A3', 'A4', 'A6', 'A7', 'A8'), false)
            as is_rejected
    from ack_batches
),

providers as (
    select
        providers.* replace (providers.is_rejected or receivers.is_rejected as is_rejected)
    from answers as providers
    inner join answers as receivers
        on providers.transaction = receivers.transaction
        and providers.parent_batch_no = receivers.batch_no
),

claims as (
    select
        claims.transaction,
        claims.batch_no,
        claims.charge_amount,
        providers.is_rejected
        or coalesce(
            claims.action_code = 'U',
            claims.category_code in ('A3', 'A4', 'A6', 'A7', 'A8'),
            false
        ) as is_rejected
    from ack_claims as claims inner join providers using (transaction, batch_no)
),

-- the sum of what cannot be read is not known
listed as (
    select
        transaction,
        batch_no,
        count(*) filter (where not is_rejected) as accepted_count,
        count(*) filter (where is_rejected) as rejected_count,
        case when count(*) = count(charge_amount)
            then coalesce(sum(charge_amount) filter (where not is_rejected), 0)
        end as accepted_amount,
        case when count(*) = count(charge_amount)
            then coalesce(sum(charge_amount) filter (where is_rejected), 0)
        end as rejected_amount
    from claims group by transaction, batch_no
),

-- a provider whose claims are not listed counts as it says; one of two totals stands for both
below as (
    select
        providers.transaction,
        providers.parent_batch_no as batch_no,
        coalesce(listed.accepted_count, providers.accepted_count, providers.rejected_count * 0)
            as accepted_count,
        coalesce(listed.rejected_count, providers.rejected_count, providers.accepted_count * 0)
            as rejected_count,
        case when listed.batch_no is null
            then coalesce(providers.accepted_amount, providers.rejected_amount * 0)
            else listed.accepted_amount
        end as accepted_amount,
        case when listed.batch_no is null
            then coalesce(providers.rejected_amount, providers.accepted_amount * 0)
            else listed.rejected_amount
        end as rejected_amount
    from providers left join listed using (transaction, batch_no)
),

summed as (
    select * from listed
    union all
    select
        transaction,
        batch_no,
        case when count(*) = count(accepted_count) then sum(accepted_count) end,
        case when count(*) = count(rejected_count) then sum(rejected_count) end,
        case when count(*) = count(accepted_amount) then sum(accepted_amount) end,
        case when count(*) = count(rejected_amount) then sum(rejected_amount) end
    from below group by transaction, batch_no
),

compared as (
    select
        answers.transaction,
        answers.batch_no,
        answers.level_code,
        unnest([
            {'is_off': answers.accepted_amount <> summed.accepted_amount,
            'reason': 'AMT*YU ' || answers.accepted_amount || ' accepted, its claims are '
            || summed.accepted_amount},
            {'is_off': answers.rejected_amount <> summed.rejected_amount,
            'reason': 'AMT*YY ' || answers.rejected_amount || ' rejected, its claims are '
            || summed.rejected_amount},
            {'is_off': answers.accepted_count <> summed.accepted_count,
            'reason': answers.accepted_count || ' claims accepted, there are '
            || summed.accepted_count},
            {'is_off': answers.rejected_count <> summed.rejected_count,
            'reason': answers.rejected_count || ' claims rejected, there are '
            || summed.rejected_count}
        ], recursive := true)
    from answers inner join summed using (transaction, batch_no)
)

select transaction, null, 'K7' as rule_id,
    'totals of HL03 ' || level_code || ': ' || string_agg(reason, ', ' order by reason) as reason
from compared where is_off
group by transaction, batch_no, level_code order by transaction, batch_no
"""

_ACKNOWLEDGED = """
select distinct transaction, null, 'T3' as rule_id, 'AK102 names no group' as reason
from functional_acks where acknowledged_gs_control_number is null
"""

_CHECKS = {
    SETS["837P"].spec: _SUBMITTED.format(charge="SV102"),
    SETS["837I"].spec: _SUBMITTED.format(charge="SV203"),
    SETS["277CA"].spec: _ANSWERED,
    SETS["999"].spec: _ACKNOWLEDGED,
}
# when several rules fail, the claim is held under the first of these
_ORDER = ("E15", "E4", "E12", "E19", "T3", "B3", "B11", "B2", "B1", "P1", "K7")

Faults = dict[int, Fault]


def judge(parsed: Parsed, waived: str = "") -> tuple[Faults, Faults]:
    """(faults by transaction, faults by claim) of what was parsed; 0-based, as in its tables.

    `waived` is a rule that holds nothing (K7, B11).
    """
    by_transaction: dict[int, list[Fault]] = {}
    by_claim: dict[int, list[Fault]] = {}
    for transaction in parsed.broken:
        fault = Fault("E4", "segments that break the nesting of the transaction")
        by_transaction.setdefault(transaction, []).append(fault)
    for transaction, reason in misplaced(parsed):
        by_transaction.setdefault(transaction, []).append(Fault("E12", reason))
    for transaction, segment, reason in renumbered(parsed):
        parsed.add_note(transaction, segment, "LevelNumbers", reason)
    if parsed.set is SETS["835"]:
        parsed.tables["remit_claims"], paid_interest = remit_balance.with_interest(parsed.tables)
        for row in paid_interest:
            parsed.add_claim_note(row, "InterestInClaim", _INTEREST)
        parsed.tables["remit_payments"], taken = remit_balance.with_sign(parsed.tables)
        for transaction in taken:
            parsed.add_note(transaction, 1, "DebitTaken", _TAKEN)
    found = [*_within(parsed), *_findings(parsed)]
    for transaction, claim, rule_id, reason in (*found, *_without_reason(parsed, found)):
        if rule_id == waived:
            continue
        target = by_transaction if claim is None else by_claim
        key = transaction if claim is None else claim
        target.setdefault(key, []).append(Fault(rule_id, reason))
    return (
        {key: _worst(faults) for key, faults in by_transaction.items()},
        {key: _worst(faults) for key, faults in by_claim.items()},
    )


def _without_reason(
    parsed: Parsed, found: Iterable[remit_balance.Finding]
) -> Iterator[remit_balance.Finding]:
    """Of what does not add up, the claims and payments with an amount that has no reason."""
    for transaction, claim, rule_id, _ in found:
        if rule_id in ("B1", "B2", "B3"):
            for element in parsed.adjustments_without_reason(transaction, claim)[:1]:
                yield transaction, claim, "T3", f"{element} is missing: an amount has no reason"


_INTEREST = "P9: CLP04 holds the interest of AMT*I, which is booked apart"
_TAKEN = "B12: BPR03 is D (a debit) and the claims take BPR02 back: it is read below zero"


def _within(parsed: Parsed) -> Iterator[remit_balance.Finding]:
    """What is wrong with single segments, of the claim that they stand in."""
    for transaction, segment, reason in parsed.unreadable:
        yield transaction, parsed.claim_at(transaction, segment), "T3", reason
    for transaction, segment, name in parsed.torn:
        # a segment without a name may have been the first of a claim
        claim = parsed.claim_at(transaction, segment) if name else None
        yield transaction, claim, "E15", torn(name or "the name of a segment")
    for transaction, segment in parsed.second_payers:
        claims, is_all = parsed.claims_from(transaction, segment)
        what = "several payers (N1*PR) in one ST:"
        if is_all:
            yield transaction, None, "E19", f"{what} nobody can tell which of them pays its claims"
        else:
            for claim in claims:
                yield transaction, claim, "E19", f"{what} the claim stands behind the second"


def _findings(parsed: Parsed) -> Iterable[remit_balance.Finding]:
    if parsed.set is SETS["835"]:
        return remit_balance.findings(parsed.tables)
    con = _connection()
    for name, rows in parsed.tables.items():
        con.register(name, rows)
    try:
        return con.execute(_CHECKS[parsed.set.spec]).fetchall()
    finally:
        # the tables are large, and the connection outlives them
        for name in parsed.tables:
            con.unregister(name)


_own = threading.local()


def _connection() -> duckdb.DuckDBPyConnection:
    """This thread's connection: to open one costs as much as to judge a chunk. Chunks are judged
    side by side, so one thread is enough for each."""
    if not hasattr(_own, "connection"):
        _own.connection = duckdb.connect(config={"threads": 1})
    connection: duckdb.DuckDBPyConnection = _own.connection
    return connection


def _worst(faults: Iterable[Fault]) -> Fault:
    """One fault for several: the first rule in `_ORDER`, with one reason of each rule."""
    reasons: dict[str, str] = {}
    for fault in faults:
        reasons.setdefault(fault.rule_id, fault.reason)
    rules = sorted(reasons, key=_ORDER.index)
    others = "".join(f"; {rule}: {reasons[rule]}" for rule in rules[1:])
    return Fault(rules[0], reasons[rules[0]] + others)
