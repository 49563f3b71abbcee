-- The rows of the sources that KPIs are made of and that are no claim, visit or ledger entry.
with

facilities as (

    select * from {{ ref('int_facility__current') }}

),

records as (

    select
        cost_key as record_key,
        'cost' as record_type,
        source_system,
        facility_key,
        cost_month as record_date,
        cost_amount as quantity,
        _source_file as source_file,
        _source_position as source_position

    from {{ ref('int_facility__costs') }}

    union all

    select
        work.work_key as record_key,
        'work' as record_type,
        work.source_system,
        facilities.facility_key,
        work.work_date as record_date,
        work.work_minutes as quantity,
        work._source_file as source_file,
        work._source_position as source_position

    from {{ ref('int_staff__work') }} as work

    left join facilities
        on work.source_system = facilities.source_system
        and facilities.facility_type = 'hospital'

    union all

    select
        record_key,
        'exported claim' as record_type,
        source_system,
        facility_key,
        claim_date as record_date,
        claim_amount as quantity,
        _source_file as source_file,
        _source_position as source_position

    from {{ ref('int_kpi__exported_claims') }}

    where record_key is not null

),

final as (

    select * from records

)

select * from final
