-- One row per service line of an 837, with its claim and submission. A line is known by the number
-- that the hospital gave it, else by its place; what is sent again with it is the same line.
with

lines as (

    select
        lines.submission_line_key,
        lines.submission_key,
        submissions.claim_key,
        submissions.submission_number,
        submissions.charge_version,
        coalesce(submissions.frequency_code = '8', false) as is_void,
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

),

-- a number that a claim uses twice (P6) tells lines by their order
placed as (

    select
        *,
        row_number() over (partition by submission_key, line_id order by line_no) as line_place

    from lines

),

final as (

    select
        *,
        first_value(submission_line_key) over (
            partition by claim_key, line_id, line_place
            order by coalesce(charge_version, 2147483647), submission_number
        ) as claim_line_key,
        case
            when charge_version is not null
                then
                    row_number() over (
                        partition by claim_key, line_id, line_place, charge_version is null
                        order by charge_version desc
                    )
        end as latest_rank

    from placed

)

select * from final
