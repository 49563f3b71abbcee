-- What people did about claims and wrote down at the operations desk. One row per entry.
select
    entry_id,
    entry_number,
    claim_key,
    source_system,
    claim_id,
    action,
    action_label,
    effect = 'touch' as is_touch,
    outcome,
    outcome_label,
    note,
    follow_up_date,
    assigned_to,
    made_by,
    made_at,
    recorded_date

from {{ ref('int_desk__entries') }}
