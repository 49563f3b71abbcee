-- What each charge is expected to bring in, from the day of service: what its contract allows, else
-- what the mature history of its payer and kind of service allows of a charge, less what history
-- says that patients will not pay of their share. What only a patient pays is worth what such
-- patients paid before. Fractions of a cent are dropped, charge by charge. Denials are not
-- anticipated: they take their value when they come.
{%- set bigint = dbt.type_bigint() %}
with

claims as (

    select * from {{ ref('int_valuation__claims') }}

),

charges as (

    select
        claim_key,
        claim_line_key,
        sum(amount) as charge_amount

    from {{ ref('int_claim__charges') }}

    group by
        claim_key,
        claim_line_key

),

contracts as (

    select * from {{ ref('int_contract__expected') }}

    where expected_amount is not null

),

rates as (

    select
        *,
        cast(rate * 1000000 as {{ bigint }}) as rate_millionths

    from {{ ref('int_valuation__rates') }}

),

valued as (

    select
        charges.claim_key,
        charges.claim_line_key,
        claims.facility_key,
        claims.payer_key,
        claims.service_category,
        claims.service_date,
        claims.service_month,
        claims.is_self_pay,
        cast(charges.charge_amount * 100 as {{ bigint }}) as charge_cents,
        contracts.contract_id,
        case
            when not claims.is_self_pay then cast(contracts.expected_amount * 100 as {{ bigint }})
        end as contract_cents,
        allowed.rate_basis,
        allowed.history_claim_count,
        allowed.rate_millionths as allowed_millionths,
        case when claims.is_self_pay then 1000000 else patient_shares.rate_millionths end
            as patient_millionths,
        case
            when claims.is_self_pay then allowed.rate_millionths
            else collected.rate_millionths
        end as collected_millionths,
        recovered.rate_millionths as recovered_millionths,
        uncovered.rate_millionths as uncovered_millionths

    from charges

    inner join claims
        on charges.claim_key = claims.claim_key

    left join contracts
        on charges.claim_line_key = contracts.claim_line_key

    -- which history speaks of the whole charge
    left join rates as allowed
        on claims.service_month = allowed.service_month
        and coalesce(claims.payer_key, '') = allowed.payer_key
        and claims.service_category = allowed.service_category
        and allowed.rate_kind = case
            when claims.is_self_pay then 'collected of self-pay'
            else 'allowed of charges'
        end

    {% for alias, kind in [
        ('patient_shares', 'patient share of allowed'),
        ('collected', 'collected of patient share'),
        ('recovered', 'recovered of denials'),
        ('uncovered', 'collected of self-pay'),
    ] -%}
        left join rates as {{ alias }}
            on claims.service_month = {{ alias }}.service_month
            and coalesce(claims.payer_key, '') = {{ alias }}.payer_key
            and claims.service_category = {{ alias }}.service_category
            and {{ alias }}.rate_kind = '{{ kind }}'
        {% if not loop.last %}

        {% endif %}
    {%- endfor %}

),

allowed_cents as (

    select
        *,
        case
            when is_self_pay then charge_cents
            when contract_cents is not null then contract_cents
            else {{ share_of_cents('charge_cents', 'allowed_millionths') }}
        end as allowed_cents

    from valued

),

patient_cents as (

    select
        *,
        {{ share_of_cents('allowed_cents', 'patient_millionths') }} as patient_cents

    from allowed_cents

),

final as (

    select
        coalesce(claim_line_key, claim_key) as valuation_key,
        claim_key,
        claim_line_key,
        facility_key,
        payer_key,
        service_category,
        service_date,
        service_month,
        is_self_pay,
        contract_id,
        case
            when contract_cents is not null then 'contract'
            when rate_basis = 'assumption' then 'assumption'
            when is_self_pay then 'self-pay history'
            when rate_basis = 'payer and service' then 'payer history'
            else {{ dbt.concat(['rate_basis', "' history'"]) }}
        end as valuation_method,
        case
            when contract_cents is null
                then cast(allowed_millionths * 0.000001 as decimal(9, 6))
            when charge_cents > 0
                then cast(round(contract_cents * 1.0 / charge_cents, 6) as decimal(18, 6))
        end as valuation_rate,
        case when contract_cents is null then history_claim_count end as history_claim_count,
        cast(patient_millionths * 0.000001 as decimal(9, 6)) as patient_share_rate,
        cast(collected_millionths * 0.000001 as decimal(9, 6)) as patient_collected_rate,
        cast(recovered_millionths * 0.000001 as decimal(9, 6)) as denial_recovered_rate,
        cast(uncovered_millionths * 0.000001 as decimal(9, 6)) as uncovered_collected_rate,
        {{ money('charge_cents * 0.01') }} as charge_amount,
        {{ money('allowed_cents * 0.01') }} as expected_allowed_amount,
        {{ money('patient_cents * 0.01') }} as expected_patient_amount,
        {{ money('(' ~ share_of_cents('patient_cents', 'collected_millionths')
            ~ ' + allowed_cents - patient_cents) * 0.01') }} as expected_net_amount

    from patient_cents

)

select * from final
