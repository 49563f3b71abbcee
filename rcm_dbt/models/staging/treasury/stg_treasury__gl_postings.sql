-- A restated file replaces the postings that it repeats: the version received last applies.
with

source as (

    select * from {{ source('treasury', 'gl_postings') }}

    where _arrival_date <= {{ as_of_date() }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by gl_id
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('gl_id') }} as gl_id,
        {{ clean_text('hospital') }} as facility_id,
        {{ clean_text('trace_number') }} as trace_number,

        -- codes
        {{ standard_code('account', [
            'Cash - Payers',
            'Cash - Patients',
        ]) }} as gl_account,

        -- amounts
        {{ clean_money('amount') }} as posting_amount,

        -- dates
        {{ clean_date('posting_date') }} as posting_date,
        {{ month_start(clean_date('accounting_period')) }} as accounting_period,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
