{#
    The reporting date: what had arrived by then is what a model sees. It comes from the environment
    and is read at execution only, so that a new date never makes dbt parse the project again.
#}
{% macro as_of_date() -%}
    {%- if execute -%}
        {%- set as_of = env_var('RCM_AS_OF', '') -%}
        {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', as_of) -%}
            {{ exceptions.raise_compiler_error(
                "RCM_AS_OF is " ~ ("'" ~ as_of ~ "'" if as_of else "not set")
                ~ ". Set it to the date to report as of, for example RCM_AS_OF=2025-12-31"
                ~ " (`rcm run` sets it to the latest arrival date in raw)."
            ) }}
        {%- endif -%}
        cast('{{ as_of }}' as date)
    {%- else -%}
        cast('1970-01-01' as date)
    {%- endif -%}
{%- endmacro %}
