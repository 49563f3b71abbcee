-- Up to which month each KPI is judged: a month that closed so many days ago that its value hardly
-- moves any more.
{{ config(materialized='view') }}
with

-- the day by which a month must have ended
closed as (

    select
        registry.kpi,
        cast(coalesce(parameters.parameter_value, 0) as {{ dbt.type_int() }}) as maturity_days,
        {{ dbt.dateadd(
            'day',
            'cast(-coalesce(parameters.parameter_value, 0) as ' ~ dbt.type_int() ~ ')',
            as_of_date()
        ) }} as closed_date

    from {{ ref('kpi_registry') }} as registry

    left join {{ ref('kpi_parameters') }} as parameters
        on registry.maturity_parameter = parameters.parameter

),

final as (

    select
        kpi,
        maturity_days,
        {{ month_start(
            dbt.dateadd('month', -1, dbt.dateadd('day', 1, 'closed_date'))
        ) }} as last_mature_month

    from closed

)

select * from final
