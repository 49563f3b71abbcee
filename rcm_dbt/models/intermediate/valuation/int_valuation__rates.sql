-- What history says of a month's new claims: the shares of int_valuation__outcomes over all claims
-- that had matured before the month began. Where enough claims teach it, that of the payer and kind
-- of service, else of the payer, else of its class and the kind of service, else of all; before
-- there is any history, what kpi_parameters assumes.
with

kinds as (

    select
        'allowed of charges' as rate_kind,
        {{ kpi_parameter('assumed_allowed_percent') }} as assumed_percent
    union all
    select
        'patient share of allowed' as rate_kind,
        {{ kpi_parameter('assumed_patient_share_percent') }} as assumed_percent
    union all
    select
        'collected of patient share' as rate_kind,
        {{ kpi_parameter('assumed_patient_collected_percent') }} as assumed_percent
    union all
    select
        'recovered of denials' as rate_kind,
        {{ kpi_parameter('assumed_denial_recovered_percent') }} as assumed_percent
    union all
    select
        'collected of self-pay' as rate_kind,
        {{ kpi_parameter('assumed_self_pay_collected_percent') }} as assumed_percent

),

cells as (

    select distinct
        service_month,
        coalesce(payer_key, '') as payer_key,
        payer_class,
        service_category

    from {{ ref('int_valuation__claims') }}

    where service_month is not null

),

asked as (

    select
        cells.*,
        kinds.rate_kind,
        kinds.assumed_percent

    from cells

    cross join kinds

),

-- a month knows what had matured by the end of the month before it
learned as (

    select
        rate_kind,
        coalesce(payer_key, '') as payer_key,
        payer_class,
        service_category,
        {{ month_start(dbt.dateadd('month', 1, month_start('mature_date'))) }} as known_month,
        count(*) as claim_count,
        sum(base_amount) as base_amount,
        sum(outcome_amount) as outcome_amount

    from {{ ref('int_valuation__outcomes') }}

    group by
        rate_kind,
        coalesce(payer_key, ''),
        payer_class,
        service_category,
        {{ month_start(dbt.dateadd('month', 1, month_start('mature_date'))) }}

),

{% set levels = [
    ('payer and service', ['payer_key', 'service_category']),
    ('payer', ['payer_key']),
    ('payer class', ['payer_class', 'service_category']),
    ('all payers', []),
] -%}
{% for level, keys in levels -%}
    {{ 'by_' ~ level | replace(' ', '_') }} as (

        select
            questions.service_month,
            {% for key in keys -%}
                questions.{{ key }},
            {% endfor -%}
            questions.rate_kind,
            sum(learned.claim_count) as claim_count,
            sum(learned.base_amount) as base_amount,
            sum(learned.outcome_amount) as outcome_amount

        from (
            select distinct
                {% for key in keys -%}
                    {{ key }},
                {% endfor -%}
                service_month,
                rate_kind

            from asked
        ) as questions

        inner join learned
            on questions.rate_kind = learned.rate_kind
            and questions.service_month >= learned.known_month
            {%- for key in keys %}
                and questions.{{ key }} = learned.{{ key }}
            {%- endfor %}

        group by
            questions.service_month,
            {% for key in keys -%}
                questions.{{ key }},
            {% endfor -%}
            questions.rate_kind

    ),

{% endfor -%}
answered as (

    select
        asked.*,
        {%- for level, keys in levels %}
            {%- set name = 'by_' ~ level | replace(' ', '_') %}
            {{ name }}.claim_count as {{ name }}_claim_count,
            {{ name }}.base_amount as {{ name }}_base_amount,
            {{ name }}.outcome_amount as {{ name }}_outcome_amount,
        {%- endfor %}
        case
            when by_payer_and_service.claim_count >= {{ kpi_parameter('history_claims') }}
                then 'payer and service'
            when by_payer.claim_count >= {{ kpi_parameter('history_claims') }} then 'payer'
            when by_payer_class.claim_count >= {{ kpi_parameter('history_claims') }}
                then 'payer class'
            when by_all_payers.claim_count >= {{ kpi_parameter('history_claims') }}
                then 'all payers'
            else 'assumption'
        end as rate_basis

    from asked

    left join by_payer_and_service
        on asked.service_month = by_payer_and_service.service_month
        and asked.payer_key = by_payer_and_service.payer_key
        and asked.service_category = by_payer_and_service.service_category
        and asked.rate_kind = by_payer_and_service.rate_kind

    left join by_payer
        on asked.service_month = by_payer.service_month
        and asked.payer_key = by_payer.payer_key
        and asked.rate_kind = by_payer.rate_kind

    left join by_payer_class
        on asked.service_month = by_payer_class.service_month
        and asked.payer_class = by_payer_class.payer_class
        and asked.service_category = by_payer_class.service_category
        and asked.rate_kind = by_payer_class.rate_kind

    left join by_all_payers
        on asked.service_month = by_all_payers.service_month
        and asked.rate_kind = by_all_payers.rate_kind

),

final as (

    select
        service_month,
        payer_key,
        service_category,
        rate_kind,
        rate_basis,
        cast(
            case rate_basis
                {% for level, keys in levels -%}
                    when '{{ level }}' then {{ 'by_' ~ level | replace(' ', '_') }}_claim_count
                {% endfor -%}
                else 0
            end as {{ dbt.type_bigint() }}
        ) as history_claim_count,
        -- by nine places, as in to_places
        cast(
            cast(
                case rate_basis
                    {% for level, keys in levels -%}
                        {% set name = 'by_' ~ level | replace(' ', '_') -%}
                        when '{{ level }}'
                            then {{ quotient(name ~ '_outcome_amount', name ~ '_base_amount') }}
                    {% endfor -%}
                    else {{ quotient('assumed_percent', '100') }}
                end as decimal(18, 9)
            ) as decimal(9, 6)
        ) as rate

    from answered

)

select * from final
