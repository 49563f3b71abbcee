-- What each procedure brings in and costs, by facility and month of service: money by service line
-- of the 835, cost by the work and the charges of the procedure. What is paid or given up for a
-- claim as a whole belongs to no line and stands on a row of its own, as does cost that met no
-- service, so that totals equal the ledgers.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

claim_lines as (

    select
        lines.claim_line_key,
        headers.facility_key,
        {{ month_start('lines.service_date') }} as activity_month,
        {{ procedure_code_key('headers.source_system', 'lines.procedure_code') }}
            as procedure_code_key

    from {{ ref('int_claim__lines') }} as lines

    inner join headers
        on lines.claim_key = headers.claim_key

),

event_types as (

    select * from {{ ref('ledger_event_types') }}

),

money as (

    select
        entries.facility_key,
        coalesce(
            claim_lines.activity_month,
            {{ month_start('coalesce(headers.service_date, entries.event_date)') }}
        ) as activity_month,
        claim_lines.procedure_code_key,
        {{ sum_where('entries.ar_amount', "event_types.measure_class = 'charge'") }}
            as charge_amount,
        {{ sum_where('-entries.ar_amount', "event_types.measure_class = 'contractual'") }}
            as contractual_amount,
        {{ sum_where('-entries.ar_amount', "event_types.measure_class = 'write_off'") }}
            as write_off_amount,
        {{ sum_where('entries.memo_amount', "entries.event_type = 'DENIAL_HOLD'") }}
            as denied_amount,
        {{ sum_where('entries.memo_amount', "entries.event_type = 'TRANSFER_TO_PATIENT'") }}
            as patient_responsibility_amount,
        sum(entries.cash_amount) as cash_amount,
        {{ sum_where('1', "entries.event_type = 'CHARGE'") }} as charge_line_count

    from {{ ref('int_ledger__entries') }} as entries

    inner join event_types
        on entries.event_type = event_types.event_type

    left join headers
        on entries.claim_key = headers.claim_key

    left join claim_lines
        on entries.claim_line_key = claim_lines.claim_line_key

    group by
        entries.facility_key,
        coalesce(
            claim_lines.activity_month,
            {{ month_start('coalesce(headers.service_date, entries.event_date)') }}
        ),
        claim_lines.procedure_code_key

),

allowed as (

    select
        claim_lines.facility_key,
        claim_lines.activity_month,
        claim_lines.procedure_code_key,
        sum(decided_lines.allowed_amount) as allowed_amount

    from {{ ref('int_claim__decided_lines') }} as decided_lines

    inner join claim_lines
        on decided_lines.claim_line_key = claim_lines.claim_line_key

    group by
        claim_lines.facility_key,
        claim_lines.activity_month,
        claim_lines.procedure_code_key

),

work as (

    select
        encounters.facility_key,
        {{ month_start('encounters.encounter_date') }} as activity_month,
        {{ procedure_code_key('procedures.source_system', 'procedures.procedure_code') }}
            as procedure_code_key,
        sum(procedures.units) as units,
        sum(procedures.total_work_rvu) as work_rvu

    from {{ ref('int_procedure__current') }} as procedures

    inner join {{ ref('int_encounter__current') }} as encounters
        on procedures.encounter_key = encounters.encounter_key

    group by
        encounters.facility_key,
        {{ month_start('encounters.encounter_date') }},
        {{ procedure_code_key('procedures.source_system', 'procedures.procedure_code') }}

),

costs as (

    select
        facility_key,
        cost_month as activity_month,
        procedure_code_key,
        sum(allocated_amount) as allocated_cost_amount,
        sum(unallocated_amount) as unallocated_cost_amount

    from {{ ref('int_cost__allocations') }}

    group by
        facility_key,
        cost_month,
        procedure_code_key

),

