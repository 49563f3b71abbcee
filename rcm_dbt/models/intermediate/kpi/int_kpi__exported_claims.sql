-- What the export of an old billing system says of each of its claims. One that nothing else knows
-- is no claim of ours: it is traced to its row.
{{ config(materialized='view') }}
with

exports as (

    select
        *,
        {{ surrogate_key(['source_system', 'claim_id']) }} as export_claim_key,
        {{ surrogate_key(["'legacy export'", 'source_system', 'claim_id', 'transaction_id']) }}
            as export_key,
        coalesce(claim_date, service_date, recorded_date) as record_date

    from {{ ref('stg_claims_csv__claims') }}

),

final as (

    select
        headers.claim_key,
        case when headers.claim_key is null then exports.export_key end as record_key,
        exports.source_system,
        facilities.facility_key,
        payers.payer_key,
        exports.record_date as claim_date,
        exports.claim_status,
        exports.claim_amount,
        coalesce(exports.paid_amount, {{ money(0) }}) as paid_amount,
        exports._source_file,
        exports._source_position

    from exports

    left join {{ ref('int_claim__headers') }} as headers
        on exports.export_claim_key = headers.claim_key

    left join {{ ref('int_facility__current') }} as facilities
        on exports.source_system = facilities.source_system
        and facilities.facility_type = 'hospital'

    left join {{ ref('int_payer__identifiers') }} as payers
        on exports.source_system = payers.source_system
        and exports.payer_id = payers.payer_id

)

select * from final
