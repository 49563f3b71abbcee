-- Each charge and correction of a charge as it was posted, with the last day of service of its
-- account: the day on which the patient left, or a later one that its claim charges. Room and board
-- is charged from admission on, and cannot be posted before it is over.
{{ config(materialized='view') }}
with

charges as (

    select * from {{ ref('int_transaction__current') }}

    where event_type in ('CHARGE', 'CHARGE_CORRECTION')

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

statuses as (

    select * from {{ ref('int_encounter__status') }}

),

joined as (

    select
        charges.transaction_key,
        charges.claim_key,
        headers.source_system,
        headers.claim_id,
        headers.encounter_key,
        headers.facility_key,
        headers.payer_key,
        charges.event_type = 'CHARGE' as is_charge,
        -- a charge that no claim carries yet waits under its visit, or by itself
        headers.claim_id not like 'unbilled %' as is_billed,
        charges.service_date,
        max(charges.service_date) over (partition by charges.claim_key) as last_charged_date,
        statuses.discharge_date,
        charges.recorded_date as posted_date,
        charges.amount

    from charges

    inner join headers
        on charges.claim_key = headers.claim_key

    left join statuses
        on headers.encounter_key = statuses.encounter_key

),

final as (

    select
        transaction_key,
        claim_key,
        source_system,
        claim_id,
        encounter_key,
        facility_key,
        payer_key,
        is_charge,
        is_billed,
        service_date,
        case
            when discharge_date > last_charged_date then discharge_date
            else last_charged_date
        end as last_service_date,
        discharge_date,
        posted_date,
        amount

    from joined

)

select * from final
