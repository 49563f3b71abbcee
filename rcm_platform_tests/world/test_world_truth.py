"""The knowable truth is what a careful reader of the databases and files would find."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rcm_platform.world.support.parameters import Parameters
from rcm_platform_tests.support.plain_x12 import Remit, RemitClaim, read_835
from rcm_platform_tests.support.tiny_world import THROUGH, Query

CENT, ZERO = Decimal("0.01"), Decimal("0.00")
CASH = {"patient payment": "PATIENT_PAYMENT", "refund": "REFUND"}
CHARGES = {"charge": "CHARGE", "charge correction": "CHARGE_CORRECTION"}
WRITE_OFFS = {
    "denial write-off": "DENIAL_WRITE_OFF",
    "admin write-off": "ADMIN_WRITE_OFF",
    "small balance": "SMALL_BALANCE",
    "bad debt": "BAD_DEBT",
    "charity": "CHARITY",
    "prompt pay discount": "PROMPT_PAY_DISCOUNT",
}
SETTLED_APART = {"L6": "INTEREST", "CT": "CAPITATION", "WO": "RECOUPMENT", "FB": "RECOUPMENT"}
CONTRACT_REASONS = {"45", "253", "90", "91", "97", "144", "237", "24"}
RETIRED_DENIAL = "62"


def hospital_entries(query: Query) -> Iterator[tuple]:
    """Ledger entries by the hospitals' own journals, whatever their casing."""
    for system in ("hospital_a", "hospital_b"):
        for claim, line, name, service, paid, inserted, amount in query(
            "select ClaimID, TransactionID, lower(AmountType), ServiceDate, PaidDate, "
            f"InsertDate::date, coalesce(Amount, PaidAmount) from {system}.transactions"
        ):
            head = (system, claim, None)
            if (kind := CHARGES.get(name)) == "CHARGE":
                yield (system, claim, line, kind, service, inserted, amount, ZERO, ZERO)
            elif kind:
                yield (*head, kind, inserted, inserted, amount, ZERO, ZERO)
            elif kind := CASH.get(name):
                yield (*head, kind, paid, inserted, -amount, amount, ZERO)
            else:
                yield (*head, WRITE_OFFS[name], inserted, inserted, -amount, ZERO, ZERO)


def remittances(world: Path) -> Iterator[tuple[str, Remit]]:
    """(hospital, 835) of each payment that adds up; second deliveries count once."""
    for path in sorted((world / "clearinghouse" / "835").glob("*.edi")):
        if not path.stem.endswith(("_2", "_3")):
            remit = read_835(path)
            if remit.is_balanced:
                yield path.stem[4:14], remit


def unapplied(world: Path, known: dict[str, date]) -> Iterator[tuple]:
    """Ledger entries by the bank: payers' deposits before or without a remittance (trace → day)."""
    for path in sorted((world / "treasury").glob("bank_deposits_*.csv")):
        with path.open() as lines:
            for row in csv.DictReader(lines):
                system, came = f"hospital_{row['hospital'][-1].lower()}", path.stem[-8:]
                explained = known.get(row["trace_number"].lstrip("0"))
                if row["payer_name"] == "PATIENT PAYMENTS" or (
                    explained and explained <= day(came)
                ):
                    continue
                event, cash = date.fromisoformat(row["deposit_date"]), Decimal(row["amount"])
                head = (system, None, None, "UNAPPLIED_CASH", event)
                yield (*head, day(came), ZERO, cash, ZERO)
                if explained:
                    yield (*head, explained, ZERO, -cash, ZERO)


def day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()


def is_denial(reason: str, amount: Decimal, charge: Decimal, paid: Decimal) -> bool:
    """By the list of denials; a contract that takes the whole charge hides one."""
    known = set(Parameters().denials.text("carc")) | {RETIRED_DENIAL}
    return reason in known or (reason == "45" and amount == charge and paid == 0)


def by_line(claim: RemitClaim, whole: Decimal, name: str) -> Iterator[tuple[str | None, Decimal]]:
    """An amount of a claim, line by line; what its lines do not say is the claim's."""
    amounts = [(line.control, getattr(line, name)) for line in claim.lines]
    amounts.append((None, whole - sum(amount for _, amount in amounts)))
    return ((line, amount.quantize(CENT)) for line, amount in amounts if amount)


