-- A charge opens the balance of a claim.
{{ config(materialized='view') }}
with

charges as (

    select * from {{ ref('int_claim__charges') }}

),

final as (

    {{ ledger_postings(
        'charges', 'record_key', "'CHARGE'",
        claim_key='claim_key', claim_line_key='claim_line_key', ar_amount='amount'
    ) }}

)

select * from final
