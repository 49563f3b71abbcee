-- Where money waits on its way from a visit to cash, for those who may not see single patients:
-- what is not billed by its expected charge, what is billed by its open balance. Stages of claims
-- with too few people stand merged. Visits are never merged with claims, whose total is known of
-- mart_aging_scorecard: the rest would be those few. Of too few people they are left out.
with

members as (

    select
        patient_key,
        person_key

    from {{ ref('int_person__members') }}

),

waiting as (

    select
        'visits' as subject,
        'not billed' as stage,
        patient_key,
        estimated_charge_amount as waiting_amount

    from {{ ref('mart_unbilled') }}

    where claim_key is null

    union all

    select
        'claims' as subject,
        case claim_status
            when 'open' then 'not sent'
            when 'denied' then 'denied'
            when 'patient' then 'with the patient'
            else 'with the payer'
        end as stage,
        patient_key,
        outstanding_amount as waiting_amount

    from {{ ref('mart_claim_priority_queue') }}

),

people as (

    select
        waiting.subject,
        waiting.stage,
        'all' as counted_as,
        waiting.waiting_amount,
        members.person_key

    from waiting

    left join members
        on waiting.patient_key = members.patient_key

),

{{ merged_cells('stages', 'people', 'subject', 'stage') }},

placed as (

    select
        people.person_key,
        people.waiting_amount,
        stages.is_merged as is_other,
        case when not stages.is_merged then people.stage end as stage

    from people

    inner join stages
        on people.subject = stages.group_key
        and people.stage = stages.cell_key

    where stages.has_enough

),

final as (

    select
        {{ surrogate_key(['is_other', 'stage']) }} as scorecard_key,
        is_other,
        stage,
        case stage
            when 'not billed' then 1
            when 'not sent' then 2
            when 'with the payer' then 3
            when 'denied' then 4
            when 'with the patient' then 5
        end as stage_number,
        cast(count(distinct person_key) as {{ dbt.type_bigint() }}) as people_count,
        {{ money('sum(waiting_amount)') }} as waiting_amount

    from placed

    group by
        is_other,
        stage

)

select * from final
