with

source as (

    select * from {{ source('x12', 'remit_lines') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key([
            'interchange_sha256', 'transaction_no', 'claim_no', 'line_no',
        ]) }} as remit_line_key,
        {{ surrogate_key([
            'interchange_sha256', 'transaction_no', 'claim_no',
        ]) }} as remit_claim_key,
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(claim_no as {{ dbt.type_int() }}) as claim_no,
        cast(line_no as {{ dbt.type_int() }}) as line_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- ids
        {{ clean_text('line_control_number') }} as line_control_number,

        -- codes
        {{ clean_text('procedure_qualifier') }} as procedure_qualifier,
        -- a service that is told by its revenue code alone (NU) has no procedure
        case
            when coalesce({{ clean_text('procedure_qualifier') }}, 'HC') <> 'NU'
                then {{ clean_text('procedure_code') }}
        end as procedure_code,
        {{ clean_text('modifier_1') }} as modifier_1,
        {{ clean_text('modifier_2') }} as modifier_2,
        {{ clean_text('modifier_3') }} as modifier_3,
        {{ clean_text('modifier_4') }} as modifier_4,
        coalesce(
            {{ clean_text('revenue_code') }},
            case
                when {{ clean_text('procedure_qualifier') }} = 'NU'
                    then {{ clean_text('procedure_code') }}
            end
        ) as revenue_code,

        -- numbers
        cast(units as decimal(18, 4)) as units,

        -- amounts
        {{ money('charge_amount') }} as charge_amount,
        {{ money('paid_amount') }} as paid_amount,
        {{ money('allowed_amount') }} as allowed_amount,

        -- dates
        {{ credible_date('service_date') }} as service_date,
        {{ has_false_date(['service_date']) }} as has_false_date,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
