with

days as (

    select * from {{ ref('int_date__days') }}

),

parts as (

    select
        date_day,
        month_start_date,
        {{ year_of('date_day') }} as year_number,
        {{ month_of('date_day') }} as month_number,
        {{ day_of('date_day') }} as day_number,
        -- counted from a Monday, as engines number the days of the week differently
        cast(
            mod({{ days_between("cast('1900-01-01' as date)", 'date_day') }}, 7) + 1
            as {{ dbt.type_int() }}
        ) as weekday_number

    from days

),

final as (

    select
        date_day,
        month_start_date,
        cast({{ dbt.last_day('date_day', 'month') }} as date) as month_end_date,
        cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start_date,
        year_number,
        cast({{ integer_divide('month_number + 2', '3') }} as {{ dbt.type_int() }})
            as quarter_number,
        month_number,
        case month_number
            when 1 then 'January'
            when 2 then 'February'
            when 3 then 'March'
            when 4 then 'April'
            when 5 then 'May'
            when 6 then 'June'
            when 7 then 'July'
            when 8 then 'August'
            when 9 then 'September'
            when 10 then 'October'
            when 11 then 'November'
            when 12 then 'December'
        end as month_name,
        day_number,
        weekday_number,
        case weekday_number
            when 1 then 'Monday'
            when 2 then 'Tuesday'
            when 3 then 'Wednesday'
            when 4 then 'Thursday'
            when 5 then 'Friday'
            when 6 then 'Saturday'
            when 7 then 'Sunday'
        end as weekday_name,
        weekday_number >= 6 as is_weekend,
        date_day > {{ as_of_date() }} as is_after_as_of

    from parts

)

select * from final