cells as (

    select
        facility_key,
        activity_month,
        procedure_code_key,
        charge_line_count,
        charge_amount,
        contractual_amount,
        write_off_amount,
        denied_amount,
        patient_responsibility_amount,
        cash_amount,
        {{ money(0) }} as allowed_amount,
        0 as units,
        {{ money('null') }} as work_rvu,
        {{ money('null') }} as allocated_cost_amount,
        {{ money('null') }} as unallocated_cost_amount

    from money

    union all

    select
        facility_key,
        activity_month,
        procedure_code_key,
        0 as charge_line_count,
        {{ money(0) }} as charge_amount,
        {{ money(0) }} as contractual_amount,
        {{ money(0) }} as write_off_amount,
        {{ money(0) }} as denied_amount,
        {{ money(0) }} as patient_responsibility_amount,
        {{ money(0) }} as cash_amount,
        allowed_amount,
        0 as units,
        {{ money('null') }} as work_rvu,
        {{ money('null') }} as allocated_cost_amount,
        {{ money('null') }} as unallocated_cost_amount

    from allowed

    union all

    select
        facility_key,
        activity_month,
        procedure_code_key,
        0 as charge_line_count,
        {{ money(0) }} as charge_amount,
        {{ money(0) }} as contractual_amount,
        {{ money(0) }} as write_off_amount,
        {{ money(0) }} as denied_amount,
        {{ money(0) }} as patient_responsibility_amount,
        {{ money(0) }} as cash_amount,
        {{ money(0) }} as allowed_amount,
        units,
        work_rvu,
        {{ money('null') }} as allocated_cost_amount,
        {{ money('null') }} as unallocated_cost_amount

    from work

    union all

    select
        facility_key,
        activity_month,
        procedure_code_key,
        0 as charge_line_count,
        {{ money(0) }} as charge_amount,
        {{ money(0) }} as contractual_amount,
        {{ money(0) }} as write_off_amount,
        {{ money(0) }} as denied_amount,
        {{ money(0) }} as patient_responsibility_amount,
        {{ money(0) }} as cash_amount,
        {{ money(0) }} as allowed_amount,
        0 as units,
        {{ money('null') }} as work_rvu,
        allocated_cost_amount,
        unallocated_cost_amount

    from costs

),

summed as (

    select
        facility_key,
        activity_month,
        procedure_code_key,
        sum(charge_line_count) as charge_line_count,
        sum(charge_amount) as charge_amount,
        sum(contractual_amount) as contractual_amount,
        sum(write_off_amount) as write_off_amount,
        sum(denied_amount) as denied_amount,
        sum(patient_responsibility_amount) as patient_responsibility_amount,
        sum(cash_amount) as cash_amount,
        sum(allowed_amount) as allowed_amount,
        sum(units) as units,
        sum(work_rvu) as work_rvu,
        coalesce(sum(allocated_cost_amount), 0) as allocated_cost_amount,
        coalesce(sum(unallocated_cost_amount), 0) as unallocated_cost_amount

    from cells

    group by
        facility_key,
        activity_month,
        procedure_code_key

),

costed_months as (

    select distinct
        facility_key,
        activity_month

    from costs

),

procedure_codes as (

    select * from {{ ref('int_procedure__codes') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

final as (

    select
        {{ surrogate_key([
            'summed.facility_key', 'summed.activity_month',
            "coalesce(summed.procedure_code_key, 'none')",
        ]) }} as procedure_month_key,
        summed.activity_month,
        {{ days_between(dbt.last_day('summed.activity_month', 'month'), as_of_date()) }}
            as maturity_days,
        summed.facility_key,
        facilities.facility_name,
        summed.procedure_code_key,
        procedure_codes.procedure_code,
        coalesce(procedure_codes.procedure_label, 'Not attributable to a procedure')
            as procedure_label,
        cast(summed.units as {{ dbt.type_bigint() }}) as units,
        cast(summed.work_rvu as decimal(18, 2)) as work_rvu,
        cast(summed.charge_line_count as {{ dbt.type_bigint() }}) as charge_line_count,
        {{ money('summed.charge_amount') }} as charge_amount,
        {{ money('summed.allowed_amount') }} as allowed_amount,
        {{ money('summed.contractual_amount') }} as contractual_amount,
        {{ money('summed.denied_amount') }} as denied_amount,
        {{ money('summed.patient_responsibility_amount') }} as patient_responsibility_amount,
        {{ money('summed.write_off_amount') }} as write_off_amount,
        {{ money('summed.cash_amount') }} as cash_amount,
        case
            when costed_months.facility_key is not null
                then {{ money('summed.allocated_cost_amount') }}
        end as allocated_cost_amount,
        case
            when costed_months.facility_key is not null
                then {{ money('summed.unallocated_cost_amount') }}
        end as unallocated_cost_amount,
        {{ money('summed.allowed_amount - summed.allocated_cost_amount') }}
            as allowed_margin_amount,
        {{ money('summed.cash_amount - summed.allocated_cost_amount') }} as margin_amount

    from summed

    left join costed_months
        on summed.facility_key = costed_months.facility_key
        and summed.activity_month = costed_months.activity_month

    left join procedure_codes
        on summed.procedure_code_key = procedure_codes.procedure_code_key

    left join facilities
        on summed.facility_key = facilities.facility_key

)

select * from final
