{# One code set for the entries of a billing journal, whatever casing the source uses. #}
{% macro standard_amount_type(column) -%}
    case lower({{ clean_text(column) }})
        when 'charge' then 'Charge'
        when 'patient payment' then 'Patient Payment'
        when 'denial write-off' then 'Denial Write-off'
        when 'admin write-off' then 'Admin Write-off'
        when 'small balance' then 'Small Balance'
        when 'bad debt' then 'Bad Debt'
        when 'charity' then 'Charity'
        when 'refund' then 'Refund'
        when 'prompt pay discount' then 'Prompt Pay Discount'
        when 'charge correction' then 'Charge Correction'
        else {{ clean_text(column) }}
    end
{%- endmacro %}
