-- For which payers do visits start without verified coverage or without the payer's leave?
with

summed as (

    select
        payer_key,
        sum(registered_count) as registered_count,
        sum(verified_count) as verified_count,
        sum(authorization_required_count) as authorization_required_count,
        sum(authorization_approved_count) as authorization_approved_count,
        sum(authorization_missing_count) as authorization_missing_count

    from {{ ref('mart_front_end') }}

    group by payer_key

    having sum(registered_count) > 0

)

select
    payers.payer_name,
    summed.registered_count,
    summed.verified_count,
    cast(summed.verified_count * 1.0 / summed.registered_count as decimal(9, 4))
        as verified_share,
    summed.authorization_required_count,
    summed.authorization_approved_count,
    summed.authorization_missing_count

from summed

left join {{ ref('dim_payer') }} as payers
    on summed.payer_key = payers.payer_key

order by
    verified_share asc,
    payers.payer_name asc
