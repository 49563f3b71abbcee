{#
    Which claim an answer of a payer is about: its number says, also in other case or with other
    padding; else the first 20 characters of it, which are all that a payer must return; else a
    number that we know the claim by otherwise, if one claim alone has it. Of several bills that
    carry one number it is the one that fits in patient, charge, dates and frequency. What fits
    none is about a bill that we do not know.

    CTEs `by_number` and `found`: what could be meant by an answer (found_by 1 to 4, the lower the
    surer) and how well it fits. They read the CTEs `answers` (answer_key, claim_namespace,
    patient_control_number, claim_number, other_number, charge_amount, service_date,
    frequency_code, patient), `known_claims`, `bills` and `other_numbers` (claim_key by
    claim_namespace and other_number).
#}
{% macro claims_that_answers_mean() -%}
{%- set same_charge = 'abs(answers.charge_amount) = bills.charge_amount' -%}
{%- set same_days = "coalesce(answers.service_date between bills.first_date and bills.last_date, true)" -%}
{%- set same_kind -%}
coalesce(answers.frequency_code in ('2', '3', '4', '5'), false)
        = coalesce(bills.frequency_code in ('2', '3', '4', '5'), false)
        and (
            coalesce(answers.frequency_code, '1') not in ('2', '3', '4', '5')
            or answers.frequency_code = bills.frequency_code
        )
{%- endset -%}
{#- of several numbers that begin alike, the claim itself tells which was cut off -#}
{%- set is_cut_off -%}
(length(answers.patient_control_number) = 20 and answers.patient = bills.patient and {{ same_charge }} and {{ same_days }})
{%- endset -%}
by_number as (

    {% for number, known_number, found_by, is_it in [
        (
            'answers.claim_number', 'claim_number',
            "case when known_claims.claim_id = answers.patient_control_number then 1 else 2 end",
            '(answers.patient_control_number = known_claims.claim_id or known_claims.same_number_count = 1)',
        ),
        (
            claim_number_start('answers.patient_control_number'), 'claim_id_start', '3',
            '(answers.patient_control_number <> known_claims.claim_id and (known_claims.same_start_count = 1 or '
            ~ is_cut_off ~ '))',
        ),
    ] -%}
        select
            answers.answer_key,
            known_claims.claim_key,
            {{ found_by }} as found_by,
            case when {{ same_charge }} then 8 else 0 end
            + case when answers.patient = bills.patient then 16 else 0 end
            + case when {{ same_days }} then 4 else 0 end
            + case when {{ same_kind }} then 2 else 0 end as fit

        from answers

        inner join known_claims
            on answers.claim_namespace = known_claims.claim_namespace
            and {{ number }} = known_claims.{{ known_number }}

        left join bills
            on known_claims.claim_key = bills.claim_key
            and not bills.is_billed

        where
            answers.patient_control_number is not null
            and {{ is_it }}
            -- the billing system's account takes whatever is about its number
            and (
                bills.claim_key is null
                or {{ same_charge }}
                or ({{ same_days }} and {{ same_kind }})
            )
        {%- if not loop.last %}

            union all

        {% endif %}
    {%- endfor %}

),

found as (

    select * from by_number

    union all

    select
        answers.answer_key,
        other_numbers.claim_key,
        4 as found_by,
        0 as fit

    from answers

    inner join other_numbers
        on answers.claim_namespace = other_numbers.claim_namespace
        and answers.other_number = other_numbers.other_number

)
{%- endmacro %}

{# How `found_by` is said. #}
{% macro match_method(found_by, other_name) -%}
    case {{ found_by }}
        when 1 then 'claim number'
        when 2 then 'claim number written otherwise'
        when 3 then 'start of claim number'
        when 4 then '{{ other_name }}'
        else 'none'
    end
{%- endmacro %}

{# How sure it is. #}
{% macro match_confidence(found_by) -%}
    case when {{ found_by }} = 1 then 'certain' when {{ found_by }} > 1 then 'likely' else 'none' end
{%- endmacro %}

{# What a payer must return of a claim number. #}
{% macro claim_number_start(claim_number) -%}
    substr({{ claim_number }}, 1, 20)
{%- endmacro %}

{# A claim number without what others write differently: case, blanks, zeros in front. #}
{% macro plain_claim_number(claim_id) -%}
    coalesce(nullif({{ without_leading("replace(upper(" ~ claim_id ~ "), ' ', '')", '0') }}, ''), '0')
{%- endmacro %}

{# A patient as both sides of a claim name him: last name and how the first name begins. #}
{% macro x12_patient(last_name, first_name, member_id) -%}
    coalesce(
        upper({{ dbt.concat([last_name, "'/'", "substr(coalesce(" ~ first_name ~ ", ''), 1, 3)"]) }}),
        {{ member_id }}
    )
{%- endmacro %}
