{#
    Whether a provider number (NPI) has ten digits and a right check digit: the Luhn sum of the
    number behind the prefix 80840, which alone gives 24, ends in zero. Digits are told by their
    place in a list, so that text which is no number is merely wrong.
#}
{% macro npi_is_valid(npi) -%}
    length({{ npi }}) = 10
    {% for place in range(1, 11) -%}
    and {{ dbt.position('substr(' ~ npi ~ ', ' ~ place ~ ', 1)', "'0123456789'") }} > 0
    {% endfor -%}
    and mod(
        24
        {% for place in range(1, 11) -%}
        {%- set digits = "'0516273849'" if place % 2 else "'0123456789'" -%}
        + {{ dbt.position('substr(' ~ npi ~ ', ' ~ place ~ ', 1)', digits) }} - 1
        {% endfor -%}
        , 10
    ) = 0
{%- endmacro %}
