-- One row per claim, from the best witness of it: the hospital's billing system, else the 837 that
-- was sent, else the 835 that answered, else Synthea, whose journal may know more claims than its
-- list. Who, where, when and which payer are decided here once; every amount comes later, from the
-- ledger.
{{ config(meta={'claims_from': [
    'int_transaction__current',
    'int_claim__submissions',
    'int_claim__remits',
]}) }}
with

billed as (

    select
        claim_key,
        source_system,
        source_system as claim_namespace,
        claim_id,
        min(encounter_key) as encounter_key,
        min(patient_key) as patient_key,
        min(provider_key) as provider_key,
        min(payer_id) as payer_id,
        min(service_date) as service_date

    from {{ ref('int_transaction__current') }}

    group by
        claim_key,
        source_system,
        claim_id

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

billed_claims as (

    select
        billed.claim_key,
        billed.source_system,
        billed.claim_namespace,
        billed.claim_id,
        1 as bill_number,
        billed.encounter_key,
        billed.patient_key,
        billed.provider_key,
        payers.payer_key,
        facilities.facility_key,
        billed.service_date,
        'billing system' as known_from,
        1 as witness_rank

    from billed

    left join facilities
        on billed.source_system = facilities.source_system
        and facilities.facility_type = 'hospital'

    left join payers
        on billed.source_system = payers.source_system
        and billed.payer_id = payers.payer_id

),

submitted_claims as (

    select
        claim_key,
        claim_source_system as source_system,
        claim_namespace,
        claim_id,
        bill_number,
        {{ null_key() }} as encounter_key,
        {{ null_key() }} as patient_key,
        {{ null_key() }} as provider_key,
        payer_key,
        facility_key,
        service_date,
        'claim submission' as known_from,
        2 as witness_rank

    from {{ ref('int_claim__submissions') }}

    where submission_number = 1

),

remitted_claims as (

    select
        claim_key,
        claim_source_system as source_system,
        claim_namespace,
        claim_id,
        bill_number,
        {{ null_key() }} as encounter_key,
        {{ null_key() }} as patient_key,
        {{ null_key() }} as provider_key,
        payer_key,
        facility_key,
        service_date,
        'remittance' as known_from,
        3 as witness_rank

    from {{ ref('int_claim__remits') }}

    where remit_number = 1

),

-- who cut an export may leave claims out whose journal is in it
journal_claims as (

    select
        source_system,
        claim_id,
        min(encounter_id) as encounter_id,
        min(patient_id) as patient_id,
        min(provider_id) as provider_id,
        min(organization_id) as organization_id,
        min(from_date) as service_date

    from {{ ref('stg_synthea__claims_transactions') }}

    group by
        source_system,
        claim_id

),

exported_claims as (

    select
        claims.source_system,
        claims.claim_id,
        claims.encounter_id,
        claims.patient_id,
        claims.provider_id,
        claims.primary_payer_id,
        claims.service_date,
        journal_claims.organization_id

    from {{ ref('stg_synthea__claims') }} as claims

    left join journal_claims
        on claims.source_system = journal_claims.source_system
        and claims.claim_id = journal_claims.claim_id

    union all

    select
        journal_claims.source_system,
        journal_claims.claim_id,
        journal_claims.encounter_id,
        journal_claims.patient_id,
        journal_claims.provider_id,
        cast(null as {{ dbt.type_string() }}) as primary_payer_id,
        journal_claims.service_date,
        journal_claims.organization_id

    from journal_claims

    left join {{ ref('stg_synthea__claims') }} as claims
        on journal_claims.source_system = claims.source_system
        and journal_claims.claim_id = claims.claim_id

    where claims.claim_id is null

),

synthea_claims as (

    select
        {{ surrogate_key(['claims.source_system', 'claims.claim_id']) }} as claim_key,
        claims.source_system,
        claims.source_system as claim_namespace,
        claims.claim_id,
        1 as bill_number,
        encounters.encounter_key,
        {{ foreign_key(['claims.source_system', 'claims.patient_id']) }} as patient_key,
        {{ foreign_key(['claims.source_system', 'claims.provider_id']) }} as provider_key,
        payers.payer_key,
        coalesce(
            encounters.facility_key,
            {{ foreign_key(['claims.source_system', 'claims.organization_id']) }}
        ) as facility_key,
        claims.service_date,
        'billing system' as known_from,
        1 as witness_rank

    from exported_claims as claims

    left join {{ ref('int_encounter__current') }} as encounters
        on claims.source_system = encounters.source_system
        and claims.encounter_id = encounters.encounter_id

    left join payers
        on claims.source_system = payers.source_system
        and claims.primary_payer_id = payers.payer_id

),

witnesses as (

    select * from billed_claims
    union all
    select * from submitted_claims
    union all
    select * from remitted_claims
    union all
    select * from synthea_claims

),

ranked as (

    select
        *,
        row_number() over (partition by claim_key order by witness_rank) as claim_rank

    from witnesses

),

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

patients as (

    select * from {{ ref('int_patient__versions') }}

),

final as (

    select
        ranked.claim_key,
        ranked.source_system,
        ranked.claim_namespace,
        ranked.claim_id,
        ranked.bill_number,
        ranked.encounter_key,
        ranked.patient_key,
        patients.patient_version_key,
        -- money follows the work: the clinician of the encounter before the one on the bill
        coalesce(encounters.provider_key, ranked.provider_key) as provider_key,
        ranked.payer_key,
        ranked.facility_key,
        ranked.service_date,
        ranked.known_from

    from ranked

    left join encounters
        on ranked.encounter_key = encounters.encounter_key

    left join patients
        on ranked.patient_key = patients.patient_key
        and {{ valid_on('patients', 'ranked.service_date') }}

    where ranked.claim_rank = 1

)

select * from final
