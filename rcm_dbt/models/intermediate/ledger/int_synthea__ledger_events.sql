-- Synthea's billing transactions in the words of the ledger. Only charges, payments and adjustments
-- change a balance; a transfer names the next one who owes it, once out and once in.
with

transactions as (

    select
        *,
        -- a join on an equality is a hash join; with a condition on one side it would not be
        case when transaction_type = 'TRANSFEROUT' then charge_id end as transfer_out_charge_id

    from {{ ref('stg_synthea__claims_transactions') }}

),

-- a transfer out does not say to whom: the matching transfer in, which points back to it, does
transfers_in as (

    select
        transfer_out_id,
        max(transfer_type) as transfer_type

    from transactions

    where transaction_type = 'TRANSFERIN'

    group by transfer_out_id

),

-- what is paid for a procedure names its code; of several charges of one code, the first is paid
charges as (

    select
        claim_id,
        procedure_code,
        transaction_id as charge_transaction_id,
        row_number() over (
            partition by claim_id, procedure_code
            order by charge_id
        ) as charge_number

    from transactions

    where transaction_type = 'CHARGE'

),

typed as (

    select
        transactions.*,
        coalesce(transfers_in.transfer_type, transactions.transfer_type) as destination,
        case
            when transactions.transaction_type = 'CHARGE' then transactions.transaction_id
            when transactions.transaction_type in ('PAYMENT', 'ADJUSTMENT')
                then charges.charge_transaction_id
        end as charge_transaction_id

    from transactions

    left join charges
        on transactions.claim_id = charges.claim_id
        and transactions.procedure_code = charges.procedure_code
        and charges.charge_number = 1

    left join transfers_in
        on transactions.transfer_out_charge_id = transfers_in.transfer_out_id

),

final as (

    select
        source_system,
        claim_id,
        transaction_id,
        charge_transaction_id,
        case
            when transaction_type = 'CHARGE' then 'CHARGE'
            when transaction_type = 'ADJUSTMENT' then 'CONTRACTUAL'
            when transaction_type = 'PAYMENT' and payment_method = 'ECHECK' then 'PAYER_PAYMENT'
            when transaction_type = 'PAYMENT' then 'PATIENT_PAYMENT'
            when destination = 'p' then 'TRANSFER_TO_PATIENT'
            else 'TRANSFER_TO_SECONDARY'
        end as event_type,
        from_date as event_date,
        {{ money("
            case transaction_type
                when 'CHARGE' then coalesce(amount, 0)
                when 'PAYMENT' then -coalesce(payment_amount, 0)
                when 'ADJUSTMENT' then -coalesce(adjustment_amount, 0)
                else 0
            end
        ") }} as ar_amount,
        {{ money("
            case when transaction_type = 'PAYMENT' then coalesce(payment_amount, 0) else 0 end
        ") }} as cash_amount,
        {{ money("
            case transaction_type
                when 'TRANSFERIN' then coalesce(transfer_amount, 0)
                when 'TRANSFEROUT' then -coalesce(transfer_amount, 0)
                else 0
            end
        ") }} as memo_amount,
        _source_file,
        _source_position

    from typed

)

select * from final
