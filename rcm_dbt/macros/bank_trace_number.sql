{#
    The trace number that a bank shows of a payment: some show the whole segment that came with it
    (TRN*1*12345*1512345678), whose third part it is.
#}
{% macro bank_trace_number(column) -%}
    {%- set text = clean_text(column) -%}
    case
        when upper({{ text }}) like 'TRN*%' then nullif({{ literal_split(text, "'*'", 3) }}, '')
        else {{ text }}
    end
{%- endmacro %}
