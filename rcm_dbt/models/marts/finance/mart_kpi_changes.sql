-- Why each KPI changed from one month to the next: because there was more of it (volume), because
-- its parts weigh differently (mix), because the parts themselves changed (rate), or because the
-- later month is younger (timing). A part is a facility and payer; the four add up exactly. Beside
-- them the part and the cause that moved it most, and those that held most against it.
with

comparisons as (

    select * from {{ ref('int_kpi__comparisons') }}

),

ranked as (

    select * from {{ ref('mart_kpi_change_drivers') }}

),

summed as (

    select
        kpi_change_key,
        sum(mix_effect) as mix_effect

    from ranked

    group by kpi_change_key

),

drivers as (

    select * from ranked

    where driver_rank = 1 and dimension = 'place' and is_with_change

),

offsets as (

    select * from ranked

    where driver_rank = 1 and dimension = 'place' and not is_with_change

),

causes as (

    select * from ranked

    where driver_rank = 1 and dimension = 'cause' and is_with_change

),

offset_causes as (

    select * from ranked

    where driver_rank = 1 and dimension = 'cause' and not is_with_change

),

split as (

    select
        *,
        cast(kpi_value - previous_value as decimal(18, 6)) as change_value,
        cast(early_value - previous_value as decimal(18, 6)) as timing_effect,
        cast({{ rounded(quotient(
            'case when is_amount then weight - early_weight else 0 end * early_numerator',
            'early_weight'
        ), 6) }} as decimal(18, 6)) as volume_effect

    from comparisons

),

final as (

    select
        split.kpi_change_key,
        split.kpi,
        split.period_month,
        split.previous_month,
        split.is_mature,
        split.previous_value,
        split.kpi_value,
        split.change_value,
        split.volume_effect,
        cast(coalesce(summed.mix_effect, 0) as decimal(18, 6)) as mix_effect,
        -- takes what rounding leaves
        cast(
            split.change_value - split.volume_effect - coalesce(summed.mix_effect, 0)
            - split.timing_effect as decimal(18, 6)
        ) as rate_effect,
        split.timing_effect,
        drivers.facility_key as driver_facility_key,
        drivers.payer_key as driver_payer_key,
        drivers.effect as driver_effect,
        offsets.facility_key as offset_facility_key,
        offsets.payer_key as offset_payer_key,
        offsets.effect as offset_effect,
        causes.cause,
        causes.effect as cause_effect,
        offset_causes.cause as offset_cause,
        offset_causes.effect as offset_cause_effect

    from split

    left join summed
        on split.kpi_change_key = summed.kpi_change_key

    left join drivers
        on split.kpi_change_key = drivers.kpi_change_key

    left join offsets
        on split.kpi_change_key = offsets.kpi_change_key

    left join causes
        on split.kpi_change_key = causes.kpi_change_key

    left join offset_causes
        on split.kpi_change_key = offset_causes.kpi_change_key

)

select * from final
