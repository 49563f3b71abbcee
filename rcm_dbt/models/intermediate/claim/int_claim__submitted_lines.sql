-- One row per service line of an 837, with its claim and submission. A line is known by the number
-- that the hospital gave it, else by its place.
with

final as (

    select
        lines.submission_line_key,
        lines.submission_key,
        submissions.claim_key,
        submissions.submission_number,
        lines.line_no,
        lines.line_control_number,
        coalesce(
            lines.line_control_number, cast(lines.line_no as {{ dbt.type_string() }})
        ) as line_id,
        lines.procedure_code,
        lines.revenue_code,
        lines.modifier_1,
        lines.modifier_2,
        lines.modifier_3,
        lines.modifier_4,
        lines.units,
        lines.charge_amount,
        coalesce(lines.service_date, submissions.service_date) as service_date,
        lines.recorded_date,
        lines._source_file,
        lines._source_position

    from {{ ref('stg_x12__submitted_lines') }} as lines

    inner join {{ ref('int_claim__submissions') }} as submissions
        on lines.submission_key = submissions.submission_key

)

select * from final
