-- Every diagnosis code that any feed uses, with its chapter. Hospitals and payers use ICD-10-CM,
-- with or without the dot; Synthea SNOMED CT.
with

hospital_diagnoses as (

    select * from {{ ref('stg_hospital__diagnoses') }}

),

hospital_codes as (

    select diagnosis_code from hospital_diagnoses

    {{ union_distinct() }}

    select diagnosis_code from {{ ref('int_transaction__current') }}

),

used as (

    select distinct
        'ICD-10-CM' as code_system,
        {{ plain_diagnosis_code('diagnosis_code') }} as diagnosis_code,
        cast(null as {{ dbt.type_string() }}) as label

    from hospital_codes

    where diagnosis_code is not null

    union all

    select
        'SNOMED CT' as code_system,
        diagnosis_code,
        min(diagnosis_label) as label

    from {{ ref('stg_synthea__conditions') }}

    where diagnosis_code is not null

    group by diagnosis_code

),

categorized as (

    select
        *,
        case when code_system = 'ICD-10-CM' then substring(diagnosis_code, 1, 3) end as category

    from used

),

chapters as (

    select * from {{ ref('diagnosis_chapters') }}

),

final as (

    select
        {{ surrogate_key(['categorized.code_system', 'categorized.diagnosis_code']) }}
            as diagnosis_code_key,
        categorized.code_system,
        categorized.diagnosis_code,
        categorized.label as diagnosis_label,
        categorized.category as diagnosis_category,
        coalesce(chapters.chapter, 'Unknown') as diagnosis_chapter

    from categorized

    left join chapters
        on categorized.category >= chapters.first_category
        and categorized.category <= chapters.last_category

)

select * from final
