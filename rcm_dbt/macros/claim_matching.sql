{#
    Which claim an answer of a payer is about: its number says; else the first 20 characters of it,
    which are all that a payer must return; else a number that we know the claim by otherwise, if
    one claim alone has it. What none of them tells stays a claim of its own.

    `answer` has the claim number as patient_control_number, `namespace` says within what it is
    unique, and `others` is a relation of claim_key by claim_namespace and that other number.
#}
{% macro known_claim_joins(answer, namespace, others, other_number) -%}
    left join known_claims
        on {{ namespace }} = known_claims.claim_namespace
        and {{ answer }}.patient_control_number = known_claims.claim_id

    left join known_claims as starts
        on {{ namespace }} = starts.claim_namespace
        and {{ claim_number_start(answer ~ '.patient_control_number') }} = starts.claim_id_start
        and starts.same_start_count = 1

    left join {{ others }}
        on {{ namespace }} = {{ others }}.claim_namespace
        and {{ answer }}.{{ other_number }} = {{ others }}.{{ other_number }}
{%- endmacro %}

{# The claim that `known_claim_joins` found, how, and how sure that is. #}
{% macro known_claim_columns(answer, namespace, others, other_name) -%}
    coalesce(
        known_claims.claim_key,
        starts.claim_key,
        {{ others }}.claim_key,
        {{ surrogate_key([
            namespace, "coalesce(" ~ answer ~ ".patient_control_number, 'not given')",
        ]) }}
    ) as claim_key,
    case
        when known_claims.claim_key is not null then 'claim number'
        when starts.claim_key is not null then 'start of claim number'
        when {{ others }}.claim_key is not null then '{{ other_name }}'
        else 'none'
    end as match_method,
    case
        when known_claims.claim_key is not null then 'certain'
        when starts.claim_key is not null or {{ others }}.claim_key is not null then 'likely'
        else 'none'
    end as match_confidence
{%- endmacro %}

{# What a payer must return of a claim number. #}
{% macro claim_number_start(claim_number) -%}
    substr({{ claim_number }}, 1, 20)
{%- endmacro %}
