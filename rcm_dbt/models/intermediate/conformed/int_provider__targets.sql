-- What each clinician is expected to do in each month: a twelfth of the year's target, from the
-- first month with visits of the facility to the reporting date; of the month of the reporting date
-- only the days that are over. Hundredths are spread so that the months of a year sum to its
-- target.
{%- set bigint = dbt.type_bigint() %}
with

targets as (

    select * from {{ ref('stg_operations__clinician_targets') }}

),

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

),

keyed as (

    select
        {{ surrogate_key([
            'coalesce(facilities.source_system, targets.facility_id)', 'targets.provider_id',
        ]) }} as provider_key,
        {{ surrogate_key(["'operations'", 'targets.facility_id']) }} as facility_key,
        targets.target_year,
        targets.fte,
        cast(targets.work_rvu_target * 100 as {{ bigint }}) as hundredths

    from targets

    left join facilities
        on targets.facility_id = facilities.facility_id

),

openings as (

    select
        facility_key,
        {{ month_start('min(encounter_date)') }} as first_month

    from {{ ref('int_encounter__current') }}

    group by facility_key

),

months as (

    select
        {{ month_start('date_day') }} as target_month,
        extract(year from date_day) as target_year,
        extract(month from date_day) as month_number,
        count(*) as day_count,
        {{ sum_where('1', 'date_day <= ' ~ as_of_date()) }} as past_day_count

    from {{ ref('int_date__days') }}

    group by
        {{ month_start('date_day') }},
        extract(year from date_day),
        extract(month from date_day)

),

monthly as (

    select
        keyed.provider_key,
        keyed.facility_key,
        months.target_month,
        keyed.fte,
        months.day_count,
        months.past_day_count,
        {{ integer_divide('keyed.hundredths * months.month_number', '12') }}
        - {{ integer_divide('keyed.hundredths * (months.month_number - 1)', '12') }}
            as hundredths

    from keyed

    inner join openings
        on keyed.facility_key = openings.facility_key

    inner join months
        on keyed.target_year = months.target_year
        and openings.first_month <= months.target_month

    where months.past_day_count > 0

),

final as (

    select
        provider_key,
        facility_key,
        target_month,
        fte,
        cast(
            {{ integer_divide('hundredths * past_day_count', 'day_count') }} * 0.01
            as decimal(18, 2)
        ) as target_work_rvu

    from monthly

)

select * from final
