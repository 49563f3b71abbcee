-- One row per day from the month of the first visit, claim or entry of a claim, as a payment may be
-- known before the service that it is for, to one year after the reporting date. Numbers come from
-- crossing digits, which every engine can do.
with

activity as (

    select min(encounter_date) as first_date
    from {{ ref('int_encounter__current') }}

    union all

    select min(service_date) as first_date
    from {{ ref('int_claim__headers') }}

    union all

    select
        min(case when event_date < recorded_date then event_date else recorded_date end)
            as first_date

    from {{ ref('int_ledger__entries') }}

    where claim_key is not null

),

bounds as (

    select
        {{ month_start('coalesce(min(first_date), ' ~ as_of_date() ~ ')') }} as first_date,
        cast({{ dbt.dateadd('year', 1, as_of_date()) }} as date) as last_date

    from activity

),

digits as (

    select 0 as digit
    union all
    select 1 as digit
    union all
    select 2 as digit
    union all
    select 3 as digit
    union all
    select 4 as digit
    union all
    select 5 as digit
    union all
    select 6 as digit
    union all
    select 7 as digit
    union all
    select 8 as digit
    union all
    select 9 as digit

),

-- 0 to 99,999: more than 270 years of days
numbers as (

    select
        ones.digit
        + 10 * tens.digit
        + 100 * hundreds.digit
        + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as day_number

    from digits as ones

    cross join digits as tens

    cross join digits as hundreds

    cross join digits as thousands

    cross join digits as ten_thousands

),

days as (

    select
        cast({{ dbt.dateadd('day', 'numbers.day_number', 'bounds.first_date') }} as date)
            as date_day

    from bounds

    inner join numbers
        on {{ days_between('bounds.first_date', 'bounds.last_date') }}
        >= numbers.day_number

),

final as (

    select
        date_day,
        {{ month_start('date_day') }} as month_start_date

    from days

)

select * from final
