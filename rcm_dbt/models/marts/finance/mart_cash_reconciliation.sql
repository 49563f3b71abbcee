select
    remit_payment_key,
    source_system,
    facility_key,
    payer_key,
    trace_number,
    payment_date,
    recorded_date,
    {{ money('remitted_amount') }} as remitted_amount,
    {{ money('posted_amount') }} as posted_amount,
    {{ money('provider_adjustment_amount') }} as provider_adjustment_amount,
    {{ money('quarantined_amount') }} as quarantined_amount,
    {{ money('unexplained_amount') }} as unexplained_amount,
    posting_status,
    deposit_date,
    {{ money('deposited_amount') }} as deposited_amount,
    deposit_status,
    _source_file as source_file,
    _source_position as source_position

from {{ ref('int_cash__reconciliation') }}
