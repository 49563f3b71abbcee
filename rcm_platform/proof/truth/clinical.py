"""Visits, work, and what the work brought in."""

from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck
from rcm_platform.proof.truth.costs import COST_SHARES, COSTS_OF_MONTHS, shared_costs
from rcm_platform.proof.truth.decisions import FIRST_DECISIONS
from rcm_platform.proof.truth.valuation import VALUATION

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
        "Each clinician's work and own charges, cash and open dollars are as they truly were, and "
        "so is what the facility earned by the same visits.",
        "mart_clinician_productivity",
        f"""select providers.source_system, providers.provider_id, activity_month,
            encounter_count, coalesce(work_rvu, 0), claim_count, charge_amount, contractual_amount,
            cohort_cash_amount, write_off_amount, open_amount, denied_open_amount,
            patient_open_amount, payer_open_amount, credit_amount, allowed_amount, denied_amount,
            first_payment_days, first_payment_count, median_first_payment_days,
            p90_first_payment_days, cash_amount, facility_claim_count, facility_charge_amount,
            facility_cohort_cash_amount, facility_open_amount, facility_cash_amount, fte,
            target_work_rvu
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
                claim_form = 'P' as own,
                if(own, first_payer_payment_date - first_submitted_date, null) as days,
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
        openings as (
            select source_system, facility_id, date_trunc('month', min(encounter_date)) as first
            from '{{truth}}/encounters.parquet' group by all
        ),
        months as (
            select source_system, provider_id, fte, work_rvu_target, month(start) as number,
                start as activity_month, 1 + date_diff('day', start, last_day(start)) as days,
                1 + date_diff('day', start, least(last_day(start), date '{{as_of}}')) as past
            from '{{truth}}/clinician_targets.parquet'
            inner join openings using (facility_id),
                generate_series(first, timestamp '{{as_of}}', interval 1 month) as months (start)
            where year = year(start)
        ),
        targets as (
            select *, floor(work_rvu_target * 100 * number / 12)
                    - floor(work_rvu_target * 100 * (number - 1) / 12) as whole,
                cast(floor(whole * past / days) / 100 as decimal(18, 2)) as target_work_rvu
            from months
        ),
        measures as (
            select source_system, provider_id,
                date_trunc('month', encounter_date) as activity_month,
                count(*) as encounter_count, sum(work_rvu) as work_rvu
            from '{{truth}}/encounters.parquet' group by all
            union all by name
            select source_system, provider_id, date_trunc('month', service_date) as activity_month,
                count(*) filter (own) as claim_count,
                sum(charge_amount) filter (own) as charge_amount,
                sum(contractual_amount) filter (own) as contractual_amount,
                sum(payer_paid_amount + patient_paid_amount) filter (own) as cohort_cash_amount,
                sum(write_off_amount) filter (own) as write_off_amount,
                sum(open_amount) filter (own) as open_amount,
                sum(open_amount) filter (own and who = 'denied') as denied_open_amount,
                sum(open_amount) filter (own and who = 'patient') as patient_open_amount,
                sum(open_amount) filter (own and who = 'payer') as payer_open_amount,
                sum(open_amount) filter (own and who = 'credit') as credit_amount,
                sum(allowed_amount) filter (own) as allowed_amount,
                sum(denied_amount) filter (own) as denied_amount,
                sum(days) as first_payment_days, count(days) as first_payment_count,
                quantile_disc(days, 0.5) as median_days, quantile_disc(days, 0.9) as p90_days,
                count(*) filter (not own) as facility_claim_count,
                sum(charge_amount) filter (not own) as facility_charge_amount,
                sum(payer_paid_amount + patient_paid_amount) filter (not own)
                    as facility_cohort_cash_amount,
                sum(open_amount) filter (not own) as facility_open_amount
            from claims where provider_id is not null group by all
            union all by name
            select source_system, provider_id, date_trunc('month', event_date) as activity_month,
                sum(cash_amount) filter (own) as cash_amount,
                sum(cash_amount) filter (not own) as facility_cash_amount
            from '{{truth}}/ledger_entries.parquet'
            inner join claims using (source_system, claim_id)
            where cash_amount <> 0 and provider_id is not null group by all
            union all by name
            select source_system, provider_id, activity_month, fte, target_work_rvu from targets
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
            max(median_days), max(p90_days), coalesce(sum(cash_amount), 0),
            coalesce(sum(facility_claim_count), 0), coalesce(sum(facility_charge_amount), 0),
            coalesce(sum(facility_cohort_cash_amount), 0), coalesce(sum(facility_open_amount), 0),
            coalesce(sum(facility_cash_amount), 0), max(fte), max(target_work_rvu)
        from measures group by all""",
    ),
    TruthCheck(
        "clinician_net_revenue",
        "Each clinician's own net revenue, and the facility's of the same visits, are true.",
        "mart_clinician_productivity",
        f"""select providers.source_system, providers.provider_id, activity_month,
            net_revenue_amount, facility_net_revenue_amount
        from marts.mart_clinician_productivity
        inner join marts.dim_provider as providers using (provider_key)
        where providers.source_system in {HOSPITALS}
            and claim_count + facility_claim_count > 0""",
        f"""with {VALUATION}
        select claims.source_system, provider_id,
            cast(date_trunc('month', claims.service_date) as date),
            cast(0.01 * coalesce(sum(net) filter (claim_form = 'P'), 0) as decimal(18, 2)),
            cast(0.01 * coalesce(sum(net) filter (claim_form = 'I'), 0) as decimal(18, 2))
        from claims
        left join (from valued where month = date_trunc('month', date '{{as_of}}')) as worth
            using (source_system, claim_id)
        where provider_id is not null group by all""",
    ),
    TruthCheck(
        "clinician_costs",
        "Each clinician's share of what services cost is due to the work and the charges.",
        "mart_clinician_productivity",
        f"""select providers.source_system, providers.provider_id, activity_month, true, true
        from marts.mart_clinician_productivity
        inner join marts.dim_provider as providers using (provider_key)
        where providers.source_system in {HOSPITALS}
            and (professional_cost_amount <> 0 or facility_cost_amount <> 0)""",
        # shares are whole cents by clinician and procedure: off by less than a cent each
        f"""with {COST_SHARES},
        due as (
            select source_system, provider_id, month,
                coalesce(sum(share) filter (kind = 'professional'), 0) as professional,
                coalesce(sum(share) filter (kind = 'facility'), 0) as facility
            from shares where share <> 0 and provider_id is not null group by all
        )
        select due.source_system, due.provider_id, due.month,
            abs(professional_cost_amount - professional) < 1.00,
            abs(facility_cost_amount - facility) < 1.00
        from due
        left join (
            select providers.source_system, provider_id, shown.*
            from marts.mart_clinician_productivity as shown
            inner join marts.dim_provider as providers using (provider_key)
        ) as found on found.source_system = due.source_system
            and found.provider_id = due.provider_id and found.activity_month = due.month""",
    ),
    TruthCheck(
        "clinician_shared_costs",
        "What all clinicians bear and what met no service are the general ledger's cost.",
        "mart_clinician_productivity",
        shared_costs(
            "mart_clinician_productivity", "professional_cost_amount + facility_cost_amount"
        ),
        COSTS_OF_MONTHS,
    ),
    TruthCheck(
        "clinician_scorecard",
        "What leaders see of all clinicians sums to the work and the money that truly were.",
        "mart_clinician_scorecard",
        f"""select sum(work_rvu), sum(charge_amount), sum(cash), sum(open_amount) from (
            select work_rvu, charge_amount, cash_amount + facility_cash_amount as cash, open_amount
            from marts.mart_clinician_scorecard
            union all
            select -work_rvu, -charge_amount, -cash_amount - facility_cash_amount, -open_amount
            from marts.mart_clinician_productivity
            left join marts.dim_facility as facilities using (facility_key)
            where coalesce(facilities.source_system, '') not in {HOSPITALS}
        )""",
        """select
            (select sum(work_rvu) from '{truth}/encounters.parquet'),
            (select sum(charge_amount) from '{truth}/claims.parquet' where claim_form = 'P'),
            (select sum(cash_amount) from '{truth}/ledger_entries.parquet'),
            (select sum(open_amount) from '{truth}/claims.parquet' where claim_form = 'P')""",
    ),
]
