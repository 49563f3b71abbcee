{# What a patient was asked to pay for a claim: all of it without cover, else what payers say. #}
{% macro patient_bill(payer_class, charge_amount, owed_amount) -%}
    case when {{ payer_class }} = 'Self-pay' then {{ charge_amount }} else {{ owed_amount }} end
{%- endmacro %}

{# Size of such a bill, as patients pay small ones far more often than large ones. #}
{% macro bill_size(amount) -%}
    case
        when {{ amount }} > 5000 then 'over $5,000'
        when {{ amount }} > 1000 then '$1,000-5,000'
        when {{ amount }} > 200 then '$200-1,000'
        else 'up to $200'
    end
{%- endmacro %}

{# Age of a bill by the days since the service, from 1, the youngest, to 4. #}
{% macro bill_age(days) -%}
    case
        when {{ days }} > 240 then 4
        when {{ days }} > 120 then 3
        when {{ days }} > 60 then 2
        else 1
    end
{%- endmacro %}
