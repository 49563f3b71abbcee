{#- Whether an amount is that of a payment by card, less at most the fee of a processor. -#}
{% macro is_card_amount(payment, received) -%}
    (
        {{ payment }} >= {{ received }}
        and {{ payment }} * (100 - {{ setting('card_fee_percent') }}) <= {{ received }} * 100
    )
{%- endmacro %}
