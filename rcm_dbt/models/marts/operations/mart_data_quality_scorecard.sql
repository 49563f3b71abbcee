-- How good the data of each source is now, for those who may not see single patients: shares
-- without their counts, and none where few rows passed or failed, since a row may be one patient.
with

latest as (

    select
        *,
        recent_checked_count - recent_failed_count as recent_passed_count,
        earlier_checked_count - earlier_failed_count as earlier_passed_count,
        100.0 - 100.0 * recent_failed_count / nullif(recent_checked_count, 0) as recent_percent,
        100.0 - 100.0 * earlier_failed_count / nullif(earlier_checked_count, 0) as earlier_percent

    from {{ ref('mart_data_quality') }}

    where is_latest

),

final as (

    select
        source_system,
        table_name,
        rule_id,
        dimension,
        severity,
        rule_description,
        case
            when
                recent_checked_count >= {{ smallest_cell() }}
                and (recent_failed_count = 0 or recent_failed_count >= {{ smallest_cell() }})
                and (recent_passed_count = 0 or recent_passed_count >= {{ smallest_cell() }})
                then cast(round(recent_percent, 1) as decimal(9, 1))
        end as recent_passed_percent,
        case
            when
                earlier_checked_count >= {{ smallest_cell() }}
                and (earlier_failed_count = 0 or earlier_failed_count >= {{ smallest_cell() }})
                and (earlier_passed_count = 0 or earlier_passed_count >= {{ smallest_cell() }})
                then cast(round(earlier_percent, 1) as decimal(9, 1))
        end as earlier_passed_percent,
        case
            when recent_checked_count >= {{ smallest_cell() }} then is_acceptable
        end as is_acceptable

    from latest

)

select * from final
