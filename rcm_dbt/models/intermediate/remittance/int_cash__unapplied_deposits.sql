-- Money that a payer put in the bank before, or without, a remittance that says for what: received,
-- and applied to nothing yet. When the remittance is recorded, the money is unapplied no more, nor
-- is it when a remittance that may be its own is recorded, of several alike: the cash counts once.
-- Only where remittances are received at all; what patients pay comes with no remittance.
with

deposits as (

    select * from {{ ref('int_cash__deposits') }}

),

remitted_facilities as (

    select distinct facility_key

    from {{ ref('int_cash__remit_payments') }}

),

final as (

    select
        deposits.deposit_key,
        deposits.source_system,
        deposits.claim_source_system,
        deposits.facility_key,
        deposits.payer_key,
        deposits.deposit_id,
        deposits.trace_number,
        deposits.deposit_amount,
        deposits.deposit_date,
        deposits.recorded_date,
        case
            when deposits.remitted_date is not null then deposits.remitted_date
            when deposits.proposed_date < deposits.recorded_date then deposits.recorded_date
            else deposits.proposed_date
        end as applied_date,
        deposits.proposed_payment_count,
        deposits._source_file,
        deposits._source_position

    from deposits

    inner join remitted_facilities
        on deposits.facility_key = remitted_facilities.facility_key

    where
        deposits.payer_key is not null
        and deposits.deposit_amount <> 0
        and (
            deposits.remitted_date is null
            or deposits.remitted_date > deposits.recorded_date
        )

)

select * from final
