-- Whether the odds of a denial hold: claims by the odds that they were sent with, beside how many
-- were then denied. Each was judged by decisions that had come before its month began, so that no
-- claim is judged by what it taught.
with

odds as (

    select * from {{ ref('int_denial__odds') }}

    where is_sent and is_denied is not null and denial_odds is not null

),

banded as (

    select
        *,
        case
            when denial_odds < 0.05 then 1
            when denial_odds < 0.10 then 2
            when denial_odds < 0.15 then 3
            when denial_odds < 0.20 then 4
            when denial_odds < 0.30 then 5
            else 6
        end as odds_band

    from odds

),

final as (

    select
        scored_month,
        facility_key,
        odds_band,
        case odds_band
            when 1 then 'under 5 %'
            when 2 then '5 to 10 %'
            when 3 then '10 to 15 %'
            when 4 then '15 to 20 %'
            when 5 then '20 to 30 %'
            else '30 % and more'
        end as odds_band_name,
        cast(count(*) as {{ dbt.type_bigint() }}) as claim_count,
        cast({{ sum_where('1', 'is_denied') }} as {{ dbt.type_bigint() }}) as denied_count,
        cast(sum(denial_odds) as decimal(18, 4)) as expected_denied_count,
        cast(sum(base_odds) as decimal(18, 4)) as base_denied_count

    from banded

    group by
        scored_month,
        facility_key,
        odds_band

)

select * from final
