{#
    Which cells are about too few people to be shown alone, and so are merged: parts (of a facility, a
    payer, a clinician) within their month, and months within their subject. One small cell alone would
    follow from the total less the others: cells are merged, the smallest first, until together they
    are about enough people. A cell that no person is known of counts as small.

    Reads a relation of (subject_key, month_key, part_key, person_key), where a month is of one subject.
    Writes CTEs; the last one is `places`: each part of each month, with is_other_month, is_other (the
    month or the part is merged), and has_enough: whether the whole subject is about enough people.
#}
{% macro small_cells(people) -%}
{{ merged_cells('parts', people, 'month_key', 'part_key') }},

{{ merged_cells('months', people, 'subject_key', 'month_key') }},

places as (

    select
        parts.group_key as month_key,
        parts.cell_key as part_key,
        months.is_merged as is_other_month,
        months.is_merged or parts.is_merged as is_other,
        months.has_enough

    from parts

    inner join months
        on parts.group_key = months.cell_key

)
{%- endmacro %}

{# The CTEs for the cells of each group; the last one is `name`. #}
{% macro merged_cells(name, people, group_key, cell_key) -%}
{{ name }}_counted as (

    select
        {{ group_key }} as group_key,
        {{ cell_key }} as cell_key,
        count(distinct person_key) as people_count

    from {{ people }}

    group by
        {{ group_key }},
        {{ cell_key }}

),

{{ name }}_ranked as (

    select
        group_key,
        cell_key,
        people_count,
        row_number() over (partition by group_key order by people_count, cell_key) as cell_rank

    from {{ name }}_counted

),

-- a person of several cells is new in the first of them
{{ name }}_first_seen as (

    select
        ranked.group_key,
        people.person_key,
        min(ranked.cell_rank) as cell_rank

    from {{ people }} as people

    inner join {{ name }}_ranked as ranked
        on people.{{ group_key }} = ranked.group_key
        and people.{{ cell_key }} = ranked.cell_key

    where people.person_key is not null

    group by
        ranked.group_key,
        people.person_key

),

{{ name }}_newcomers as (

    select
        group_key,
        cell_rank,
        count(*) as person_count

    from {{ name }}_first_seen

    group by
        group_key,
        cell_rank

),

{{ name }}_reached as (

    select
        ranked.group_key,
        ranked.cell_key,
        ranked.cell_rank,
        ranked.people_count,
        sum(coalesce(newcomers.person_count, 0)) over (
            partition by ranked.group_key
            order by ranked.cell_rank
        ) as reached_count

    from {{ name }}_ranked as ranked

    left join {{ name }}_newcomers as newcomers
        on ranked.group_key = newcomers.group_key
        and ranked.cell_rank = newcomers.cell_rank

),

{{ name }}_cuts as (

    select
        group_key,
        max(case when people_count < {{ smallest_cell() }} then cell_rank else 0 end)
            as last_small_rank,
        min(case when reached_count >= {{ smallest_cell() }} then cell_rank end) as enough_rank

    from {{ name }}_reached

    group by group_key

),

{{ name }} as (

    select
        reached.group_key,
        reached.cell_key,
        cuts.last_small_rank > 0 and (
            cuts.enough_rank is null
            or reached.cell_rank <= cuts.enough_rank
            or reached.cell_rank <= cuts.last_small_rank
        ) as is_merged,
        cuts.enough_rank is not null as has_enough

    from {{ name }}_reached as reached

    inner join {{ name }}_cuts as cuts
        on reached.group_key = cuts.group_key

)
{%- endmacro %}

{# The least people that a figure for leaders is about. #}
{% macro smallest_cell() -%}
    {{ var('smallest_cell') }}
{%- endmacro %}
