-- Whether a payer has changed for the worse: denies more, answers later or pays less than its
-- contract says. Week by week evidence is added up that the odds of it are half as large again as
-- they used to be, against that they are as they were (a CUSUM of log likelihood ratios, which
-- starts anew whenever nothing speaks for a change); at the setting drift_alarm it is told. What
-- used to be is known from weeks that lie some time back.
with

weeks as (

    select * from {{ ref('int_payer__weekly_shares') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

settings as (

    select
        cast({{ setting('odds_prior_claims') }} as {{ dbt.type_float() }}) as prior_claims,
        {{ setting('drift_reference_claims') }} as reference_claims,
        {{ setting('drift_lag_weeks') }} as lag_weeks,
        {{ setting('drift_odds_percent') }} / 100.0 as ratio,
        {{ setting('drift_alarm') }} as alarm

),

all_weeks as (

    select
        measure,
        known_week,
        sum(claim_count) as claim_count,
        sum(bad_count) as bad_count

    from weeks

    group by
        measure,
        known_week

),

-- what all payers do; before the first claim one in two is as good a guess as any
usual as (

    {% set so_far -%}
        partition by measure
            order by known_week
            rows between unbounded preceding and current row
    {%- endset -%}
    select
        measure,
        known_week,
        {{ quotient(
            '(sum(bad_count) over (' ~ so_far ~ ') + 1)', '(sum(claim_count) over (' ~ so_far ~ ') + 2)'
        ) }} as usual_share

    from all_weeks

),

numbered as (

    select
        *,
        row_number() over (partition by payer_key, measure order by known_week) as week_number,
        sum(claim_count) over (
            partition by payer_key, measure
            order by known_week
            rows between unbounded preceding and current row
        ) as claims_so_far,
        sum(bad_count) over (
            partition by payer_key, measure
            order by known_week
            rows between unbounded preceding and current row
        ) as bad_so_far

    from weeks

),

-- a week is held against what was known some weeks before it
placed as (

    select
        numbered.*,
        numbered.week_number - settings.lag_weeks as reference_week_number,
        settings.prior_claims,
        settings.reference_claims,
        settings.ratio,
        settings.alarm

    from numbered

    cross join settings

),

held as (

    select
        placed.payer_key,
        placed.measure,
        placed.known_week,
        placed.claim_count,
        placed.bad_count,
        placed.claims_so_far,
        coalesce(before.claims_so_far, 0) as reference_count,
        cast(
            least(
                greatest(
                    (
                        coalesce(before.bad_so_far, 0)
                        + placed.prior_claims * coalesce(usual.usual_share, 0.5)
                    ) / (coalesce(before.claims_so_far, 0) + placed.prior_claims),
                    0.005
                ),
                0.995
            ) as decimal(9, 4)
        ) as usual_share,
        placed.ratio,
        placed.alarm,
        coalesce(before.claims_so_far, 0) >= placed.reference_claims as is_watched

    from placed

    left join numbered as before
        on placed.payer_key = before.payer_key
        and placed.measure = before.measure
        and placed.reference_week_number = before.week_number

    left join usual
        on before.measure = usual.measure
        and before.known_week = usual.known_week

),

weighed as (

    select
        *,
        cast(
            case
                when is_watched
                    then
                        bad_count * ln(ratio) - claim_count * ln(1 + (ratio - 1) * usual_share)
                else 0
            end as decimal(18, 4)
        ) as evidence

    from held

),

added as (

    select
        *,
        sum(evidence) over (
            partition by payer_key, measure
            order by known_week
            rows between unbounded preceding and current row
        ) as evidence_so_far

    from weighed

),

-- evidence since the last week that spoke for no change
summed as (

    select
        *,
        evidence_so_far - least(
            min(evidence_so_far) over (
                partition by payer_key, measure
                order by known_week
                rows between unbounded preceding and current row
            ),
            0
        ) as change_evidence

    from added

),

started as (

    select
        *,
        max(case when change_evidence <= 0 then known_week end) over (
            partition by payer_key, measure
            order by known_week
            rows between unbounded preceding and current row
        ) as last_usual_week,
        max(case when change_evidence <= 0 then claims_so_far end) over (
            partition by payer_key, measure
            order by known_week
            rows between unbounded preceding and current row
        ) as claims_until_then,
        lag(change_evidence) over (partition by payer_key, measure order by known_week)
            as evidence_before

    from summed

),

final as (

    select
        started.payer_key,
        payers.payer_name,
        started.measure,
        started.known_week,
        started.claim_count,
        started.bad_count,
        started.is_watched,
        started.usual_share,
        cast(started.change_evidence as decimal(18, 4)) as change_evidence,
        started.change_evidence >= started.alarm as is_changed,
        started.change_evidence >= started.alarm
        and coalesce(started.evidence_before, 0) < started.alarm as is_told,
        case when started.change_evidence >= started.alarm then started.last_usual_week end
            as last_usual_week,
        cast(
            case
                when started.change_evidence >= started.alarm
                    then started.claims_so_far - coalesce(started.claims_until_then, 0)
            end as {{ dbt.type_bigint() }}
        ) as claims_since_count

    from started

    inner join payers
        on started.payer_key = payers.payer_key

)

select * from final
