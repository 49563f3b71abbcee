{#
    The last version of each row of a file of the bank or the books, which hospitals number each for
    themselves: CTEs `latest` and `kept`, over a CTE `source`. What comes again under the same number
    for another hospital, with the same day, dollars and trace number, is corrected and counts once. The
    column hospital_count of `kept` says how many hospitals use a number.
#}
{% macro last_of_each_hospital(number, day) -%}
    {%- set last_first -%}
        order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
    {%- endset -%}
    latest as (

        select
            *,
            row_number() over (
                partition by
                    {{ clean_text(number) }},
                    {{ clean_money('amount') }},
                    {{ clean_date(day) }},
                    {{ bank_trace_number('trace_number') }}
                {{ last_first }}
            ) as correction_rank

        from (
            select
                *,
                row_number() over (
                    partition by {{ clean_text(number) }}, {{ clean_text('hospital') }}
                    {{ last_first }}
                ) as version_rank

            from source
        ) as ranked

        where version_rank = 1

    ),

    kept as (

        select
            *,
            count(*) over (partition by {{ clean_text(number) }}) as hospital_count

        from latest

        where correction_rank = 1

    )
{%- endmacro %}

{# A number, with its hospital before it where several hospitals use it. #}
{% macro number_of_a_hospital(number) -%}
    case
        when hospital_count > 1
            then {{ dbt.concat([clean_text('hospital'), "'/'", clean_text(number)]) }}
        else {{ clean_text(number) }}
    end
{%- endmacro %}
