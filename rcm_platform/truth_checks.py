"""Marts against the hidden truth of the synthetic world, row by row (`except all`, both ways).

Only checks read the truth; no model and no other asset may.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class TruthCheck:
    """Two queries that must give the same rows.

    `{truth}` stands for the folder of the truth, `{as_of}` for the date that it is known as of.
    """

    name: str
    description: str
    proves: str
    """The mart whose figures it checks."""
    mart: str
    truth: str


@dataclass(frozen=True)
class TruthResult:
    """Rows on each side, and how many of them the other side lacks."""

    name: str
    mart_rows: int
    truth_rows: int
    only_in_mart: int
    only_in_truth: int

    @property
    def passed(self) -> bool:
        return self.only_in_mart == self.only_in_truth == 0


_HOSPITALS = "('hospital_a', 'hospital_b')"

_CLAIM_COLUMNS = """claim_id, service_date, first_submitted_date, submission_count,
    first_ack_status, first_remit_date, is_denied_on_first_remit, is_ever_denied,
    first_payer_payment_date, charge_amount, contractual_amount, payer_paid_amount,
    patient_paid_amount, write_off_amount, open_amount"""

CHECKS = [
    TruthCheck(
        "claims",
        "Every claim with its dates, flags and money is as it truly was.",
        "fct_claims",
        f"""select source_system, {_CLAIM_COLUMNS}, transaction_count from marts.fct_claims
        where source_system in {_HOSPITALS}""",
        f"select source_system, {_CLAIM_COLUMNS}, entry_count from '{{truth}}/claims.parquet'",
    ),
    TruthCheck(
        "ledger_entries",
        "Every ledger entry is one that truly happened, on its day, with its amount.",
        "fct_ledger_entries",
        f"""select entries.source_system, claims.claim_id, event_type, event_date, recorded_date,
            ar_amount, cash_amount, memo_amount
        from marts.fct_ledger_entries as entries
        left join marts.fct_claims as claims on entries.claim_key = claims.claim_key
        where entries.source_system in {_HOSPITALS}""",
        """select source_system, claim_id, event_type, event_date, recorded_date,
            ar_amount, cash_amount, memo_amount from '{truth}/ledger_entries.parquet'""",
    ),
    TruthCheck(
        "denial_events",
        "Every denial is found, with its reason, its group and its amount.",
        "fct_denial_events",
        f"""select source_system, claim_id, reason_code, group_code, denied_amount, event_date,
            recorded_date
        from marts.fct_denial_events where source_system in {_HOSPITALS}""",
        """select source_system, claim_id, carc, group_code, amount, event_date, recorded_date
        from '{truth}/denial_events.parquet'""",
    ),
    TruthCheck(
        "encounters",
        "Every visit has its work and its charges, once.",
        "fct_encounters",
        f"""select source_system, encounter_id, encounter_date,
            coalesce(work_rvu, 0) as work_rvu, charge_amount
        from marts.fct_encounters where source_system in {_HOSPITALS}""",
        """select source_system, encounter_id, encounter_date, work_rvu, charge_amount
        from '{truth}/encounters.parquet'""",
    ),
    TruthCheck(
        "patients",
        "Every patient record is there once; equal ids in two hospitals stay two people.",
        "dim_patient",
        f"""select source_system, patient_id from marts.dim_patient
        where is_current and source_system in {_HOSPITALS}""",
        "select source_system, patient_id from '{truth}/patients.parquet'",
    ),
    TruthCheck(
        "priority_queue",
        "The queue holds each open claim once, scored by its balance, its entries and its age.",
        "mart_claim_priority_queue",
        f"""select source_system, claim_id, outstanding_amount, transaction_count, age_days,
            priority_bucket, priority_score
        from marts.mart_claim_priority_queue where source_system in {_HOSPITALS}""",
        """select source_system, claim_id, open_amount, entry_count,
            date '{as_of}' - service_date as age_days,
            case when open_amount > 1000 then 'high' when open_amount > 250 then 'medium'
                else 'low' end as priority_bucket,
            case when open_amount > 1000 then 5 when open_amount > 250 then 3 else 1 end
                + case when entry_count >= 10 then 3 when entry_count >= 5 then 2 else 0 end
                + case when date '{as_of}' - service_date > 90 then 3
                    when date '{as_of}' - service_date > 60 then 2 else 0 end as priority_score
        from '{truth}/claims.parquet' where open_amount > 0""",
    ),
    TruthCheck(
        "claims_overview",
        "Claims, dollars and entries of each month of service and payer are as they truly were.",
        "mart_claims_overview",
        f"""select overview.service_month, facilities.source_system, payers.payer_id,
            sum(claim_count), sum(charge_amount), sum(payment_amount), sum(adjustment_amount),
            sum(outstanding_amount), sum(credit_amount), sum(transaction_count)
        from marts.mart_claims_overview as overview
        inner join marts.dim_facility as facilities using (facility_key)
        inner join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {_HOSPITALS}
        group by all""",
        """select cast(date_trunc('month', service_date) as date), source_system, payer_id,
            count(*), sum(charge_amount), sum(payer_paid_amount + patient_paid_amount),
            sum(contractual_amount + write_off_amount), sum(greatest(open_amount, 0)),
            sum(least(open_amount, 0)), sum(entry_count)
        from '{truth}/claims.parquet' group by all""",
    ),
    TruthCheck(
        "clinician_productivity",
        "Each clinician's work, charges, cash and open dollars of a month are as they truly were.",
        "mart_clinician_productivity",
        f"""select providers.source_system, providers.provider_id, activity_month,
            encounter_count, coalesce(work_rvu, 0), claim_count, charge_amount, contractual_amount,
            cohort_cash_amount, write_off_amount, open_amount, cash_amount
        from marts.mart_clinician_productivity
        inner join marts.dim_provider as providers using (provider_key)
        where providers.source_system in {_HOSPITALS}""",
        """with measures as (
            select source_system, provider_id,
                date_trunc('month', encounter_date) as activity_month,
                count(*) as encounter_count, sum(work_rvu) as work_rvu
            from '{truth}/encounters.parquet' group by all
            union all by name
            select source_system, provider_id, date_trunc('month', service_date) as activity_month,
                count(*) as claim_count, sum(charge_amount) as charge_amount,
                sum(contractual_amount) as contractual_amount,
                sum(payer_paid_amount + patient_paid_amount) as cohort_cash_amount,
                sum(write_off_amount) as write_off_amount, sum(open_amount) as open_amount
            from '{truth}/claims.parquet' where provider_id is not null group by all
            union all by name
            select source_system, provider_id, date_trunc('month', event_date) as activity_month,
                sum(cash_amount) as cash_amount
            from '{truth}/ledger_entries.parquet'
            inner join '{truth}/claims.parquet' using (source_system, claim_id)
            where cash_amount <> 0 and provider_id is not null group by all
        )
        select source_system, provider_id, cast(activity_month as date),
            coalesce(sum(encounter_count), 0), coalesce(sum(work_rvu), 0),
            coalesce(sum(claim_count), 0), coalesce(sum(charge_amount), 0),
            coalesce(sum(contractual_amount), 0), coalesce(sum(cohort_cash_amount), 0),
            coalesce(sum(write_off_amount), 0), coalesce(sum(open_amount), 0),
            coalesce(sum(cash_amount), 0)
        from measures group by all""",
    ),
    TruthCheck(
        "kpis",
        "Numerator and denominator of every KPI, month, hospital and payer are as they truly were.",
        "mart_kpi_monthly",
        f"""select kpi, period_month, facilities.source_system, payers.payer_id,
            numerator, denominator
        from marts.mart_kpi_monthly
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {_HOSPITALS}""",
        """with claims as (select * from '{truth}/claims.parquet'),
        month_ends as (
            select unnest(generate_series(
                (
                    select date_trunc('month', min(recorded_date))
                    from '{truth}/ledger_entries.parquet'
                ),
                timestamp '{as_of}', interval 1 month
            )) as period_month
        ),
        balances as (
            select period_month, source_system, claim_id, sum(ar_amount) as balance,
                least(last_day(period_month), date '{as_of}') as balance_date
            from '{truth}/ledger_entries.parquet'
            inner join month_ends
                on recorded_date <= least(last_day(period_month), date '{as_of}')
            group by all having sum(ar_amount) > 0
        ),
        kpis as (
            select 'initial_denial_rate' as kpi,
                date_trunc('month', first_remit_date) as period_month,
                source_system, payer_id, count(*) filter (is_denied_on_first_remit) as numerator,
                count(*) as denominator
            from claims where first_remit_date is not null group by all
            union all
            select 'first_pass_yield', date_trunc('month', first_submitted_date),
                source_system, payer_id,
                count(*) filter (
                    first_ack_status is distinct from 'rejected'
                    and first_remit_date is not null and not is_denied_on_first_remit
                ), count(*)
            from claims where date '{as_of}' - last_day(first_submitted_date) >= 60 group by all
            union all
            select 'days_to_first_payment', date_trunc('month', first_payer_payment_date),
                source_system, payer_id,
                sum(first_payer_payment_date - first_submitted_date), count(*)
            from claims
            where first_payer_payment_date is not null and first_submitted_date is not null
            group by all
            union all
            select 'net_collection_rate', date_trunc('month', service_date),
                source_system, payer_id,
                sum(payer_paid_amount + patient_paid_amount),
                sum(charge_amount - contractual_amount)
            from claims where date '{as_of}' - last_day(service_date) >= 120 group by all
            union all
            select 'ar_over_90_rate', period_month, source_system, payer_id,
                coalesce(sum(balance) filter (balance_date - service_date > 90), 0), sum(balance)
            from balances inner join claims using (source_system, claim_id) group by all
            union all
            select 'collections_per_wrvu', period_month, source_system, null,
                coalesce(sum(cash), 0), coalesce(sum(work), 0)
            from (
                select date_trunc('month', event_date) as period_month, source_system,
                    cash_amount as cash, null as work
                from '{truth}/ledger_entries.parquet' where cash_amount <> 0
                union all
                select date_trunc('month', encounter_date), source_system, null, work_rvu
                from '{truth}/encounters.parquet'
            ) group by all
        )
        select kpi, cast(period_month as date), source_system, payer_id,
            cast(numerator as decimal(18, 2)), cast(denominator as decimal(18, 2)) from kpis""",
    ),
    TruthCheck(
        "remittances",
        "Every payment that truly was announced is there, with its trace number and its deposit.",
        "mart_cash_reconciliation",
        f"""select facilities.source_system, trace_number, payment_date, remitted_amount,
            deposited_amount
        from marts.mart_cash_reconciliation
        inner join marts.dim_facility as facilities using (facility_key)
        where facilities.source_system in {_HOSPITALS}""",
        """select source_system, remits.trace_number, payment_date, payment_amount, deposits.amount
        from '{truth}/remits.parquet' as remits
        left join '{truth}/bank_deposits.parquet' as deposits
            on remits.trace_number = deposits.trace_number and facility_id = hospital""",
    ),
]


def compare(
    con: duckdb.DuckDBPyConnection, truth_dir: Path, as_of: date, check: TruthCheck
) -> TruthResult:
    """Run one check on the warehouse behind `con`; the truth in the folder is that of `as_of`."""
    mart, truth = (
        check.mart,
        check.truth.format(truth=str(truth_dir).replace("'", "''"), as_of=as_of.isoformat()),
    )
    counts = con.execute(
        f"""
        with mart as ({mart}), truth as ({truth})
        select
            (select count(*) from mart),
            (select count(*) from truth),
            (select count(*) from (select * from mart except all select * from truth)),
            (select count(*) from (select * from truth except all select * from mart))
        """
    ).fetchall()[0]
    return TruthResult(check.name, *counts)
