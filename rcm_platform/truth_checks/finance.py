"""The ledger and what is summed over it."""

from rcm_platform.truth_checks.compare import HOSPITALS, TruthCheck

CHECKS = [
    TruthCheck(
        "ledger_entries",
        "Every ledger entry is one that truly happened, on its line and its day, with its amount.",
        "fct_ledger_entries",
        f"""select entries.source_system, claims.claim_id, lines.line_id, event_type, event_date,
            entries.recorded_date, ar_amount, cash_amount, memo_amount
        from marts.fct_ledger_entries as entries
        left join marts.fct_claims as claims on entries.claim_key = claims.claim_key
        left join intermediate.int_claim__lines as lines
            on entries.claim_line_key = lines.claim_line_key
        where entries.source_system in {HOSPITALS}""",
        """select source_system, claim_id, line_id, event_type, event_date, recorded_date,
            ar_amount, cash_amount, memo_amount from '{truth}/ledger_entries.parquet'""",
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
        where facilities.source_system in {HOSPITALS}""",
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
        where facilities.source_system in {HOSPITALS}""",
        """select source_system, remits.trace_number, payment_date, payment_amount, deposits.amount
        from '{truth}/remits.parquet' as remits
        left join '{truth}/bank_deposits.parquet' as deposits
            on remits.trace_number = deposits.trace_number and facility_id = hospital""",
    ),
]
