"""What the order of each list of work would have brought in, from what truly came."""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS, HOSPITALS_ALONE, TruthCheck
from rcm_platform.proof.truth.denial_odds import FACTORS, KNOWN
from rcm_platform.proof.truth.denials import PATIENT_ODDS
from rcm_platform.proof.truth.valuation import VALUATION

#: Each claim of a list at a past month end, with what was expected of it and what came.
_PAST = f"""
    frame as (
        select cast({rules.setting("backtest_window_days")} as integer) as window_days,
            cast({rules.setting("history_months")} as integer) as history_months,
            cast({rules.setting("silent_days")} as integer) as quiet_days
    ),
    stood as (with {VALUATION} select * from valued where balance > 0),
    placed as (
        select stood.*, days.day, window_days, payer_class, claims.first_submitted_date,
            case when of_denial > 0 then null
                when stood.is_self_pay or (is_answered and undecided = 0) then 'bill patient'
                when is_answered then null
                when (first_submitted_date <= days.day) is distinct from true then 'submit claim'
                when days.day - coalesce(case when ack_date <= days.day then ack_date end,
                    first_submitted_date) > quiet_days then 'follow up with the payer'
            end as step
        from stood cross join frame
        inner join days on days.month = cast(stood.month as date)
        inner join '{{truth}}/claims.parquet' as claims
            on claims.source_system = stood.source_system and claims.claim_id = stood.claim_id
        left join classes on classes.payer_id = claims.payer_id
        left join last_acks on last_acks.source_system = stood.source_system
            and last_acks.claim_id = stood.claim_id
        where not is_current and days.day + window_days <= date '{{as_of}}'
            and datediff('month', days.day, date '{{as_of}}') <= history_months
    ),
    worthy as (
        select placed.*, worklist, work_minutes, balance * 0.01 as open_amount,
            cast(case when step = 'bill patient' then
                    coalesce(patient_odds.odds, 0.5) * cast(balance * 0.01 as decimal(18, 2))
                else (1 - coalesce(
                    base.odds * coalesce(cast(payer_odds / payer_odds.odds as decimal(9, 4)), 1), 0
                )) * cast(net_balance * 0.01 as decimal(18, 2)) end - cost_amount
                as decimal(18, 2)) as expected_value,
            md5(placed.source_system || '|' || placed.claim_id) as claim_key
        from placed inner join seeds.work_actions on step = action
        left join patient_odds on patient_odds.day = placed.day
            and patient_odds.source_system = placed.source_system
            and patient_odds.is_self_pay = placed.is_self_pay
            and patient_odds.size = case
                when if(placed.is_self_pay, charge, share) > 500000 then 4
                when if(placed.is_self_pay, charge, share) > 100000 then 3
                when if(placed.is_self_pay, charge, share) > 20000 then 2 else 1 end
            and patient_odds.age = case when placed.day - service_date > 240 then 4
                when placed.day - service_date > 120 then 3
                when placed.day - service_date > 60 then 2 else 1 end
        left join base on base.asked_month = placed.month
            and base.n >= {rules.parameter("history_claims")}
        left join payer_odds on payer_odds.asked_month = placed.month
            and payer_odds.payer_id is not distinct from placed.payer_id
    ),
    came as (
        select day, source_system, claim_id, sum(cash_amount) as recovered
        from worthy
        inner join '{{truth}}/ledger_entries.parquet' as entries using (source_system, claim_id)
        where entries.recorded_date > day and entries.recorded_date <= day + window_days
            and (step <> 'bill patient' or event_type in ('PATIENT_PAYMENT', 'REFUND'))
        group by all
    ),
    ordered as (
        select 'list order' as ranking, *, row_number() over (
            partition by worklist, source_system, day
            order by expected_value desc, open_amount desc, claim_key) as place from worthy
        union all select 'largest first', *, row_number() over (
            partition by worklist, source_system, day
            order by open_amount desc, claim_key) from worthy
        union all select 'oldest first', *, row_number() over (
            partition by worklist, source_system, day
            order by service_date, open_amount desc, claim_key) from worthy
    ),
    spent as (
        select *, sum(work_minutes) over (
                partition by worklist, source_system, day, ranking order by place
            ) as so_far,
            sum(work_minutes) over (partition by worklist, source_system, day, ranking)
                * {rules.setting("backtest_list_percent")} // 100 as budget
        from ordered
    )"""

CHECKS = [
    TruthCheck(
        "worklist_backtest",
        "What each order of a list would have brought in is what truly came in on its claims.",
        "mart_worklist_backtest",
        f"""select source_system, backtest.* exclude (facility_key)
        from marts.mart_worklist_backtest as backtest
        inner join marts.dim_facility using (facility_key)
        where source_system in {HOSPITALS} and worklist <> 'appeals and resubmissions'
            and {HOSPITALS_ALONE}""",
        f"""with {PATIENT_ODDS}, {KNOWN}, {FACTORS}, {_PAST}
        select source_system, day, worklist, ranking, count(*), any_value(budget),
            count(*) filter (so_far <= budget),
            coalesce(sum(work_minutes) filter (so_far <= budget), 0),
            coalesce(sum(recovered) filter (so_far <= budget), 0)
        from spent left join came using (day, source_system, claim_id)
        where {HOSPITALS_ALONE} group by source_system, day, worklist, ranking""",
    ),
]
