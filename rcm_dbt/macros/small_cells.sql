{#
    Which cells are about too few people to be shown alone, and so are merged: parts (of a facility, a
    payer, a clinician) within their month, and months within their subject. One small cell alone would
    follow from the total less the others: cells are merged until together they are about enough
    people, those that are too small first, and then the smallest.

    Reads a relation of (subject_key, month_key, part_key, counted_as, person_key), where a month is of
    one subject. `counted_as` names each count that a row tells of: all of its people, and those in a
    numerator or outside of it. Each of them is of nobody or of enough people, in what is shown and in
    what is merged. A cell that no person is known of counts as small.

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
        counted_as,
        count(distinct person_key) as people_count

    from {{ people }}

    group by
        {{ group_key }},
        {{ cell_key }},
        counted_as

),

{{ name }}_sized as (

    select
        group_key,
        cell_key,
        max(people_count) as people_count,
        case when min(people_count) < {{ smallest_cell() }} then 1 else 0 end as is_small

    from {{ name }}_counted

    group by
        group_key,
        cell_key

),

{{ name }}_ranked as (

    select
        group_key,
        cell_key,
        sum(is_small) over (partition by group_key) as small_count,
        row_number() over (
            partition by group_key order by is_small desc, people_count asc, cell_key asc
        ) as cell_rank

    from {{ name }}_sized

),

-- a person of several cells is new in the first of them
{{ name }}_first_seen as (

    select
        ranked.group_key,
        people.counted_as,
        people.person_key,
        min(ranked.cell_rank) as cell_rank

    from {{ people }} as people

    inner join {{ name }}_ranked as ranked
        on people.{{ group_key }} = ranked.group_key
        and people.{{ cell_key }} = ranked.cell_key

    where people.person_key is not null

    group by
        ranked.group_key,
        people.counted_as,
        people.person_key

),

{{ name }}_newcomers as (

    select
        group_key,
        cell_rank,
        counted_as,
        count(*) as person_count

    from {{ name }}_first_seen

    group by
        group_key,
        cell_rank,
        counted_as

),

{{ name }}_counts as (

    select distinct
        group_key,
        counted_as

    from {{ name }}_counted

),

-- whom each count would be about, were all cells up to this one merged
{{ name }}_reached as (

    select
        ranked.group_key,
        ranked.cell_rank,
        ranked.small_count,
        counts.counted_as,
        sum(coalesce(newcomers.person_count, 0)) over (
            partition by ranked.group_key, counts.counted_as
            order by ranked.cell_rank
        ) as reached_count,
        sum(case when counted.cell_key is not null then 1 else 0 end) over (
            partition by ranked.group_key, counts.counted_as
            order by ranked.cell_rank
        ) as cell_count

    from {{ name }}_ranked as ranked

    inner join {{ name }}_counts as counts
        on ranked.group_key = counts.group_key

    left join {{ name }}_counted as counted
        on ranked.group_key = counted.group_key
        and ranked.cell_key = counted.cell_key
        and counts.counted_as = counted.counted_as

    left join {{ name }}_newcomers as newcomers
        on ranked.group_key = newcomers.group_key
        and ranked.cell_rank = newcomers.cell_rank
        and counts.counted_as = newcomers.counted_as

),

{{ name }}_judged as (

    select
        group_key,
        cell_rank,
        small_count,
        min(
            case when cell_count > 0 and reached_count < {{ smallest_cell() }} then 0 else 1 end
        ) as is_enough

    from {{ name }}_reached

    group by
        group_key,
        cell_rank,
        small_count

),

{{ name }}_cuts as (

    select
        group_key,
        min(case when is_enough = 1 and cell_rank >= small_count then cell_rank end) as enough_rank

    from {{ name }}_judged

    group by group_key

),

{{ name }} as (

    select
        ranked.group_key,
        ranked.cell_key,
        ranked.small_count > 0 and (
            cuts.enough_rank is null
            or ranked.cell_rank <= cuts.enough_rank
        ) as is_merged,
        cuts.enough_rank is not null as has_enough

    from {{ name }}_ranked as ranked

    inner join {{ name }}_cuts as cuts
        on ranked.group_key = cuts.group_key

)
{%- endmacro %}

{# The least people that a figure for leaders is about. #}
{% macro smallest_cell() -%}
    {{ var('smallest_cell') }}
{%- endmacro %}
