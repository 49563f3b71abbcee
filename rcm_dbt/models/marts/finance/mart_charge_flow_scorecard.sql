-- What has become of charges on their way from a visit to cash, and where money waits, for those
-- who may not see single patients: visits without a claim by their expected charge, and the claims
-- of services of twelve months, with older ones in which something is open. All stages together are
-- the charges. Stages with too few people stand merged: settled ones with settled ones, and what
-- claims wait for with each other, as its total is known of mart_aging_scorecard. Visits are never
-- merged: of too few people they are left out.
with

members as (

    select
        patient_key,
        person_key

    from {{ ref('int_person__members') }}

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

    where
        open_amount <> 0
        or {{ dbt.datediff(month_start('service_date'), month_start(as_of_date()), 'month') }} < 12  -- noqa: LT05

),

amounts as (

    select
        'visits' as subject,
        'not billed' as stage,
        patient_key,
        estimated_charge_amount as amount

    from {{ ref('mart_unbilled') }}

    where claim_key is null

    union all

    select
        'open claims' as subject,
        case claim_status
            when 'open' then 'not sent'
            when 'denied' then 'denied'
            when 'patient' then 'with the patient'
            else 'with the payer'
        end as stage,
        patient_key,
        open_amount as amount

    from claims

    where open_amount > 0

    union all

    select
        'settled' as subject,
        'contractual' as stage,
        patient_key,
        contractual_amount as amount

    from claims

    union all

    select
        'settled' as subject,
        'written off' as stage,
        patient_key,
        write_off_amount as amount

    from claims

    union all

    select
        'settled' as subject,
        'paid by payers' as stage,
        patient_key,
        payer_paid_amount as amount

    from claims

    union all

    select
        'settled' as subject,
        'paid by patients' as stage,
        patient_key,
        patient_paid_amount as amount

    from claims

    union all

    select
        'settled' as subject,
        'to give back' as stage,
        patient_key,
        open_amount as amount

    from claims

    where open_amount < 0

),

people as (

    select
        amounts.subject,
        amounts.stage,
        members.person_key,
        'all' as counted_as,
        sum(amounts.amount) as amount

    from amounts

    left join members
        on amounts.patient_key = members.patient_key

    where amounts.amount <> 0

    group by
        amounts.subject,
        amounts.stage,
        members.person_key

),

{{ merged_cells('stages', 'people', 'subject', 'stage') }},

placed as (

    select
        people.subject,
        people.person_key,
        people.amount,
        stages.is_merged as is_other,
        case when not stages.is_merged then people.stage end as stage

    from people

    inner join stages
        on people.subject = stages.group_key
        and people.stage = stages.cell_key

    where stages.has_enough

),

summed as (

    select
        subject,
        is_other,
        stage,
        count(distinct person_key) as people_count,
        sum(amount) as flow_amount

    from placed

    group by
        subject,
        is_other,
        stage

),

final as (

    select
        {{ surrogate_key(['subject', 'is_other', 'stage']) }} as scorecard_key,
        subject <> 'settled' as is_waiting,
        is_other,
        stage,
        case stage
            when 'not billed' then 1
            when 'not sent' then 2
            when 'with the payer' then 3
            when 'denied' then 4
            when 'contractual' then 5
            when 'written off' then 6
            when 'with the patient' then 7
            when 'paid by patients' then 8
            when 'paid by payers' then 9
            when 'to give back' then 10
        end as stage_number,
        cast(people_count as {{ dbt.type_bigint() }}) as people_count,
        {{ money('flow_amount') }} as flow_amount,
        {{ money('sum(flow_amount) over ()') }} as services_amount

    from summed

)

select * from final
