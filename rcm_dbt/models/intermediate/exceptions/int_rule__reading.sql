-- What was found while files were read: items in quarantine, bytes that came again, and warnings
-- about data that was loaded. An item of a payment's second delivery is left to rule D3.
with

rules as (

    select * from {{ ref('rules') }}

),

held as (

    select * from {{ ref('int_rule__held') }}

    where not is_second_delivery

),

received as (

    select * from {{ ref('stg_platform__received_files') }}

),

-- a held claim is one claim; a held payment may be of many
held_claims as (

    select
        quarantine_id,
        min(claim_key) as claim_key

    from {{ ref('int_rule__held_claims') }}

    group by quarantine_id

    having count(*) = 1

),

originals as (

    select
        source_system,
        content_sha256,
        max(dollar_amount) as dollar_amount

    from received

    where file_status <> 'duplicate'

    group by
        source_system,
        content_sha256

),

-- many warnings of one kind in an interchange are one finding
warnings as (

    select
        source_system,
        interchange_sha256,
        _source_file,
        case
            -- an acknowledgement of an interchange (TA1) that nobody reads
            when diagnostic_kind = 'UnreadSegment' then 'E10'
            else {{ dbt.split_part('rule_id', "':'", 1) }}
        end as named_rule_id,
        min(isa_control_number) as isa_control_number,
        min(_source_position) as _source_position,
        min(recorded_date) as recorded_date,
        min(coalesce(rule_id, diagnostic_kind)) as detail

    from {{ ref('stg_x12__diagnostics') }}

    group by
        source_system,
        interchange_sha256,
        _source_file,
        case
            when diagnostic_kind = 'UnreadSegment' then 'E10'
            else {{ dbt.split_part('rule_id', "':'", 1) }}
        end

),

held_pieces as (

    select
        {{ finding(
            'held.rule_id',
            dbt.concat(["'held '", 'held.quarantine_level']),
            'held.quarantine_id',
            'held',
            amount='held.dollar_amount',
            claim_key='held_claims.claim_key',
            facility_key='held.facility_key',
            payer_key='held.payer_key',
            resolved_date='held.closed_date',
            detail='held.reason',
        ) }}

    from held

    left join held_claims
        on held.quarantine_id = held_claims.quarantine_id

),

repeated_bytes as (

    select
        {{ finding(
            "'D1'",
            "'file'",
            'received._source_file',
            'received',
            amount="case when received.file_status = 'duplicate' then originals.dollar_amount end",
        ) }}

    from received

    left join originals
        on received.source_system = originals.source_system
        and received.content_sha256 = originals.content_sha256

    where received.duplicate_byte_count > 0

),

warned as (

    select
        {{ finding(
            "coalesce(rules.rule_id, 'E10')",
            "'interchange'",
            'warnings.isa_control_number',
            'warnings',
            detail='warnings.detail',
        ) }}

    from warnings

    left join rules
        on warnings.named_rule_id = rules.rule_id

),

final as (

    select * from held_pieces
    union all
    select * from repeated_bytes
    union all
    select * from warned

)

select * from final
