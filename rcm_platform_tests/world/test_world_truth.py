"""The knowable truth is what a careful reader of the databases and files would find."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from plain_x12 import read_835
from tiny_world import THROUGH, Query

from rcm_platform.world.parameters import Parameters

CENT = Decimal("0.01")
POSTED = {
    "Patient Payment": "PATIENT_PAYMENT",
    "Denial Write-off": "DENIAL_WRITE_OFF",
    "Admin Write-off": "ADMIN_WRITE_OFF",
    "Small Balance": "SMALL_BALANCE",
    "Bad Debt": "BAD_DEBT",
    "Charity": "CHARITY",
}


def test_ledger_is_what_the_sources_say(world: Path, query: Query) -> None:
    """Rebuild ledger and denials from the emitted data alone, and compare row by row."""
    denial_reasons = set(Parameters().denials.text("carc"))
    entries: Counter = Counter()
    denials: Counter = Counter()

    def add(*entry: object) -> None:
        entries[entry] += 1

    zero = Decimal("0.00")
    for system in ("hospital_a", "hospital_b"):
        for claim, kind, service, paid, inserted, amount in query(
            "select ClaimID, AmountType, ServiceDate, PaidDate, InsertDate::date, "
            f"coalesce(Amount, PaidAmount) from {system}.transactions"
        ):
            if kind == "Charge":
                add(system, claim, "CHARGE", service, inserted, amount, zero, zero)
            else:
                cash = amount if kind == "Patient Payment" else zero
                add(system, claim, POSTED[kind], paid or inserted, inserted, -amount, cash, zero)

    for path in sorted((world / "clearinghouse" / "835").glob("*.edi")):
        if path.stem.endswith("_2"):
            continue
        system, remit = path.stem[4:14], read_835(path)
        event = datetime.strptime(remit.paid_on, "%Y%m%d").date()
        recorded = datetime.strptime(remit.arrived_on, "%Y%m%d").date()
        for claim in remit.claims:
            if not claim.is_balanced:
                continue
            if claim.paid:
                cash = claim.paid.quantize(CENT)
                add(system, claim.claim_id, "PAYER_PAYMENT", event, recorded, -cash, cash, zero)
            for line, group, reason, given in claim.all_adjustments:
                amount = given.quantize(CENT)
                is_denial = reason in denial_reasons
                head = (system, claim.claim_id)
                if group == "PR":
                    add(*head, "TRANSFER_TO_PATIENT", event, recorded, zero, zero, amount)
                elif is_denial:
                    add(*head, "DENIAL_HOLD", event, recorded, zero, zero, amount)
                else:
                    add(*head, "CONTRACTUAL", event, recorded, -amount, zero, zero)
                if is_denial:
                    denials[(*head, line, reason, group, amount, event, recorded)] += 1

    told = query(
        "select source_system, claim_id, event_type, event_date, recorded_date, ar_amount, "
        "cash_amount, memo_amount from knowable.ledger_entries"
    )
    assert Counter(told) == entries
    told = query(
        "select source_system, claim_id, line, carc, group_code, amount, event_date, recorded_date "
        "from knowable.denial_events"
    )
    assert Counter(told) == denials


@pytest.mark.parametrize("scope", ["happened", "knowable"])
def test_claims_sum_their_ledger_entries(scope: str, query: Query) -> None:
    [(claims, entries, wrong)] = query(
        f"""with sums as (
            select source_system, claim_id, sum(ar_amount) as open_amount, count(*) as entry_count
            from {scope}.ledger_entries group by all)
        select count(*), sum(s.entry_count), count(*) filter (where
            c.open_amount is distinct from s.open_amount
            or c.entry_count is distinct from s.entry_count
            or c.open_amount <> c.charge_amount - c.contractual_amount - c.payer_paid_amount
                - c.patient_paid_amount - c.write_off_amount)
        from {scope}.claims as c left join sums as s using (source_system, claim_id)"""
    )
    assert wrong == 0
    assert query(f"select count(*) from {scope}.ledger_entries") == [(entries,)]
    assert query(f"select count(distinct (source_system, claim_id)) from {scope}.claims") == [
        (claims,)
    ]


def test_everything_ends_settled_or_in_credit(query: Query) -> None:
    """In the end no claim stays open; a few patients have paid too much."""
    [(claims, still_open, credit)] = query(
        """select count(*), count(*) filter (where open_amount > 0),
            count(*) filter (where open_amount < 0) from happened.claims"""
    )
    assert still_open == 0
    assert 0 < credit / claims < 0.02


def test_nothing_knowable_comes_later_than_the_last_day(query: Query) -> None:
    for table, column in {
        "ledger_entries": "recorded_date", "denial_events": "recorded_date",
        "remits": "arrival_date", "bank_deposits": "arrival_date", "facility_costs": "arrival_date",
        "encounters": "encounter_date", "submissions": "submitted_date",
        "faults": "knowable_date", "patients": "registered_date",
    }.items():  # fmt: skip
        [(latest,)] = query(f"select max({column}) from knowable.{table}")
        assert latest <= THROUGH, table
        [(known, all_rows)] = query(
            f"select (select count(*) from knowable.{table}), count(*) from happened.{table}"
        )
        assert 0 < known <= all_rows


def test_work_is_counted_once_per_visit(query: Query) -> None:
    [(truth,)] = query("select sum(work_rvu) from knowable.encounters")
    [(source,)] = query(
        """select sum(w) from (
            select sum(WorkRVU * Units) as w from hospital_a.procedures
            union all select sum(WorkRVU * Units) from hospital_b.procedures)"""
    )
    assert truth == source > 0


def test_rates_are_those_of_the_parameters(query: Query) -> None:
    [(decided, denied)] = query(
        """select count(*), count(*) filter (where is_denied_on_first_remit)
        from happened.claims where first_remit_date is not null"""
    )
    assert 0.085 < denied / decided < 0.155
    [(answered, rejected)] = query(
        """select count(*), count(*) filter (where first_ack_status = 'rejected')
        from happened.claims where first_ack_status is not null"""
    )
    assert 0.01 < rejected / answered < 0.05
    [(days,)] = query(
        """select median(first_payer_payment_date - first_submitted_date) from happened.claims
        where payer_id = '10001'"""
    )
    assert 14 <= days <= 17


def test_self_pay_accounts_never_meet_a_payer(query: Query) -> None:
    [(accounts, seen)] = query(
        """select count(*), count(*) filter (where submission_count > 0
            or first_remit_date is not null or payer_paid_amount <> 0)
        from happened.claims where payer_id = 'SELF'"""
    )
    assert accounts > 0
    assert seen == 0


def test_late_filing_denials_were_filed_late(query: Query) -> None:
    """The reason fits the facts: such a claim was first sent beyond the payer's limit."""
    limits = dict(
        zip(
            Parameters().payers.ids,
            Parameters().payers.table.ints("filing_limit_days").tolist(),
            strict=True,
        )
    )
    for payer, days in query(
        """select c.payer_id, c.first_submitted_date - c.service_date
        from happened.claims as c join happened.denial_events as d using (source_system, claim_id)
        where d.carc = '29'"""
    ):
        assert days > limits[payer]


def test_totals_are_the_sums(query: Query) -> None:
    totals = dict(query("select name, amount from knowable.totals"))
    [(charges, open_amount, claims)] = query(
        "select sum(charge_amount), sum(open_amount), count(*) from knowable.claims"
    )
    assert totals["charge_amount"] == charges
    assert totals["open_amount"] == open_amount
    assert totals["claims_count"] == claims
    assert totals["remit_payment_amount"] == (
        totals["payer_cash_amount"] + totals["quarantined_payment_amount"]
    )
