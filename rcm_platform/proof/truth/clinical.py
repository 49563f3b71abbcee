"""Visits, work, and what the work brought in."""

from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck
from rcm_platform.proof.truth.costs import COSTS_WITH_WORK, shared_costs
from rcm_platform.proof.truth.decisions import FIRST_DECISIONS

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
        "encounter_diagnoses",
        "What was found at each visit stands there, in its order.",
        "fct_encounter_diagnoses",
        f"""select encounters.source_system, encounters.encounter_id, codes.diagnosis_code,
            found.diagnosis_number
        from marts.fct_encounter_diagnoses as found
        inner join marts.fct_encounters as encounters using (encounter_key)
        inner join marts.dim_diagnosis as codes using (diagnosis_code_key)
        where encounters.source_system in {HOSPITALS}""",
        """select source_system, encounter_id, replace(icd_code, '.', ''), sequence
        from '{truth}/diagnoses.parquet'""",
    ),
    TruthCheck(
        "clinician_productivity",
        "Each clinician's work, charges, cash and open dollars of a month are as they truly were.",
        "mart_clinician_productivity",
        f"""select providers.source_system, providers.provider_id, activity_month,
            encounter_count, coalesce(work_rvu, 0), claim_count, charge_amount, contractual_amount,
            cohort_cash_amount, write_off_amount, open_amount, denied_open_amount,
            patient_open_amount, payer_open_amount, credit_amount, allowed_amount, denied_amount,
            first_payment_days, first_payment_count, median_first_payment_days,
            p90_first_payment_days, cash_amount
        from marts.mart_clinician_productivity
        inner join marts.dim_provider as providers using (provider_key)
        where providers.source_system in {HOSPITALS}""",
        f"""with {FIRST_DECISIONS},
        allowed as (
            select source_system, claim_id, sum(allowed_amount) as allowed_amount
            from first_lines group by all
        ),
        said as (
            select source_system, claim_id,
                sum(memo_amount) filter (event_type = 'DENIAL_HOLD') as denied_amount,
                sum(memo_amount) filter (event_type = 'TRANSFER_TO_PATIENT') as patient_amount
            from '{{truth}}/ledger_entries.parquet' group by all
        ),
        answers as (
            select source_system, claim_id,
                arg_max(is_denied, (recorded_date, event_date)) as is_denied
            from '{{truth}}/remit_claims.parquet' where kind <> 'reversal' group by all
        ),
        claims as (
            select claims.*, coalesce(allowed_amount, 0) as allowed_amount,
                coalesce(denied_amount, 0) as denied_amount,
                first_payer_payment_date - first_submitted_date as days,
                case when open_amount < 0 then 'credit'
                    when open_amount = 0 then 'closed'
                    when is_denied then 'denied'
                    when answers.claim_id is not null and open_amount <= coalesce(patient_amount, 0)
                        then 'patient'
                    else 'payer' end as who
            from '{{truth}}/claims.parquet' as claims
            left join allowed using (source_system, claim_id)
            left join said using (source_system, claim_id)
            left join answers using (source_system, claim_id)
        ),
        measures as (
            select source_system, provider_id,
                date_trunc('month', encounter_date) as activity_month,
                count(*) as encounter_count, sum(work_rvu) as work_rvu
            from '{{truth}}/encounters.parquet' group by all
            union all by name
            select source_system, provider_id, date_trunc('month', service_date) as activity_month,
                count(*) as claim_count, sum(charge_amount) as charge_amount,
                sum(contractual_amount) as contractual_amount,
                sum(payer_paid_amount + patient_paid_amount) as cohort_cash_amount,
                sum(write_off_amount) as write_off_amount, sum(open_amount) as open_amount,
                sum(open_amount) filter (who = 'denied') as denied_open_amount,
                sum(open_amount) filter (who = 'patient') as patient_open_amount,
                sum(open_amount) filter (who = 'payer') as payer_open_amount,
                sum(open_amount) filter (who = 'credit') as credit_amount,
                sum(allowed_amount) as allowed_amount, sum(denied_amount) as denied_amount,
                sum(days) as first_payment_days, count(days) as first_payment_count,
                quantile_disc(days, 0.5) as median_days, quantile_disc(days, 0.9) as p90_days
            from claims where provider_id is not null group by all
            union all by name
            select source_system, provider_id, date_trunc('month', event_date) as activity_month,
                sum(cash_amount) as cash_amount
            from '{{truth}}/ledger_entries.parquet'
            inner join claims using (source_system, claim_id)
            where cash_amount <> 0 and provider_id is not null group by all
        )
        select source_system, provider_id, cast(activity_month as date),
            {
            ", ".join(
                f"coalesce(sum({name}), 0)"
                for name in (
                    "encounter_count",
                    "work_rvu",
                    "claim_count",
                    "charge_amount",
                    "contractual_amount",
                    "cohort_cash_amount",
                    "write_off_amount",
                    "open_amount",
                    "denied_open_amount",
                    "patient_open_amount",
                    "payer_open_amount",
                    "credit_amount",
                    "allowed_amount",
                    "denied_amount",
                    "first_payment_days",
                    "first_payment_count",
                )
            )
        },
            max(median_days), max(p90_days), coalesce(sum(cash_amount), 0)
        from measures group by all""",
    ),
    TruthCheck(
        "clinician_costs",
        "A facility's whole cost is shared out over its clinicians by their work, to the cent.",
        "mart_clinician_productivity",
        shared_costs("mart_clinician_productivity"),
        COSTS_WITH_WORK,
    ),
    TruthCheck(
        "clinician_scorecard",
        "What leaders see of all clinicians sums to the work and the money that truly were.",
        "mart_clinician_scorecard",
        f"""select sum(work_rvu), sum(charge_amount), sum(cash_amount), sum(open_amount) from (
            select work_rvu, charge_amount, cash_amount, open_amount
            from marts.mart_clinician_scorecard
            union all
            select -work_rvu, -charge_amount, -cash_amount, -open_amount
            from marts.mart_clinician_productivity
            left join marts.dim_facility as facilities using (facility_key)
            where coalesce(facilities.source_system, '') not in {HOSPITALS}
        )""",
        """select
            (select sum(work_rvu) from '{truth}/encounters.parquet'),
            (select sum(charge_amount) from '{truth}/claims.parquet'),
            (select sum(cash_amount) from '{truth}/ledger_entries.parquet'),
            (select sum(open_amount) from '{truth}/claims.parquet')""",
    ),
]
