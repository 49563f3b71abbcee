-- The headline KPIs for those who may not see single patients: what is about too few people stands
-- merged, as other facilities and payers or as other months: totals are those of the ledger.
with

cells as (

    select
        kpi,
        period_month,
        facility_key,
        payer_key,
        numerator,
        denominator,
        not_for,
        {{ surrogate_key(['kpi', 'period_month']) }} as month_key,
        {{ surrogate_key(['facility_key', 'payer_key']) }} as part_key

    from {{ ref('mart_kpi_monthly') }}

    where aggregation_level = 'facility and payer'

),

people as (

    select
        kpi as subject_key,
        {{ surrogate_key(['kpi', 'period_month']) }} as month_key,
        {{ surrogate_key(['facility_key', 'payer_key']) }} as part_key,
        counted_as,
        person_key

    from {{ ref('int_kpi__people') }}

),

{{ small_cells('people') }},

placed as (

    select
        cells.*,
        places.is_other_month,
        places.is_other as is_other_part,
        places.has_enough

    from cells

    inner join places
        on cells.month_key = places.month_key
        and cells.part_key = places.part_key

),

levels as (

    select
        kpi,
        month_key,
        part_key,
        has_enough,
        'facility and payer' as aggregation_level,
        is_other_part as is_other,
        case when not is_other_month then period_month end as period_month,
        case when not is_other_part then facility_key end as facility_key,
        case when not is_other_part then payer_key end as payer_key,
        case when not is_other_part then not_for end as not_for,
        numerator,
        denominator

    from placed

    union all

    select
        kpi,
        month_key,
        part_key,
        has_enough,
        'total' as aggregation_level,
        is_other_month as is_other,
        case when not is_other_month then period_month end as period_month,
        {{ null_key() }} as facility_key,
        {{ null_key() }} as payer_key,
        {{ null_key() }} as not_for,
        numerator,
        denominator

    from placed

),

keyed as (

    select
        *,
        {{ surrogate_key([
            'kpi', 'period_month', 'aggregation_level', 'is_other', 'facility_key', 'payer_key',
        ]) }} as scorecard_key

    from levels

),

counted as (

    select
        keyed.scorecard_key,
        count(distinct people.person_key) as people_count

    from keyed

    inner join people
        on keyed.month_key = people.month_key
        and keyed.part_key = people.part_key

    group by keyed.scorecard_key

),

summed as (

    select
        scorecard_key,
        kpi,
        period_month,
        aggregation_level,
        is_other,
        facility_key,
        payer_key,
        not_for,
        has_enough,
        sum(numerator) as numerator,
        sum(denominator) as denominator

    from keyed

    group by
        scorecard_key,
        kpi,
        period_month,
        aggregation_level,
        is_other,
        facility_key,
        payer_key,
        not_for,
        has_enough

),

-- about too few people in all months together: nothing is said of it
said as (

    select
        *,
        case when has_enough then numerator end as said_numerator,
        case when has_enough then denominator end as said_denominator,
        denominator is null as is_amount

    from summed

),

figures as (

    select
        said.scorecard_key,
        said.kpi,
        said.period_month,
        said.aggregation_level,
        said.is_other,
        said.facility_key,
        said.payer_key,
        cast(
            case when said.has_enough then counted.people_count end as {{ dbt.type_bigint() }}
        ) as people_count,
        {{ money('said.said_numerator') }} as numerator,
        {{ money('said.said_denominator') }} as denominator,
        case
            when said.not_for is null
                then {{ kpi_figure(
                    'said.is_amount', 'said.said_numerator', 'said.said_denominator'
                ) }}
        end as kpi_value,
        said.not_for

    from said

    inner join counted
        on said.scorecard_key = counted.scorecard_key

),

-- a change says something of both its months, and of each part that drove it in both
shown_parts as (

    select
        later.kpi,
        later.period_month,
        later.facility_key,
        coalesce(later.payer_key, 'none') as payer_key

    from figures as later

    inner join figures as earlier
        on later.kpi = earlier.kpi
        and later.period_month = {{ dbt.dateadd('month', 1, 'earlier.period_month') }}
        and later.facility_key = earlier.facility_key
        and coalesce(later.payer_key, 'none') = coalesce(earlier.payer_key, 'none')

    where
        later.aggregation_level <> 'total'
        and earlier.aggregation_level <> 'total'
        and not later.is_other
        and not earlier.is_other

),

changes as (

    select
        changes.*,
        totals_before.aggregation_level,
        drivers.kpi is not null as is_driver_shown,
        offsets.kpi is not null as is_offset_shown

    from {{ ref('mart_kpi_changes') }} as changes

    inner join figures as totals_before
        on changes.kpi = totals_before.kpi
        and changes.previous_month = totals_before.period_month
        and totals_before.aggregation_level = 'total'

    left join shown_parts as drivers
        on changes.kpi = drivers.kpi
        and changes.period_month = drivers.period_month
        and changes.driver_facility_key = drivers.facility_key
        and coalesce(changes.driver_payer_key, 'none') = drivers.payer_key

    left join shown_parts as offsets
        on changes.kpi = offsets.kpi
        and changes.period_month = offsets.period_month
        and changes.offset_facility_key = offsets.facility_key
        and coalesce(changes.offset_payer_key, 'none') = offsets.payer_key

),

final as (

    select
        figures.*,
        figures.period_month <= maturity.last_mature_month as is_mature,
        changes.previous_value,
        changes.volume_effect,
        changes.mix_effect,
        changes.rate_effect,
        changes.timing_effect,
        case when changes.is_driver_shown then changes.driver_facility_key end
            as driver_facility_key,
        case when changes.is_driver_shown then changes.driver_payer_key end
            as driver_payer_key,
        case when changes.is_driver_shown then changes.driver_effect end
            as driver_effect,
        case when changes.is_offset_shown then changes.offset_facility_key end
            as offset_facility_key,
        case when changes.is_offset_shown then changes.offset_payer_key end
            as offset_payer_key,
        case when changes.is_offset_shown then changes.offset_effect end
            as offset_effect

    from figures

    inner join {{ ref('int_kpi__maturity') }} as maturity
        on figures.kpi = maturity.kpi

    left join changes
        on figures.kpi = changes.kpi
        and figures.period_month = changes.period_month
        and figures.aggregation_level = changes.aggregation_level

)

select * from final
