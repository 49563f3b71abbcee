"""What could be told of a claim before it was sent, from what truly was known and decided by then.

Each month is asked of all decisions before it, one by one: no running sums.
"""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS, HOSPITALS_ALONE, TruthCheck
from rcm_platform.proof.truth.denials import PATIENT_ODDS
from rcm_platform.proof.truth.valuation import VALUATION

_TRAITS = ("code", "cover", "asked", "record")

#: Each claim that a payer decides, by what was known when it was sent.
KNOWN = """
    sendable as (
        select claims.* exclude (discharge_date), payer_class,
            coalesce(first_submitted_date, date '{as_of}') as day,
            first_submitted_date is not null as is_sent
        from '{truth}/claims.parquet' as claims
        left join '{truth}/payers.parquet' using (payer_id)
        where charge_amount > 0 and payer_class is distinct from 'Self-pay'
            and (first_submitted_date is not null or first_remit_date is null)
            and (first_submitted_date <= first_remit_date) is distinct from false
    ),
    noted as (
        select sendable.*, cast(date_trunc('month', day) as date) as month,
            case when first_remit_date is not null then is_denied_on_first_remit end as is_denied,
            coalesce((
                select arg_min(procedure_code, (-lines.charge_amount, procedure_code))
                from '{truth}/lines.parquet' as lines
                where lines.source_system = sendable.source_system
                    and lines.claim_id = sendable.claim_id and arrival_date <= day
            ), 'no code') as code,
            coalesce((
                select case when count(*) = 0 then 'cover not checked'
                    when bool_or(status = 'Active') then 'cover verified'
                    else 'cover not verified' end
                from '{truth}/eligibility_checks.parquet' as checks
                where checks.source_system = sendable.source_system
                    and checks.encounter_id = sendable.encounter_id and check_date <= day
            ), 'cover not checked') as cover,
            coalesce((
                select case when count(*) = 0 then 'no authorization asked for'
                    when bool_or(status = 'Approved' and decision_date <= day)
                        then 'authorization approved'
                    when bool_or(status = 'Denied' and decision_date <= day)
                        then 'authorization refused'
                    else 'authorization pending' end
                from '{truth}/authorizations.parquet' as leaves
                where leaves.source_system = sendable.source_system
                    and leaves.encounter_id = sendable.encounter_id and requested_date <= day
            ), 'no authorization asked for') as asked,
            case when visits.encounter_id is null then 'record not told of'
                when (signed_date <= day) is distinct from true then 'record not signed'
                when signed_date - visits.discharge_date > limit_days then 'record signed late'
                else 'record signed on time' end as record
        from sendable
        left join '{truth}/encounter_status.parquet' as visits
            on visits.source_system = sendable.source_system
            and visits.encounter_id = sendable.encounter_id
        cross join (select limit_days from seeds.billing_steps where step = 'documentation')
    ),
    months_of_codes as (
        select source_system, code, month, count(*) as claims,
            count(*) filter (asked <> 'no authorization asked for') as asked_for
        from noted group by all
    ),
    customs as (
        select this.source_system, this.code, this.month,
            2 * sum(older.asked_for) >= sum(older.claims) and sum(older.claims) >= (
                select parameter_value from seeds.kpi_parameters where parameter = 'history_claims'
            ) as is_usual
        from months_of_codes as this
        inner join months_of_codes as older on older.source_system = this.source_system
            and older.code = this.code and older.month < this.month
        group by this.source_system, this.code, this.month
    ),
    known as (
        select noted.* replace (
            if(is_usual and asked = 'no authorization asked for', 'authorization missing', asked)
                as asked
        )
        from noted left join customs using (source_system, code, month)
    )"""


def _lessons(trait: str) -> str:
    return f"""select asked_month, '{trait}' as factor, {trait} as value, payer_id,
            count(*) as n, count(*) filter (is_denied) as denied
        from months inner join known on is_sent and first_remit_date < asked_month group by all"""


