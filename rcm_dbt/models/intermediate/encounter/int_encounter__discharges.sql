-- When each visit ended, by the latest word of its hospital.
with

statuses as (

    {{ union_hospitals('encounter_status') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, encounter_id
            order by modified_at desc, discharge_date desc, recorded_date desc
        ) as version_rank

    from statuses

),

final as (

    select
        {{ surrogate_key(['source_system', 'encounter_id']) }} as encounter_key,
        discharge_date

    from ranked

    where version_rank = 1 and discharge_date is not null

)

select * from final
