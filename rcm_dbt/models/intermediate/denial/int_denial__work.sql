-- One row per piece of work on a denial that staff logged. An appeal leaves no other trace in the
-- feeds: it is a letter, not a claim.
with

work_log as (

    select * from {{ ref('stg_hospital__work_log') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, work_id
            order by
                modified_at desc,
                recorded_date desc,
                work_minutes desc,
                claim_id desc,
                staff_id desc
        ) as version_rank

    from work_log

),

final as (

    select
        {{ surrogate_key(['source_system', 'work_id']) }} as work_key,
        {{ foreign_key(['source_system', 'claim_id']) }} as claim_key,
        source_system,
        work_date,
        work_minutes,
        recorded_date

    from ranked

    where version_rank = 1 and activity = 'Denial Work'

)

select * from final
