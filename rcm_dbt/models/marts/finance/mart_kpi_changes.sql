-- Why each KPI changed from one month to the next: because there was more of it (volume), because
-- its parts weigh differently (mix), because the parts themselves changed (rate), or because the
-- later month is younger (timing). A part is a facility and payer; the four add up exactly.
with

contributions as (

    select * from {{ ref('int_kpi__contributions') }}

),

-- as much of a month as was known of it when it was as old as the month after it is now
cutoff as (

    select cast({{ dbt.dateadd('month', -1, as_of_date()) }} as date) as known_until_date

),

-- where a part is known by its month only, nothing can be said of timing
undated as (

    select distinct kpi

    from contributions

    where known_date is null

),

dated as (

    select
        contributions.kpi,
        contributions.period_month,
        contributions.facility_key,
        contributions.payer_key,
        contributions.numerator,
        contributions.denominator,
        undated.kpi is not null or contributions.known_date <= cutoff.known_until_date
            as is_known_early

    from contributions

    cross join cutoff

    left join undated
        on contributions.kpi = undated.kpi

),

-- a ratio weighs its parts by their denominators, an amount by how many it is made of
parts as (

    select
        kpi,
        period_month,
        {{ surrogate_key(['facility_key', 'payer_key']) }} as part_key,
        facility_key,
        payer_key,
        sum(numerator) as numerator,
        sum(coalesce(denominator, 1)) as weight,
        sum(case when is_known_early then numerator else 0 end) as early_numerator,
        sum(case when is_known_early then coalesce(denominator, 1) else 0 end) as early_weight

    from dated

    group by
        kpi,
        period_month,
        facility_key,
        payer_key

),

amounts as (

    select kpi

    from {{ ref('kpi_registry') }}

    where denominator is null

),

totals as (

    select
        parts.kpi,
        parts.period_month,
        amounts.kpi is not null as is_amount,
        sum(parts.numerator) as numerator,
        sum(parts.weight) as weight,
        sum(parts.early_numerator) as early_numerator,
        sum(parts.early_weight) as early_weight

    from parts

    left join amounts
        on parts.kpi = amounts.kpi

    group by
        parts.kpi,
        parts.period_month,
        amounts.kpi is not null

),

-- two months that follow each other, both with a value
pairs as (

    select
        later.kpi,
        later.period_month,
        earlier.period_month as previous_month,
        later.is_amount,
        later.numerator,
        later.weight,
        earlier.early_numerator,
        earlier.early_weight,
        {{ kpi_figure('later.is_amount', 'later.numerator', 'later.weight') }} as kpi_value,
        {{ kpi_figure('later.is_amount', 'earlier.numerator', 'earlier.weight') }}
            as previous_value,
        {{ kpi_figure('later.is_amount', 'earlier.early_numerator', 'earlier.early_weight') }}
            as early_value

    from totals as later

    inner join totals as earlier
        on later.kpi = earlier.kpi
        and later.period_month = {{ dbt.dateadd('month', 1, 'earlier.period_month') }}

    where later.weight > 0 and earlier.weight > 0 and earlier.early_weight > 0

),

slots as (

    select
        kpi,
        period_month,
        part_key,
        facility_key,
        payer_key

    from parts

    union

    select
        kpi,
        {{ dbt.dateadd('month', 1, 'period_month') }} as period_month,
        part_key,
        facility_key,
        payer_key

    from parts

),

-- a part that is missing in one of the months has no weight there
compared as (

    select
        pairs.kpi,
        pairs.period_month,
        slots.part_key,
        slots.facility_key,
        slots.payer_key,
        pairs.weight as total_weight,
        pairs.early_weight as total_early_weight,
        case when pairs.is_amount then pairs.weight else 1 end as scale,
        coalesce(later.numerator, 0) as numerator,
        coalesce(later.weight, 0) as weight,
        coalesce(earlier.early_numerator, 0) as early_numerator,
        coalesce(earlier.early_weight, 0) as early_weight,
        pairs.early_numerator / pairs.early_weight as total_early_rate

    from pairs

    inner join slots
        on pairs.kpi = slots.kpi
        and pairs.period_month = slots.period_month

    left join parts as later
        on slots.kpi = later.kpi
        and slots.period_month = later.period_month
        and slots.part_key = later.part_key

    left join parts as earlier
        on slots.kpi = earlier.kpi
        and pairs.previous_month = earlier.period_month
        and slots.part_key = earlier.part_key

),

rated as (

    select
        *,
        coalesce(early_numerator / nullif(early_weight, 0), total_early_rate) as early_rate

    from compared

),

-- to a fixed place each, so that their sum does not depend on the order
effects as (

    select
        kpi,
        period_month,
        part_key,
        facility_key,
        payer_key,
        cast(
            scale * (weight / total_weight - early_weight / total_early_weight)
            * (early_rate - total_early_rate) as decimal(28, 10)
        ) as mix_effect,
        -- what a part adds without weight of its own (cash where no work is) is all rate
        cast(
            scale * (
                numerator / total_weight - weight / total_weight * early_rate
                - case when early_weight = 0 then early_numerator / total_early_weight else 0 end
            ) as decimal(28, 10)
        ) as rate_effect

    from rated

),

mixes as (

    select
        kpi,
        period_month,
        cast(round(sum(mix_effect), 6) as decimal(18, 6)) as mix_effect

    from effects

    group by
        kpi,
        period_month

),

moves as (

    select
        *,
        mix_effect + rate_effect as effect,
        sum(mix_effect + rate_effect) over (partition by kpi, period_month) as whole_effect

    from effects

),

-- the part that moved it most the way it went, not the one that held against it
drivers as (

    select
        kpi,
        period_month,
        facility_key,
        payer_key,
        cast(round(effect, 6) as decimal(18, 6)) as driver_effect,
        row_number() over (
            partition by kpi, period_month
            order by case when whole_effect < 0 then -effect else effect end desc, part_key
        ) as driver_rank

    from moves

),

unrounded as (

    select
        pairs.*,
        pairs.kpi_value - pairs.previous_value as change_value,
        pairs.early_value - pairs.previous_value as timing_effect,
        mixes.mix_effect,
        case when pairs.is_amount then pairs.weight - pairs.early_weight else 0 end
        * pairs.early_numerator / pairs.early_weight as exact_volume_effect

    from pairs

    inner join mixes
        on pairs.kpi = mixes.kpi
        and pairs.period_month = mixes.period_month

),

split as (

    select
        *,
        cast(round(exact_volume_effect, 6) as decimal(18, 6)) as volume_effect

    from unrounded

),

final as (

    select
        {{ surrogate_key(['split.kpi', 'split.period_month']) }} as kpi_change_key,
        split.kpi,
        split.period_month,
        split.previous_month,
        split.previous_value,
        split.kpi_value,
        split.change_value,
        split.volume_effect,
        split.mix_effect,
        -- takes what rounding leaves
        split.change_value - split.volume_effect - split.mix_effect - split.timing_effect
            as rate_effect,
        split.timing_effect,
        drivers.facility_key as driver_facility_key,
        drivers.payer_key as driver_payer_key,
        drivers.driver_effect

    from split

    inner join drivers
        on split.kpi = drivers.kpi
        and split.period_month = drivers.period_month
        and drivers.driver_rank = 1

)

select * from final