#: What decisions before each month (`asked_month`) say: of all (`base`), payers and traits.
FACTORS = f"""
    months as (
        select cast(unnest(generate_series(
            min(month), date_trunc('month', date '{{as_of}}'), interval 1 month
        )) as date) as asked_month from known
    ),
    lessons as ({" union all ".join(map(_lessons, _TRAITS))}),
    base as (
        select asked_month, sum(n) as n,
            cast((sum(denied) + 1.0) / (sum(n) + 2.0) as decimal(9, 4)) as odds,
            cast({rules.setting("odds_prior_claims")} as double) as prior
        from lessons where factor = 'code' group by all
    ),
    payer_odds as (
        select asked_month, payer_id, cast(
            (sum(denied) + any_value(prior) * any_value(odds)) / (sum(lessons.n) + any_value(prior))
            as decimal(9, 4)) as payer_odds, any_value(odds) as odds
        from lessons inner join base using (asked_month) where factor = 'code' group by all
    ),
    traits as (
        select asked_month, factor, value, cast(
            (sum(denied) + {rules.setting("odds_prior_denials")} * 1.0) / (
                cast(sum(n * payer_odds) as decimal(18, 4))
                + {rules.setting("odds_prior_denials")}
            ) as decimal(9, 4)) as relative
        from lessons inner join payer_odds using (asked_month)
        where payer_odds.payer_id is not distinct from lessons.payer_id group by all
    ),
    judged as (
        select known.*, base.odds as base_odds,
            coalesce(cast(payer_odds / payer_odds.odds as decimal(9, 4)), 1) as payer_relative,
            {", ".join(f"coalesce(of_{t}.relative, 1) as {t}_relative" for t in _TRAITS)},
            case when base.odds is not null then cast(least(
                cast(base.odds as double) * payer_relative
                    * {" * ".join(f"{t}_relative" for t in _TRAITS)},
                {rules.setting("denial_odds_most_percent")} / 100.0
            ) as decimal(9, 4)) end as denial_odds
        from known
        left join base on base.asked_month = month and n >= {rules.parameter("history_claims")}
        left join payer_odds on payer_odds.asked_month = month
            and payer_odds.payer_id is not distinct from known.payer_id
        {
    " ".join(
        f"left join traits as of_{t} on of_{t}.asked_month = month and of_{t}.factor = '{t}'"
        f" and of_{t}.value = known.{t}"
        for t in _TRAITS
    )
}
    )"""

#: What the valuation expected of each claim, in dollars.
_WORTH = f"""
    worth as (
        with {VALUATION}
        select source_system, claim_id, cast(sum(
                allowed - owed + owed * collected_rate // 1000000
            ) * 0.01 as decimal(18, 2)) as net_amount,
            cast(sum(owed) * 0.01 as decimal(18, 2)) as patient_amount,
            cast(sum(charge) * 0.01 as decimal(18, 2)) as line_amount
        from expected_lines group by all
    )"""

