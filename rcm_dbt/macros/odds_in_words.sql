{# A trait and how many times as often such claims were denied, where that is a fifth more or worse. #}
{% macro odds_in_words(trait, relative_odds) -%}
    case
        when {{ relative_odds }} >= 1.2
            then
                {{ dbt.concat([
                    trait, "': '",
                    'cast(cast(' ~ relative_odds ~ ' as decimal(9, 1)) as ' ~ dbt.type_string() ~ ')',
                    "' times as often denied'",
                ]) }}
    end
{%- endmacro %}
