-- Claims that have not been sent yet, by the dollars that a denial is expected to take: how likely
-- their payer denies them, why, in words, and what could be mended before they go.
with

odds as (

    select * from {{ ref('int_denial__odds') }}

    where not is_sent

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

expected as (

    select
        claim_key,
        sum(expected_net_amount) as net_amount

    from {{ ref('int_valuation__expected') }}

    group by claim_key

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

valued as (

    select
        odds.*,
        {{ money('coalesce(expected.net_amount, 0)') }} as net_amount,
        {{ money('coalesce(odds.denial_odds * expected.net_amount, 0)') }}
            as expected_denied_amount

    from odds

    left join expected
        on odds.claim_key = expected.claim_key

),

final as (

    select
        valued.claim_key,
        cast(row_number() over (
            order by
                valued.expected_denied_amount desc,
                valued.net_amount desc,
                valued.claim_key asc
        ) as {{ dbt.type_bigint() }}) as risk_position,
        valued.source_system,
        claims.claim_id,
        valued.encounter_key,
        claims.patient_key,
        valued.facility_key,
        valued.payer_key,
        payers.payer_name,
        claims.provider_key,
        claims.service_date,
        valued.procedure_code,
        valued.coverage,
        valued.authorization_state,
        valued.documentation,
        claims.charge_amount,
        valued.net_amount,
        valued.base_odds,
        valued.payer_relative_odds,
        valued.procedure_code_relative_odds,
        valued.coverage_relative_odds,
        valued.authorization_state_relative_odds as authorization_relative_odds,
        valued.documentation_relative_odds,
        valued.denial_odds,
        valued.risk_reasons,
        valued.expected_denied_amount

    from valued

    inner join claims
        on valued.claim_key = claims.claim_key

    left join payers
        on valued.payer_key = payers.payer_key

)

select * from final
