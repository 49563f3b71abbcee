{{ config(**physical_layout('service_date', ['claim_key', 'claim_line_key'])) }}
{{ config(meta={'claims_from': [
    'int_claim__lines',
    'int_claim__headers',
    'int_ledger__entries',
    'int_claim__remit_lines',
    'int_claim__remits',
]}) }}

-- Each line of a claim with its work and with what the ledger holds of it. What a ledger entry says
-- of a whole claim is on no line: lines need not add up to the figures of their claim.
with

lines as (

    select * from {{ ref('int_claim__lines') }}

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

entries as (

    select
        entries.claim_line_key,
        {{ sum_where('-entries.ar_amount', "event_types.measure_class = 'contractual'") }}
            as contractual_amount,
        {{ sum_where('entries.cash_amount', "event_types.measure_class = 'payer_cash'") }}
            as payer_paid_amount,
        {{ sum_where('entries.memo_amount', "entries.event_type = 'DENIAL_HOLD'") }}
            as denied_amount,
        {{ sum_where('entries.memo_amount', "entries.event_type = 'TRANSFER_TO_PATIENT'") }}
            as patient_responsibility_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where entries.claim_line_key is not null

    group by entries.claim_line_key

),

-- what the payer who answers first allows, by its last word on the line
decisions as (

    select
        remit_lines.claim_line_key,
        remit_lines.allowed_amount,
        row_number() over (
            partition by remit_lines.claim_line_key
            order by remits.decision_number desc, remit_lines.line_no desc
        ) as latest_rank

    from {{ ref('int_claim__remit_lines') }} as remit_lines

    inner join {{ ref('int_claim__remits') }} as remits
        on remit_lines.remit_claim_key = remits.remit_claim_key

    where
        remits.is_decision
        and not remits.is_secondary
        and remit_lines.claim_line_key is not null

),

-- a charge finds the work behind it by visit and procedure, and equal ones by their place
placed_lines as (

    select
        lines.*,
        headers.source_system,
        headers.claim_id,
        headers.encounter_key,
        headers.patient_key,
        headers.provider_key,
        headers.payer_key,
        headers.facility_key,
        row_number() over (
            partition by headers.encounter_key, lines.procedure_code
            order by lines.line_id, lines.claim_line_key
        ) as work_number

    from lines

    inner join headers
        on lines.claim_key = headers.claim_key

),

work as (

    select
        encounter_key,
        procedure_code,
        modifiers,
        units,
        total_work_rvu,
        row_number() over (
            partition by encounter_key, procedure_code
            order by procedure_id
        ) as work_number

    from {{ ref('int_procedure__current') }}

    where encounter_key is not null

),

final as (

    select
        lines.claim_line_key,
        lines.claim_key,
        lines.source_system,
        lines.claim_id,
        lines.line_id,
        lines.line_number,
        lines.encounter_key,
        lines.patient_key,
        lines.provider_key,
        lines.payer_key,
        lines.facility_key,
        lines.procedure_code,
        lines.revenue_code,
        coalesce(lines.modifiers, work.modifiers) as modifiers,
        cast(coalesce(lines.units, work.units) as decimal(18, 4)) as units,
        work.total_work_rvu as work_rvu,
        lines.service_date,
        lines.recorded_date,
        {{ money('lines.charge_amount') }} as charge_amount,
        decisions.allowed_amount,
        {{ money('coalesce(entries.contractual_amount, 0)') }} as contractual_amount,
        {{ money('coalesce(entries.denied_amount, 0)') }} as denied_amount,
        {{ money('coalesce(entries.patient_responsibility_amount, 0)') }}
            as patient_responsibility_amount,
        {{ money('coalesce(entries.payer_paid_amount, 0)') }} as payer_paid_amount,
        lines._source_file as source_file,
        lines._source_position as source_position

    from placed_lines as lines

    left join entries
        on lines.claim_line_key = entries.claim_line_key

    left join decisions
        on lines.claim_line_key = decisions.claim_line_key
        and decisions.latest_rank = 1

    left join work
        on lines.encounter_key = work.encounter_key
        and lines.procedure_code = work.procedure_code
        and lines.work_number = work.work_number

)

select * from final
