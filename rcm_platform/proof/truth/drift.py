"""Whether a payer has changed, from what it truly answered, week by week."""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS_ALONE, TruthCheck

_WEEKS = f"""
    answers as (
        select payer_id, 'denied' as measure, first_remit_date as day,
            is_denied_on_first_remit as is_bad
        from '{{truth}}/claims.parquet' where first_remit_date is not null
        union all
        select payer_id, 'slow', first_submitted_date + slow_days,
            (first_remit_date <= first_submitted_date + slow_days) is distinct from true
        from '{{truth}}/claims.parquet'
        cross join (select cast({rules.setting("drift_slow_days")} as integer) as slow_days)
        where first_submitted_date + slow_days <= date '{{as_of}}'
    ),
    weeks as (
        select payer_id, measure, cast(date_trunc('week', day) as date) as week, count(*) as n,
            count(*) filter (is_bad) as bad
        from answers inner join '{{truth}}/payers.parquet' using (payer_id)
        where payer_class <> 'Self-pay' group by all
    ),
    listed as (
        select *, sum(n) over payer as n_so_far, sum(bad) over payer as bad_so_far,
            row_number() over payer as number
        from weeks window payer as (partition by payer_id, measure order by week)
    ),
    of_all as (
        select asked.measure, asked.week, (sum(bad) + 1.0) / (sum(n) + 2.0) as share
        from (select distinct measure, week from weeks) as asked
        inner join weeks on weeks.measure = asked.measure and weeks.week <= asked.week
        group by asked.measure, asked.week
    ),
    known as (
        select listed.*, coalesce(old.n_so_far, 0) as n_then, cast(least(greatest((
                coalesce(old.bad_so_far, 0) + prior * coalesce(share, 0.5)
            ) / (coalesce(old.n_so_far, 0) + prior), 0.005), 0.995) as decimal(9, 4)) as usual
        from listed
        cross join (select cast({rules.setting("odds_prior_claims")} as double) as prior)
        left join listed as old on old.payer_id = listed.payer_id
            and old.measure = listed.measure
            and old.number = listed.number - {rules.setting("drift_lag_weeks")}
        left join of_all on of_all.measure = old.measure and of_all.week = old.week
    ),
    evidence as (
        select *,
            cast(case when is_watched then
                bad * ln(ratio) - n * ln(1 + (ratio - 1) * usual) else 0 end
                as decimal(18, 4)) as evidence
        from (
            select *, n_then >= {rules.setting("drift_reference_claims")} as is_watched from known
        )
        cross join (select {rules.setting("drift_odds_percent")} / 100.0 as ratio)
    ),
    -- the most that any run of weeks up to this one speaks for a change
    runs as (
        select ends.payer_id, ends.measure, ends.week, starts.number,
            sum(between_.evidence) as total
        from evidence as ends
        inner join evidence as starts on starts.payer_id = ends.payer_id
            and starts.measure = ends.measure and starts.number <= ends.number
        inner join evidence as between_ on between_.payer_id = ends.payer_id
            and between_.measure = ends.measure
            and between_.number between starts.number and ends.number
        group by all
    ),
    changes as (
        select payer_id, measure, week, greatest(max(total), 0) as evidence from runs group by all
    )"""

CHECKS = [
    TruthCheck(
        "payer_drift",
        "A payer is said to have changed where its true answers speak for it.",
        "mart_payer_drift",
        f"""select payer_id, measure, known_week, claim_count, bad_count, is_watched, usual_share,
            change_evidence, is_changed
        from marts.mart_payer_drift inner join marts.dim_payer using (payer_key)
        where measure <> 'underpaid' and {HOSPITALS_ALONE}""",
        f"""with {_WEEKS}
        select payer_id, measure, week, n, bad, is_watched, usual, changes.evidence,
            changes.evidence >= {rules.setting("drift_alarm")}
        from evidence inner join changes using (payer_id, measure, week)
        where {HOSPITALS_ALONE}""",
    ),
]
