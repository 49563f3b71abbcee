-- A claim that is exported again replaces what was said of it: the version received last applies.
with

source as (

    select * from {{ source('claims_csv', 'claims') }}

    where _arrival_date <= {{ as_of_date() }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by
                _source_system,
                {{ clean_text('claimid') }},
                {{ clean_text('transactionid') }}
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('claimid') }} as claim_id,
        {{ clean_text('transactionid') }} as transaction_id,
        {{ clean_text('patientid') }} as patient_id,
        {{ clean_text('encounterid') }} as encounter_id,
        {{ clean_text('providerid') }} as provider_id,
        {{ clean_text('deptid') }} as department_id,
        {{ clean_text('payorid') }} as payer_id,

        -- codes
        {{ standard_code('claimstatus', [
            'Approved',
            'Paid',
            'Partially Paid',
            'Pending',
            'Denied',
            'Rejected',
        ]) }} as claim_status,
        {{ clean_text('payortype') }} as payer_type,

        -- texts
        {{ unannounced_columns(source('claims_csv', 'claims'), [
            'claimid',
            'transactionid',
            'patientid',
            'encounterid',
            'providerid',
            'deptid',
            'servicedate',
            'claimdate',
            'payorid',
            'claimamount',
            'paidamount',
            'claimstatus',
            'payortype',
            'deductible',
            'coinsurance',
            'copay',
            'insertdate',
            'modifieddate',
        ]) }} as unannounced_columns,

        -- amounts
        {{ clean_money('claimamount') }} as claim_amount,
        {{ clean_money('paidamount') }} as paid_amount,
        {{ clean_money('deductible') }} as deductible_amount,
        {{ clean_money('coinsurance') }} as coinsurance_amount,
        {{ clean_money('copay') }} as copay_amount,

        -- dates: one that cannot be true is none
        {{ credible_date(clean_date('servicedate')) }} as service_date,
        {{ credible_date(clean_date('claimdate')) }} as claim_date,
        {{ has_false_date([clean_date('servicedate'), clean_date('claimdate')]) }}
            as has_false_date,
        {{ clean_timestamp('insertdate') }} as inserted_at,
        {{ clean_timestamp('modifieddate') }} as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
