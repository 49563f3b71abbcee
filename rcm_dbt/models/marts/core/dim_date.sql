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
            {% for name in [
                'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
                'September', 'October', 'November', 'December',
            ] -%}
            when {{ loop.index }} then '{{ name }}'
            {% endfor -%}
        end as month_name,
        day_number,
        weekday_number,
        case weekday_number
            {% for name in [
                'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday',
            ] -%}
            when {{ loop.index }} then '{{ name }}'
            {% endfor -%}
        end as weekday_name,
        weekday_number >= 6 as is_weekend,
        date_day > {{ as_of_date() }} as is_after_as_of

    from parts

)

select * from final