def test_ledger_is_what_the_sources_say(world: Path, query: Query) -> None:
    """Rebuild ledger and denials from the emitted data alone, and compare row by row."""
    entries, denials = Counter(hospital_entries(query)), Counter()
    found: list[tuple] = []
    denied_from: dict[tuple, date] = {}
    services = {
        (system, claim): service
        for system in ("hospital_a", "hospital_b")
        for claim, service in query(f"select ClaimID, ServiceDate from {system}.transactions")
    }
    # a bank may write a number behind zeros
    known = {remit.trace.lstrip("0"): day(remit.arrived_on) for _, remit in remittances(world)}
    entries.update(unapplied(world, known))
    for system, remit in remittances(world):
        event, recorded = day(remit.paid_on), day(remit.arrived_on)
        for code, _, amount in remit.provider_adjustments:
            kind, cash = SETTLED_APART[code], -amount.quantize(CENT)
            entries[(system, None, None, kind, event, recorded, ZERO, cash, ZERO)] += 1
        for claim in filter(lambda claim: claim.is_balanced, remit.claims):
            head = (system, claim.claim_id)
            if claim.claim_id.startswith("CLX"):  # a stranger: the remittance alone knows it
                service = services[system, claim.claim_id.replace("CLX", "CLM")]
                for line, charge in by_line(claim, claim.charge, "charge"):
                    entries[(*head, line, "CHARGE", service, recorded, charge, ZERO, ZERO)] += 1
            for line, cash in by_line(claim, claim.paid, "paid"):
                entry = ("PAYER_PAYMENT", event, recorded, -cash, cash, ZERO)
                entries[(*head, line, *entry)] += 1
            for line, group, reason, given in claim.all_adjustments:
                amount = given.quantize(CENT)
                of = next((x for x in claim.lines if x.control == line), claim)
                # nothing on a line of a stay that is paid as a whole, or of a second payer
                # that repeats the first one, is no denial
                is_second, is_paid_stay = claim.status == "2", bool(claim.drg and claim.paid)
                denied = is_denial(reason, given, of.charge, of.paid)
                denied &= not (is_second or is_paid_stay)
                if group == "PR":
                    entry = ("TRANSFER_TO_PATIENT", event, recorded, ZERO, ZERO, amount)
                elif denied:
                    entry = ("DENIAL_HOLD", event, recorded, ZERO, ZERO, amount)
                    denied_from[head] = min(recorded, denied_from.get(head, recorded))
                elif is_second:
                    entry = ("TRANSFER_TO_SECONDARY", event, recorded, ZERO, ZERO, amount)
                else:
                    assert reason in CONTRACT_REASONS
                    entry = ("CONTRACTUAL", event, recorded, -amount, ZERO, ZERO)
                found.append((head, line, entry))
                if denied:
                    denials[(*head, line, reason, group, amount, event, recorded)] += 1

    # what is denied again is held once
    for head, line, (kind, event, recorded, *amounts) in found:
        again = kind == "DENIAL_HOLD" and recorded > denied_from[head]
        entry = ("DENIAL_UPHELD" if again else kind, event, recorded, *amounts)
        entries[(*head, line, *entry)] += 1

    told = query(
        "select source_system, claim_id, line_id, event_type, event_date, recorded_date, "
        "ar_amount, cash_amount, memo_amount from knowable.ledger_entries"
    )
    assert Counter(told) == entries
    told = query(
        "select source_system, claim_id, line_id, carc, group_code, amount, event_date, "
        "recorded_date from knowable.denial_events"
    )
    assert Counter(told) == denials


@pytest.mark.parametrize("scope", ["happened", "knowable"])
def test_claims_sum_their_ledger_entries(scope: str, query: Query) -> None:
    [(claims, entries, wrong)] = query(
        f"""with sums as (
            select source_system, claim_id, sum(ar_amount) as open_amount, count(*) as entry_count
            from {scope}.ledger_entries where claim_id is not null group by all)
        select count(*), sum(s.entry_count), count(*) filter (where
            c.open_amount is distinct from s.open_amount
            or c.entry_count is distinct from s.entry_count
            or c.open_amount <> c.charge_amount - c.contractual_amount - c.payer_paid_amount
                - c.patient_paid_amount - c.write_off_amount)
        from {scope}.claims as c left join sums as s using (source_system, claim_id)"""
    )
    assert wrong == 0
    counted = f"select count(*) from {scope}.ledger_entries where claim_id is not null"
    assert query(counted) == [(entries,)]
    assert query(f"select count(distinct (source_system, claim_id)) from {scope}.claims") == [
        (claims,)
    ]


