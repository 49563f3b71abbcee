-- The spine: one signed row per financial event. A/R is the sum of ar_amount, cash the sum of
-- cash_amount; memo_amount says who owes a balance that has not moved. Every figure of every mart
-- is a sum over these rows, and each row says which file and position it came from. Each kind of
-- posting has a model of its own; here they meet their claims and get their keys.
{%- set kinds = [
    'charges', 'hospital_postings', 'payer_payments', 'payer_adjustments', 'synthea_postings',
    'provider_adjustments', 'unapplied_deposits',
] %}
with

postings as (

    {% for kind in kinds -%}
        select * from {{ ref('int_ledger__' ~ kind) }}
        {%- if not loop.last %}
            union all
        {% endif %}
    {%- endfor %}

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

numbered as (

    select
        *,
        -- a record can carry several events of a kind. The record, not its file, makes the key: of
        -- two files with the same content, either may be the first to come
        row_number() over (
            partition by record_key, event_type
            order by
                _source_position,
                claim_key,
                group_code,
                reason_code,
                ar_amount,
                memo_amount,
                cash_amount
        ) as event_number

    from postings

),

final as (

    select
        {{ surrogate_key(['record_key', 'event_type', 'event_number']) }} as ledger_entry_key,
        numbered.claim_key,
        numbered.claim_line_key,
        coalesce(headers.source_system, numbered.source_system) as source_system,
        headers.encounter_key,
        headers.patient_key,
        headers.provider_key,
        coalesce(headers.payer_key, numbered.payer_key) as payer_key,
        coalesce(headers.facility_key, numbered.facility_key) as facility_key,
        numbered.event_type,
        numbered.is_reversal,
        numbered.event_date,
        numbered.recorded_date,
        numbered.ar_amount,
        numbered.cash_amount,
        numbered.memo_amount,
        numbered.group_code,
        numbered.reason_code,
        numbered._source_file as source_file,
        numbered._source_position as source_position

    from numbered

    left join headers
        on numbered.claim_key = headers.claim_key

)

select * from final
