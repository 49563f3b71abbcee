-- One row per diagnosis of a visit: of hospitals in its latest version, the principal one first; of
-- Synthea each condition that was found at the visit, once.
with

diagnoses as (

    select * from {{ ref('stg_hospital__diagnoses') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, diagnosis_id
            order by
                modified_at desc,
                diagnosis_code desc,
                diagnosis_no desc,
                encounter_id desc
        ) as version_rank

    from diagnoses

    where diagnosis_code is not null

),

conditions as (

    select
        source_system,
        encounter_id,
        diagnosis_code,
        min(onset_date) as onset_date

    from {{ ref('stg_synthea__conditions') }}

    where diagnosis_code is not null

    group by
        source_system,
        encounter_id,
        diagnosis_code

),

final as (

    select
        {{ surrogate_key(['source_system', 'diagnosis_id']) }} as diagnosis_key,
        {{ foreign_key(['source_system', 'encounter_id']) }} as encounter_key,
        source_system,
        diagnosis_id,
        'ICD-10-CM' as code_system,
        {{ plain_diagnosis_code('diagnosis_code') }} as diagnosis_code,
        cast(row_number() over (
            partition by source_system, encounter_id
            order by diagnosis_no, diagnosis_id
        ) as {{ dbt.type_bigint() }}) as diagnosis_number

    from ranked

    where version_rank = 1

    union all

    select
        {{ surrogate_key(['source_system', 'encounter_id', 'diagnosis_code']) }} as diagnosis_key,
        {{ foreign_key(['source_system', 'encounter_id']) }} as encounter_key,
        source_system,
        cast(null as {{ dbt.type_string() }}) as diagnosis_id,
        'SNOMED CT' as code_system,
        diagnosis_code,
        cast(row_number() over (
            partition by source_system, encounter_id
            order by onset_date, diagnosis_code
        ) as {{ dbt.type_bigint() }}) as diagnosis_number

    from conditions

)

select * from final
