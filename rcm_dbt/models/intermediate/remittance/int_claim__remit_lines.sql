-- One row per service line of a loaded 835, with the line of the claim that it is about (M4): by
-- its own number, which a payer must return; else by procedure, charge and position among equal
-- lines. What matches neither way stays with its claim.
with

remit_lines as (

    select
        lines.*,
        coalesce(
            lines.line_control_number, cast(lines.line_no as {{ dbt.type_string() }})
        ) as line_id,
        coalesce(lines.procedure_code, lines.revenue_code, 'none') as service_code,
        remits.claim_key

    from {{ ref('stg_x12__remit_lines') }} as lines

    inner join {{ ref('int_claim__remits') }} as remits
        on lines.remit_claim_key = remits.remit_claim_key

),

claim_lines as (

    select
        *,
        coalesce(procedure_code, revenue_code, 'none') as service_code,
        -- a claim that uses a number twice (P6) has told no line by it
        count(*) over (partition by claim_key, line_id) as same_number_count

    from {{ ref('int_claim__lines') }}

),

numbered as (

    select
        remit_lines.*,
        claim_lines.claim_line_key

    from remit_lines

    left join claim_lines
        on remit_lines.claim_key = claim_lines.claim_key
        and remit_lines.line_control_number = claim_lines.line_id
        and claim_lines.same_number_count = 1

),

-- of the same claim, procedure and charge, neither told by a number: the first is the first
alike as (

    select
        numbered.remit_line_key,
        claim_lines.claim_line_key,
        dense_rank() over (
            partition by
                numbered.remit_claim_key,
                claim_lines.service_code,
                claim_lines.charge_amount
            order by numbered.line_no
        ) as remit_position,
        dense_rank() over (
            partition by
                numbered.remit_claim_key,
                claim_lines.service_code,
                claim_lines.charge_amount
            order by claim_lines.line_number, claim_lines.claim_line_key
        ) as claim_position

    from numbered

    inner join claim_lines
        on numbered.claim_key = claim_lines.claim_key
        and numbered.service_code = claim_lines.service_code
        and abs(numbered.charge_amount) = abs(claim_lines.charge_amount)

    left join numbered as taken
        on numbered.remit_claim_key = taken.remit_claim_key
        and claim_lines.claim_line_key = taken.claim_line_key

    where numbered.claim_line_key is null and taken.remit_line_key is null

),

adjustments as (

    select
        remit_claim_key,
        line_no,
        {{ sum_where('amount', "category = 'Patient share'") }} as patient_share_amount

    from {{ ref('int_claim__remit_adjustments') }}

    group by
        remit_claim_key,
        line_no

),

final as (

    select
        numbered.remit_line_key,
        numbered.remit_claim_key,
        numbered.claim_key,
        coalesce(numbered.claim_line_key, alike.claim_line_key) as claim_line_key,
        case
            when numbered.claim_line_key is not null then 'line number'
            when alike.claim_line_key is not null then 'procedure and charge'
            else 'none'
        end as match_method,
        numbered.line_no,
        numbered.line_id,
        numbered.procedure_code,
        numbered.charge_amount,
        numbered.paid_amount,
        numbered.allowed_amount as stated_allowed_amount,
        -- what the payer pays and leaves to the patient, where it does not say what it allows
        {{ money(
            'coalesce(numbered.allowed_amount, numbered.paid_amount'
            ~ ' + coalesce(adjustments.patient_share_amount, 0))'
        ) }} as allowed_amount,
        numbered._source_file,
        numbered._source_position

    from numbered

    left join alike
        on numbered.remit_line_key = alike.remit_line_key
        and alike.remit_position = alike.claim_position

    left join adjustments
        on numbered.remit_claim_key = adjustments.remit_claim_key
        and numbered.line_no = adjustments.line_no

)

select * from final
