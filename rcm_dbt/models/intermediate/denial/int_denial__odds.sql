-- The odds that a payer denies a claim at first, as they could be told on the day on which it was
-- sent (today, while it has not been sent), and why: the share of all claims that payers denied,
-- times how much more often they denied what is known of this one. Traits are taken to act each by
-- itself. Empty while too few decisions are known to say anything.
{%- set traits = ['procedure_code', 'coverage', 'authorization_state', 'documentation'] %}
with

claims as (

    select * from {{ ref('int_denial__known_before') }}

),

odds as (

    select * from {{ ref('int_denial__factor_odds') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

joined as (

    select
        claims.*,
        base.relative_odds as base_odds,
        payers.payer_name,
        cast(
            coalesce(of_payer.relative_odds, 1) as decimal(9, 4)
        ) as payer_relative_odds,
        cast(
            coalesce(of_procedure_code.relative_odds, 1) as decimal(9, 4)
        ) as procedure_code_relative_odds,
        cast(
            coalesce(of_coverage.relative_odds, 1) as decimal(9, 4)
        ) as coverage_relative_odds,
        cast(
            coalesce(of_authorization_state.relative_odds, 1) as decimal(9, 4)
        ) as authorization_state_relative_odds,
        cast(
            coalesce(of_documentation.relative_odds, 1) as decimal(9, 4)
        ) as documentation_relative_odds

    from claims

    left join payers
        on claims.payer_key = payers.payer_key

    left join odds as base
        on claims.scored_month = base.scored_month
        and base.factor = 'all'
        and base.claim_count >= {{ kpi_parameter('history_claims') }}

    left join odds as of_payer
        on claims.scored_month = of_payer.scored_month
        and of_payer.factor = 'payer'
        and coalesce(claims.payer_key, 'none') = of_payer.factor_value

    {% for trait in traits -%}
        left join odds as of_{{ trait }}
            on claims.scored_month = of_{{ trait }}.scored_month
            and of_{{ trait }}.factor = '{{ trait }}'
            and claims.{{ trait }} = of_{{ trait }}.factor_value
        {% if not loop.last %}

        {% endif %}
    {%- endfor %}

),

final as (

    select
        claim_key,
        source_system,
        facility_key,
        payer_key,
        encounter_key,
        scored_date,
        scored_month,
        is_sent,
        decided_date,
        is_denied,
        {% for trait in traits %}
            {{ trait }},
        {% endfor %}
        base_odds,
        payer_relative_odds,
        {% for trait in traits %}
            {{ trait }}_relative_odds,
        {% endfor %}
        case
            when base_odds is not null
                then
                    cast(
                        least(
                            cast(base_odds as {{ dbt.type_float() }}) * payer_relative_odds
                            * procedure_code_relative_odds
                            * coverage_relative_odds
                            * authorization_state_relative_odds
                            * documentation_relative_odds,
                            {{ setting('denial_odds_most_percent') }} / 100.0
                        ) as decimal(9, 4)
                    )
        end as denial_odds,
        -- in words, what makes it worse than most by a fifth or more
        coalesce(
            nullif({{ join_texts([
                odds_in_words('payer_name', 'payer_relative_odds'),
                odds_in_words(dbt.concat(["'code '", 'procedure_code']), 'procedure_code_relative_odds'),
                odds_in_words('coverage', 'coverage_relative_odds'),
                odds_in_words('authorization_state', 'authorization_state_relative_odds'),
                odds_in_words('documentation', 'documentation_relative_odds'),
            ], '; ') }}, ''),
            'nothing known is worse than usual'
        ) as risk_reasons

    from joined

)

select * from final