#: What the front desk can mend: each claim and visit with what it lacks, and what that is worth.
_FRONT_DESK = f"""
    desk as (select cast({rules.setting("front_desk_days")} as integer) as days),
    accounts as (
        select claims.* exclude (discharge_date), payer_class, net_amount, patient_amount,
            line_amount, encounter_date, md5(source_system || '|' || claim_id) as claim_key
        from '{{truth}}/claims.parquet' as claims
        left join '{{truth}}/payers.parquet' using (payer_id)
        left join worth using (source_system, claim_id)
        left join (
            select source_system, encounter_id, encounter_date from '{{truth}}/encounters.parquet'
        ) using (source_system, encounter_id)
    ),
    desk_traits as (
        select factor, value, relative from traits
        where asked_month = date_trunc('month', date '{{as_of}}')
    ),
    desk_base as (
        select odds from base where asked_month = date_trunc('month', date '{{as_of}}')
            and n >= {rules.parameter("history_claims")}
    ),
    desk_payers as (
        select payer_id, cast(payer_odds / odds as decimal(9, 4)) as relative from payer_odds
        where asked_month = date_trunc('month', date '{{as_of}}')
    ),
    class_shares as (
        select payer_class, cast(sum(net_amount) / sum(line_amount) as decimal(9, 4)) as net_share
        from accounts group by all
    ),
    usual_charges as (
        select source_system, encounter_type,
            cast(sum(charge_amount) * 100 as bigint) // count(*) * 0.01 as estimate
        from '{{truth}}/encounters.parquet' where charge_amount > 0 group by all
    ),
    appointment_payers as (
        select source_system, patient_id, arg_max(payer_id, (service_date, claim_key)) as payer_id
        from accounts group by all
    ),
    gaps as (
        select 'appointment' as item_type, source_system, appointment_id as item_id, payer_id,
            'check coverage' as step, 'cover not checked' as missing, 'cover' as factor,
            'cover verified' as mended, scheduled_date as deadline_date, null as claim_odds,
            per_visit as stake
        from '{{truth}}/appointments.parquet' cross join desk
        inner join (
            select source_system, sum(net_amount) / count(distinct encounter_id) as per_visit
            from accounts where encounter_id is not null group by all
        ) using (source_system)
        inner join appointment_payers using (source_system, patient_id)
        inner join '{{truth}}/payers.parquet' using (payer_id)
        anti join (
            select source_system, appointment_id from '{{truth}}/eligibility_checks.parquet'
        ) using (source_system, appointment_id)
        where status = 'Scheduled' and payer_class <> 'Self-pay'
            and scheduled_date between date '{{as_of}}' and date '{{as_of}}' + days
        union all
        select 'visit', source_system, encounter_id, judged.payer_id, step, missing, factor, mended,
            encounter_date + filing_limit_days, denial_odds, net_amount
        from (
            select *, 'check coverage' as step, cover as missing, 'cover' as factor,
                'cover verified' as mended
            from judged where cover <> 'cover verified'
            union all
            select *, 'get the authorization', asked, 'asked', 'authorization approved'
            from judged where asked in (
                'authorization missing', 'authorization pending', 'authorization refused'
            )
        ) as judged
        inner join accounts using (source_system, claim_id, encounter_id)
        left join seeds.payer_deadlines on payer_deadlines.payer_class = accounts.payer_class
        where not is_sent
        union all
        select 'visit', source_system, encounter_id, payor_id, 'check coverage',
            'cover not verified', 'cover', 'cover verified', encounter_date + filing_limit_days,
            null, estimate * net_share
        from '{{truth}}/encounters.parquet' as visits
        inner join '{{truth}}/encounter_status.parquet' as statuses
            using (source_system, encounter_id)
        inner join (
            select source_system, encounter_id, min(payor_id) as payor_id
            from '{{truth}}/eligibility_checks.parquet' where encounter_id is not null
            group by all having not bool_or(status = 'Active')
        ) using (source_system, encounter_id)
        inner join '{{truth}}/payers.parquet' as payers on payers.payer_id = payor_id
        inner join usual_charges using (source_system, encounter_type)
        inner join class_shares using (payer_class)
        left join seeds.payer_deadlines using (payer_class)
        anti join '{{truth}}/claims.parquet' using (source_system, encounter_id)
        where statuses.discharge_date is not null and payer_class <> 'Self-pay'
    ),
    shares as (
        select source_system, encounter_id, min(encounter_date) as visit_date,
            sum(patient_amount) as patient_amount
        from accounts
        anti join (
            select source_system, claim_id from '{{truth}}/ledger_entries.parquet'
            where event_type in ('PATIENT_PAYMENT', 'REFUND') and cash_amount > 0
        ) using (source_system, claim_id)
        where payer_class <> 'Self-pay' and first_remit_date is null and open_amount > 0
            and encounter_id is not null
        group by all having sum(patient_amount) > 0
    ),
    candidates as (
        select item_type, source_system, item_id, step, missing, deadline_date, stake,
            greatest(
                case when claim_odds is not null then claim_odds
                    else odds * coalesce(by_payer.relative, 1) * coalesce(present.relative, 1) end
                * (1 - coalesce(later.relative, 1) / coalesce(present.relative, 1)), 0
            ) as gained
        from gaps cross join desk_base
        left join desk_payers as by_payer using (payer_id)
        left join desk_traits as present
            on present.factor = gaps.factor and present.value = missing
        left join desk_traits as later on later.factor = gaps.factor and later.value = mended
        union all
        select 'visit', shares.source_system, encounter_id, 'ask for the patient share',
            'patient share not collected', visit_date + days, shares.patient_amount,
            coalesce(patient_odds.odds, 0.5)
        from shares cross join desk
        left join patient_odds on patient_odds.day = date '{{as_of}}'
            and patient_odds.source_system = shares.source_system and not is_self_pay and age = 1
            and size = case when patient_amount > 5000 then 4 when patient_amount > 1000 then 3
                when patient_amount > 200 then 2 else 1 end
        where visit_date between date '{{as_of}}' - days and date '{{as_of}}'
    ),
    steps as (
        select item_type, source_system, item_id, step, min(missing) as missing,
            min(deadline_date) as deadline_date, cast(max(gained) as decimal(9, 4)) as gained,
            cast(sum(stake) as decimal(18, 2)) as stake
        from candidates group by all
    ),
    worthwhile as (
        select steps.*, cast(gained * stake - cost_amount as decimal(18, 2)) as expected_value
        from steps inner join seeds.work_actions on step = action
        where expected_value > 0 and coalesce(deadline_date >= date '{{as_of}}', true)
    )"""

