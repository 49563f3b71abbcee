-- What was done where, by whom and in which department: what a cost can be shared out by. Work is
-- that of the procedures of a month, charges those of its service lines.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

claim_lines as (

    select
        lines.claim_line_key,
        lines.service_date,
        {{ procedure_code_key('headers.source_system', 'lines.procedure_code') }}
            as procedure_code_key

    from {{ ref('int_claim__lines') }} as lines

    inner join headers
        on lines.claim_key = headers.claim_key

),

charges as (

    select
        entries.facility_key,
        {{ month_start(
            'coalesce(claim_lines.service_date, headers.service_date, entries.event_date)'
        ) }} as activity_month,
        encounters.department_key,
        service_types.service_type,
        headers.provider_key,
        claim_lines.procedure_code_key,
        entries.ar_amount as charge_amount,
        cast(null as decimal(18, 2)) as work_rvu

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type
        and event_types.measure_class = 'charge'

    inner join headers
        on entries.claim_key = headers.claim_key

    inner join {{ ref('int_claim__service_types') }} as service_types
        on entries.claim_key = service_types.claim_key

    left join claim_lines
        on entries.claim_line_key = claim_lines.claim_line_key

    left join encounters
        on headers.encounter_key = encounters.encounter_key

),

work as (

    select
        encounters.facility_key,
        {{ month_start('encounters.encounter_date') }} as activity_month,
        encounters.department_key,
        'professional' as service_type,
        encounters.provider_key,
        {{ procedure_code_key('procedures.source_system', 'procedures.procedure_code') }}
            as procedure_code_key,
        {{ money(0) }} as charge_amount,
        cast(procedures.total_work_rvu as decimal(18, 2)) as work_rvu

    from {{ ref('int_procedure__current') }} as procedures

    inner join encounters
        on procedures.encounter_key = encounters.encounter_key

),

combined as (

    select * from charges
    union all
    select * from work

),

final as (

    select
        {{ surrogate_key([
            'facility_key', 'activity_month', 'department_key', 'service_type', 'provider_key',
            'procedure_code_key',
        ]) }} as service_key,
        facility_key,
        activity_month,
        department_key,
        service_type,
        provider_key,
        procedure_code_key,
        {{ money('sum(charge_amount)') }} as charge_amount,
        cast(sum(work_rvu) as decimal(18, 2)) as work_rvu

    from combined

    group by
        facility_key,
        activity_month,
        department_key,
        service_type,
        provider_key,
        procedure_code_key

)

select * from final
