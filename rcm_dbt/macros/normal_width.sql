{#
    Standard deviations on each side of a figure that hold a percentage of normal errors: 1.28 for 80
    percent. Hastings' approximation, right to 0.003 (Abramowitz and Stegun 26.2.22).
#}
{% macro normal_width(percent) -%}
    {%- set t = 'sqrt(-2 * ln((100 - ' ~ percent ~ ') / 200.0))' -%}
    ({{ t }} - (2.30753 + 0.27061 * {{ t }}) / (1 + 0.99229 * {{ t }} + 0.04481 * {{ t }} * {{ t }}))
{%- endmacro %}
