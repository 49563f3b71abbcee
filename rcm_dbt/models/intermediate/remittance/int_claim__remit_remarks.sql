-- What a payer adds in codes to its decision on a line; line 0 is the claim as a whole.
with

codes as (

    select distinct
        remit_claim_key,
        coalesce(line_no, 0) as line_no,
        remark_code

    from {{ ref('stg_x12__remit_remarks') }}

),

final as (

    select
        remit_claim_key,
        line_no,
        {{ dbt.listagg('remark_code', "', '", 'order by remark_code') }} as remark_codes

    from codes

    group by
        remit_claim_key,
        line_no

)

select * from final
