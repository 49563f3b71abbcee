-- Money that a payer put in the bank before, or without, a remittance that says for what: received,
-- and applied to nothing yet. When the remittance is recorded, the money is unapplied no more. Only
-- where remittances are received at all; what patients pay comes with no remittance.
with

deposits as (

    select * from {{ ref('stg_treasury__bank_deposits') }}

),

payers as (

    select
        names.payer_name,
        min(identifiers.payer_key) as payer_key

    from {{ ref('stg_operations__payers') }} as names

    inner join {{ ref('int_payer__identifiers') }} as identifiers
        on names.payer_id = identifiers.payer_id
        and identifiers.source_system = 'operations'

    group by names.payer_name

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

remittances as (

    select
        facility_key,
        trace_number,
        min(recorded_date) as recorded_date

    from {{ ref('int_cash__remit_payments') }}

    group by
        facility_key,
        trace_number

),

remitted_facilities as (

    select distinct facility_key

    from remittances

),

final as (

    select
        {{ surrogate_key(["'deposit'", 'deposits.deposit_id']) }} as deposit_key,
        deposits.source_system,
        facilities.source_system as claim_source_system,
        facilities.facility_key,
        payers.payer_key,
        deposits.deposit_id,
        deposits.trace_number,
        deposits.deposit_amount,
        deposits.deposit_date,
        deposits.recorded_date,
        remittances.recorded_date as applied_date,
        deposits._source_file,
        deposits._source_position

    from deposits

    inner join payers
        on deposits.payer_name = payers.payer_name

    inner join facilities
        on deposits.facility_id = facilities.facility_id

    inner join remitted_facilities
        on facilities.facility_key = remitted_facilities.facility_key

    left join remittances
        on facilities.facility_key = remittances.facility_key
        and deposits.trace_number = remittances.trace_number

    where
        deposits.deposit_amount <> 0
        and (
            remittances.recorded_date is null
            or remittances.recorded_date > deposits.recorded_date
        )

)

select * from final
