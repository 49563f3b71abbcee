{#
    The versions of each record follow one another: the first stands for all the time before, each
    ends where the next begins, and the last one is current. No gap, no overlap.
#}
{% test history_is_whole(model, key) %}

    select
        {{ key }},
        valid_from,
        valid_to,
        next_from,
        is_current

    from (
        select
            {{ key }},
            valid_from,
            valid_to,
            is_current,
            lead(valid_from) over (partition by {{ key }} order by valid_from) as next_from,
            row_number() over (partition by {{ key }} order by valid_from) as version_number

        from {{ model }}
    ) as versions

    where
        valid_from is null
        or is_current is null
        or is_current <> (valid_to is null)
        or {{ or_open_end('valid_to') }}
        <> {{ or_open_end('next_from') }}
        or valid_from >= {{ or_open_end('valid_to') }}
        or (version_number = 1 and valid_from <> cast('1900-01-01' as date))

{% endtest %}
