-- One row per visit: how far it has come from discharge to coded, as the hospital last said.
with

statuses as (

    select * from {{ ref('stg_hospital__encounter_status') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, encounter_id
            order by
                modified_at desc,
                coded_date desc,
                signed_date desc,
                discharge_date desc,
                documentation_status desc
        ) as version_rank

    from statuses

)

select
    {{ surrogate_key(['source_system', 'encounter_id']) }} as encounter_key,
    source_system,
    encounter_id,
    documentation_status,
    discharge_date,
    signed_date,
    coded_date,
    recorded_date

from ranked

where version_rank = 1