def test_everything_ends_settled_or_in_credit(query: Query) -> None:
    """In the end only what nobody works stays open: reversals without correction, strangers."""
    [(claims, still_open, credit)] = query(
        """with unsettled as (
            select distinct record_id as claim_id, source_system from happened.faults
            where fault_type in ('reversal_without_correction', 'stranger_remit'))
        select count(*), count(*) filter (where open_amount > 0 and u.claim_id is null),
            count(*) filter (where open_amount < 0)
        from happened.claims as c left join unsettled as u using (source_system, claim_id)"""
    )
    assert still_open == 0
    assert 0 < credit / claims < 0.02


def test_nothing_knowable_comes_later_than_the_last_day(query: Query) -> None:
    for table, column in {
        "ledger_entries": "recorded_date", "denial_events": "recorded_date",
        "remits": "arrival_date", "bank_deposits": "arrival_date", "facility_costs": "arrival_date",
        "encounters": "encounter_date", "submissions": "submitted_date",
        "faults": "knowable_date", "patients": "registered_date", "postings": "arrival_date",
        "gl_postings": "arrival_date", "provider_adjustments": "arrival_date",
        "appointments": "arrival_date", "encounter_status": "arrival_date",
        "work_log": "arrival_date", "billing_exports": "arrival_date",
        "patient_versions": "arrival_date", "claim_files": "arrival_date",
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
    [(held,)] = query(
        "select coalesce(sum(amount), 0) from knowable.faults where fault_type = 'unbalanced_claim'"
    )
    assert totals["remit_payment_amount"] == (
        totals["payer_cash_amount"] + held - totals["provider_adjustment_amount"]
    )


def test_what_separates_the_two_truths_is_named_and_adds_up(query: Query) -> None:
    measures = ("row_count", "ar_amount", "cash_amount", "memo_amount")
    sums = ", ".join(f"sum({m}) filter (part = 'happened')" for m in measures)
    others = ", ".join(f"sum({m}) filter (part <> 'happened')" for m in measures)
    rows = query(f"select [{sums}], [{others}] from knowable.differences group by record")
    assert len(rows) > 10
    for happened, parts in rows:
        assert happened == parts
    for scope, part in (("happened", "happened"), ("knowable", "knowable")):
        assert query(
            f"""(select event_type, count(*), sum(ar_amount), sum(cash_amount), sum(memo_amount)
                from {scope}.ledger_entries group by 1)
            except select record, row_count, ar_amount, cash_amount, memo_amount
            from knowable.differences where part = '{part}'"""
        ) == []  # fmt: skip
        [(payments, count)] = query(f"select sum(payment_amount), count(*) from {scope}.remits")
        assert query(
            "select cash_amount, row_count from knowable.differences "
            f"where record = 'remittance payment' and part = '{part}'"
        ) == [(payments, count)]
    named = {part for (part,) in query("select distinct part from knowable.differences")}
    assert named - {"happened", "knowable", "not known yet"} == {
        fault
        for (fault,) in query(
            """select distinct fault_type from happened.faults
            where action = 'quarantine' and fault_type <> 'renumbered_file'"""
        )
    }


@pytest.mark.parametrize("scope", ["happened", "knowable"])
def test_every_table_and_column_is_described(scope: str, world: Path) -> None:
    pages = (Path(__file__).parents[2] / "docs" / "world.md").read_text()
    rows = {line.split("|")[1].strip(): line for line in pages.splitlines() if line[:2] == "| "}
    for path in sorted((world / "truth" / scope).glob("*.parquet")):
        names = re.findall("`([a-z_]+)`", rows[path.stem].rsplit("|", 2)[1])
        assert names == pq.read_schema(path).names, path.stem
