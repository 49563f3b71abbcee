-- One row per piece of clinical work of every system, in its latest version, with the work RVUs
-- that it earns. A hospital whose database lists no procedures has the one of each visit, valued by
-- its code.
with

procedures as (

    select * from {{ ref('stg_hospital__procedures') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, procedure_id
            order by
                modified_at desc,
                work_rvu desc,
                units desc,
                procedure_code desc,
                modifiers desc,
                encounter_id desc
        ) as version_rank

    from procedures

),

listing_hospitals as (

    select distinct source_system

    from procedures

),

visits as (

    select
        encounters.*,
        row_number() over (
            partition by encounters.source_system, encounters.encounter_id
            order by
                encounters.modified_at desc,
                encounters.procedure_code desc
        ) as version_rank

    from {{ ref('stg_hospital__encounters') }} as encounters

    left join listing_hospitals
        on encounters.source_system = listing_hospitals.source_system

    where listing_hospitals.source_system is null

),

hospital_procedures as (

    select
        source_system,
        encounter_id,
        procedure_id,
        procedure_code,
        modifiers,
        units,
        work_rvu,
        recorded_date,
        _source_file,
        _source_position

    from ranked

    where version_rank = 1

    union all

    select
        visits.source_system,
        visits.encounter_id,
        {{ dbt.concat(["'visit '", 'visits.encounter_id']) }} as procedure_id,
        visits.procedure_code,
        cast(null as {{ dbt.type_string() }}) as modifiers,
        1 as units,
        codes.work_rvu,
        visits.recorded_date,
        visits._source_file,
        visits._source_position

    from visits

    left join {{ ref('procedure_codes') }} as codes
        on visits.procedure_code = codes.procedure_code

    where visits.version_rank = 1 and visits.procedure_code is not null

),

-- the export numbers neither procedures nor work RVUs: the id is made of the content, and equal
-- procedures of one visit are counted
synthea_procedures as (

    select
        source_system,
        encounter_id,
        {{ surrogate_key([
            'encounter_id', 'procedure_code', 'reason_code', 'base_cost_amount', 'started_at',
            'stopped_at',
        ]) }} as content_key,
        procedure_code,
        recorded_date,
        _source_file,
        _source_position

    from {{ ref('stg_synthea__procedures') }}

),

numbered_synthea_procedures as (

    select
        source_system,
        encounter_id,
        {{ dbt.concat([
            'content_key', "'-'",
            'cast(row_number() over (partition by content_key order by content_key) as '
            ~ dbt.type_string() ~ ')',
        ]) }} as procedure_id,
        procedure_code,
        cast(null as {{ dbt.type_string() }}) as modifiers,
        1 as units,
        cast(null as decimal(9, 2)) as work_rvu,
        recorded_date,
        _source_file,
        _source_position

    from synthea_procedures

),

unioned as (

    select * from hospital_procedures
    union all
    select * from numbered_synthea_procedures

),

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

-- work of a visit that is not known, or was deleted, has none
final as (

    select
        {{ surrogate_key(['unioned.source_system', 'unioned.procedure_id']) }} as procedure_key,
        encounters.encounter_key,
        unioned.source_system,
        unioned.procedure_id,
        unioned.encounter_id,
        unioned.procedure_code,
        unioned.modifiers,
        unioned.units,
        unioned.work_rvu,
        cast(unioned.work_rvu * unioned.units as decimal(18, 2)) as total_work_rvu,
        unioned.recorded_date,
        unioned._source_file,
        unioned._source_position

    from unioned

    left join encounters
        on unioned.source_system = encounters.source_system
        and unioned.encounter_id = encounters.encounter_id

)

select * from final
