-- A restated bank file replaces the deposits that it repeats: the version received last applies.
with

source as (

    select * from {{ source('treasury', 'bank_deposits') }}

    where _arrival_date <= {{ as_of_date() }}

),

{{ last_of_each_hospital('deposit_id', 'deposit_date') }},

renamed as (

    select
        -- ids
        {{ number_of_a_hospital('deposit_id') }} as deposit_id,
        {{ clean_text('hospital') }} as facility_id,
        {{ bank_trace_number('trace_number') }} as trace_number,

        -- texts
        {{ clean_text('payer_name') }} as payer_name,

        -- amounts
        {{ clean_money('amount') }} as deposit_amount,

        -- dates: one that cannot be true is none, and the money is of the day on which its file
        -- arrived
        coalesce({{ credible_date(clean_date('deposit_date')) }}, _arrival_date) as deposit_date,
        {{ has_false_date([clean_date('deposit_date')]) }} as has_false_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from kept

)

select * from renamed
