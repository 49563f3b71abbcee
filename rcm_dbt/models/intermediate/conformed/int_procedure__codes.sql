-- Every procedure code that any feed uses, with what is known of it. Hospitals and payers use HCPCS
-- (CPT is its first level), Synthea SNOMED CT.
with

used as (

    select
        case when source_system = 'synthea' then 'SNOMED CT' else 'HCPCS' end as code_system,
        procedure_code

    from {{ ref('int_procedure__current') }}

    {{ union_distinct() }}

    select
        'SNOMED CT' as code_system,
        procedure_code

    from {{ ref('stg_synthea__claims_transactions') }}

    {{ union_distinct() }}

    select
        'HCPCS' as code_system,
        procedure_code

    from {{ ref('int_transaction__current') }}

    {{ union_distinct() }}

    select
        'HCPCS' as code_system,
        procedure_code

    from {{ ref('stg_x12__submitted_lines') }}

    {{ union_distinct() }}

    select
        'HCPCS' as code_system,
        procedure_code

    from {{ ref('stg_x12__remit_lines') }}

    {{ union_distinct() }}

    select
        'HCPCS' as code_system,
        procedure_code

    from {{ ref('procedure_codes') }}

),

listed as (

    select
        'HCPCS' as code_system,
        procedure_codes.*

    from {{ ref('procedure_codes') }} as procedure_codes

),

synthea_labels as (

    select
        'SNOMED CT' as code_system,
        procedure_code,
        coalesce(
            min(case when is_procedure then procedure_label end), min(procedure_label)
        ) as label

    from (
        select
            procedure_code,
            procedure_label,
            true as is_procedure

        from {{ ref('stg_synthea__procedures') }}

        union all

        -- medicines, vaccines and visits are charged under codes of their own
        select
            procedure_code,
            procedure_label,
            false as is_procedure

        from {{ ref('stg_synthea__claims_transactions') }}
    ) as named

    group by procedure_code

),

final as (

    select
        {{ surrogate_key(['used.code_system', 'used.procedure_code']) }} as procedure_code_key,
        used.code_system,
        used.procedure_code,
        coalesce(listed.label, synthea_labels.label) as procedure_label,
        coalesce(listed.category, 'Other') as procedure_category,
        listed.work_rvu as standard_work_rvu,
        listed.procedure_code is not null as is_listed

    from used

    left join listed
        on used.code_system = listed.code_system
        and used.procedure_code = listed.procedure_code

    left join synthea_labels
        on used.code_system = synthea_labels.code_system
        and used.procedure_code = synthea_labels.procedure_code

    where used.procedure_code is not null

)

select * from final
