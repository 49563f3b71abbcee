"""Visits, work, and what the work brought in."""

from rcm_platform.truth_checks.compare import HOSPITALS, TruthCheck

CHECKS = [
    TruthCheck(
        "encounters",
        "Every visit has its work and its charges, once.",
        "fct_encounters",
        f"""select source_system, encounter_id, encounter_date,
            coalesce(work_rvu, 0) as work_rvu, charge_amount
        from marts.fct_encounters where source_system in {HOSPITALS}""",
        """select source_system, encounter_id, encounter_date, work_rvu, charge_amount
        from '{truth}/encounters.parquet'""",
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
        where providers.source_system in {HOSPITALS}""",
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
]
