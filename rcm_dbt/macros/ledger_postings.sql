{#
    The rows of a relation as postings of the ledger, all in the same columns. A posting of a claim
    takes its payer and facility from the claim; one that belongs to no claim names its own.
#}
{% macro ledger_postings(
    relation,
    record_key,
    event_type,
    event_date='event_date',
    recorded_date='recorded_date',
    ar_amount='0',
    cash_amount='0',
    memo_amount='0',
    claim_key=null_key(),
    claim_line_key=null_key(),
    is_reversal='false',
    group_code='null',
    reason_code='null',
    source_system='null',
    payer_key=null_key(),
    facility_key=null_key(),
    where='1 = 1'
) -%}
    select
        {{ record_key }} as record_key,
        {{ claim_key }} as claim_key,
        {{ claim_line_key }} as claim_line_key,
        cast({{ source_system }} as {{ dbt.type_string() }}) as source_system,
        {{ payer_key }} as payer_key,
        {{ facility_key }} as facility_key,
        {{ event_type }} as event_type,
        {{ is_reversal }} as is_reversal,
        {{ event_date }} as event_date,
        {{ recorded_date }} as recorded_date,
        {{ money(ar_amount) }} as ar_amount,
        {{ money(cash_amount) }} as cash_amount,
        {{ money(memo_amount) }} as memo_amount,
        cast({{ group_code }} as {{ dbt.type_string() }}) as group_code,
        cast({{ reason_code }} as {{ dbt.type_string() }}) as reason_code,
        _source_file,
        _source_position

    from {{ relation }}

    where {{ where }}
{%- endmacro %}
