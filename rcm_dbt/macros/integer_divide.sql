{# Quotient of two whole numbers without its remainder; engines spell it differently. #}
{% macro integer_divide(numerator, denominator) -%}
    {{ return(adapter.dispatch('integer_divide', 'rcm_dbt')(numerator, denominator)) }}
{%- endmacro %}

{# Exact also where a quotient of two whole numbers is rounded, or has few digits. #}
{% macro default__integer_divide(numerator, denominator) -%}
    cast(
        (({{ numerator }}) - mod(({{ numerator }}), ({{ denominator }}))) / ({{ denominator }})
        as {{ dbt.type_bigint() }}
    )
{%- endmacro %}

{% macro duckdb__integer_divide(numerator, denominator) -%}
    (({{ numerator }}) // ({{ denominator }}))
{%- endmacro %}

{% macro fabric__integer_divide(numerator, denominator) -%}
    cast(
        (({{ numerator }}) - ({{ numerator }}) % ({{ denominator }})) / ({{ denominator }})
        as {{ dbt.type_bigint() }}
    )
{%- endmacro %}

{% macro spark__integer_divide(numerator, denominator) -%}
    (({{ numerator }}) div ({{ denominator }}))
{%- endmacro %}