CHECKS = [
    TruthCheck(
        "front_desk",
        "What the front desk can mend is what truly is missing, and worth what truly came before.",
        "mart_worklists",
        f"""select item_type, source_system, item_id, next_best_action, reason, deadline_date,
            outstanding_amount, recovery_odds, expected_value_amount
        from marts.mart_worklists
        where worklist = 'front desk' and source_system in {HOSPITALS} and {HOSPITALS_ALONE}""",
        f"""with {PATIENT_ODDS}, {KNOWN}, {FACTORS}, {_WORTH}, {_FRONT_DESK}
        select item_type, source_system, item_id, arg_max(step, expected_value),
            if(item_type = 'visit', 'Visit: ', 'Appointment: ') || string_agg(missing, '; '
                order by case step when 'check coverage' then 1
                    when 'get the authorization' then 2 else 3 end),
            arg_max(deadline_date, expected_value), arg_max(stake, expected_value),
            arg_max(gained, expected_value), max(expected_value)
        from worthwhile where {HOSPITALS_ALONE}
        group by item_type, source_system, item_id""",
    ),
    TruthCheck(
        "denial_risk",
        "The odds of each claim that was not sent follow from what was truly known and decided.",
        "mart_denial_risk",
        f"""select source_system, claim_id, procedure_code, coverage, authorization_state,
            documentation, net_amount, base_odds, payer_relative_odds,
            procedure_code_relative_odds, coverage_relative_odds, authorization_relative_odds,
            documentation_relative_odds, denial_odds, expected_denied_amount
        from marts.mart_denial_risk where source_system in {HOSPITALS} and {HOSPITALS_ALONE}""",
        f"""with {KNOWN}, {FACTORS}, {_WORTH}
        select source_system, claim_id, code, cover, asked, record, net_amount, base_odds,
            payer_relative, code_relative, cover_relative, asked_relative, record_relative,
            denial_odds, cast(coalesce(denial_odds * net_amount, 0) as decimal(18, 2))
        from judged left join worth using (source_system, claim_id)
        where not is_sent and {HOSPITALS_ALONE}""",
    ),
    TruthCheck(
        "denial_reliability",
        "Claims of each band of odds were truly denied as often as it says.",
        "mart_denial_reliability",
        f"""select scored_month, source_system, odds_band, claim_count, denied_count,
            expected_denied_count, base_denied_count
        from marts.mart_denial_reliability inner join marts.dim_facility using (facility_key)
        where source_system in {HOSPITALS} and {HOSPITALS_ALONE}""",
        f"""with {KNOWN}, {FACTORS}
        select month, source_system, case when denial_odds >= 0.3 then 6
                when denial_odds >= 0.2 then 5 when denial_odds >= 0.15 then 4
                when denial_odds >= 0.1 then 3 when denial_odds >= 0.05 then 2 else 1 end as band,
            count(*), count(*) filter (is_denied), sum(denial_odds), sum(base_odds)
        from judged
        where is_sent and is_denied is not null and denial_odds is not null and {HOSPITALS_ALONE}
        group by all""",
    ),
]
