-- Whose work each claim bills: a clinician's (professional, the 837P) or the facility's (the 837I).
-- Until it is sent, a claim for a visit to the facility is the clinician's where it bills work
-- values.
{{ config(meta={'claims_from': [
    'int_claim__headers',
    'int_claim__submissions',
    'int_claim__lines',
]}) }}
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

submissions as (

    select * from {{ ref('int_claim__submissions') }}

    where submission_number = 1

),

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

working_codes as (

    select distinct
        source_system,
        procedure_code

    from {{ ref('int_procedure__current') }}

    where total_work_rvu > 0

),

lines as (

    select
        claim_lines.claim_key,
        max(case when working_codes.procedure_code is not null then 1 else 0 end) as has_work,
        max(case when claim_lines.revenue_code is not null then 1 else 0 end) as has_revenue_code

    from {{ ref('int_claim__lines') }} as claim_lines

    inner join headers
        on claim_lines.claim_key = headers.claim_key

    left join working_codes
        on headers.source_system = working_codes.source_system
        and claim_lines.procedure_code = working_codes.procedure_code

    group by claim_lines.claim_key

),

final as (

    select
        headers.claim_key,
        case
            when submissions.claim_form = 'P' then 'professional'
            when submissions.claim_form = 'I' then 'facility'
            when encounters.encounter_type in ('inpatient', 'outpatient', 'emergency')
                then case when lines.has_work = 1 then 'professional' else 'facility' end
            when lines.has_revenue_code = 1 then 'facility'
            else 'professional'
        end as service_type

    from headers

    left join submissions
        on headers.claim_key = submissions.claim_key

    left join encounters
        on headers.encounter_key = encounters.encounter_key

    left join lines
        on headers.claim_key = lines.claim_key

)

select * from final
