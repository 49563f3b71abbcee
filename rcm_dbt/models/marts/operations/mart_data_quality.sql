-- Shares are kept as counts: they add up over days, sources and rules, percentages do not.
with

validations as (

    select
        *,
        {{ days_between("cast('1900-01-01' as date)", 'recorded_date') }} as day_number  -- noqa: LT05

    from {{ ref('int_quality__validations') }}

),

rules as (

    select * from {{ ref('quality_rules') }}

),

-- the 28 days up to a day, and the 28 before them: the trend
windowed as (

    {% set recent -%}
        partition by rule_id, source_system
            order by day_number
            range between 27 preceding and current row
    {%- endset -%}
    {% set earlier -%}
        partition by rule_id, source_system
            order by day_number
            range between 55 preceding and 28 preceding
    {%- endset -%}
    select
        rule_id,
        source_system,
        recorded_date,
        checked_count,
        passed_count,
        failed_count,
        sum(checked_count) over ({{ recent }}) as recent_checked_count,
        sum(failed_count) over ({{ recent }}) as recent_failed_count,
        coalesce(sum(checked_count) over ({{ earlier }}), 0) as earlier_checked_count,
        coalesce(sum(failed_count) over ({{ earlier }}), 0) as earlier_failed_count,
        row_number() over (
            partition by rule_id, source_system order by recorded_date desc
        ) = 1 as is_latest

    from validations

),

joined as (

    select
        windowed.*,
        rules.table_name,
        rules.dimension,
        rules.severity,
        rules.description as rule_description,
        100.0 * (windowed.recent_checked_count - windowed.recent_failed_count)
        >= rules.minimum_percent * windowed.recent_checked_count as is_acceptable

    from windowed

    inner join rules
        on windowed.rule_id = rules.rule_id

),

ranked as (

    select
        *,
        rank() over (
            partition by is_latest
            order by
                1.0 * recent_failed_count / recent_checked_count desc,
                recent_failed_count desc,
                rule_id asc,
                source_system asc
        ) as latest_rank

    from joined

),

final as (

    select
        recorded_date as date_day,
        source_system,
        table_name,
        rule_id,
        dimension,
        severity,
        rule_description,
        checked_count,
        passed_count,
        failed_count,
        cast(recent_checked_count as {{ dbt.type_bigint() }}) as recent_checked_count,
        cast(recent_failed_count as {{ dbt.type_bigint() }}) as recent_failed_count,
        cast(earlier_checked_count as {{ dbt.type_bigint() }}) as earlier_checked_count,
        cast(earlier_failed_count as {{ dbt.type_bigint() }}) as earlier_failed_count,
        is_acceptable,
        is_latest,
        cast(case when is_latest then latest_rank end as {{ dbt.type_int() }}) as worst_rank

    from ranked

)

select * from final
