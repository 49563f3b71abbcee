-- A restated file replaces the postings that it repeats: the version received last applies.
with

source as (

    select * from {{ source('treasury', 'gl_postings') }}

    where _arrival_date <= {{ as_of_date() }}

),

{{ last_of_each_hospital('gl_id', 'posting_date') }},

renamed as (

    select
        -- ids
        {{ number_of_a_hospital('gl_id') }} as gl_id,
        {{ clean_text('hospital') }} as facility_id,
        {{ bank_trace_number('trace_number') }} as trace_number,

        -- codes
        {{ standard_code('account', [
            'Cash - Payers',
            'Cash - Patients',
        ]) }} as gl_account,

        -- amounts
        {{ clean_money('amount') }} as posting_amount,

        -- dates: one that cannot be true is none; a posting is of the day on which its file
        -- arrived, and of the month of its posting
        coalesce({{ credible_date(clean_date('posting_date')) }}, _arrival_date) as posting_date,
        {{ month_start('coalesce(' ~ [
            credible_date(clean_date('accounting_period')),
            credible_date(clean_date('posting_date')),
            '_arrival_date',
        ] | join(', ') ~ ')') }} as accounting_period,
        {{ has_false_date([clean_date('posting_date'), clean_date('accounting_period')]) }}
            as has_false_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from kept

)

select * from renamed
