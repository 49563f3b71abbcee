-- Every finding with its rule: what to look at, how old it is and how many dollars hang on it. What
-- has no counterpart, such as a deposit without a remittance, stands in a bucket of that name. What
-- someone waived or closed is open no more; it stays here, with who decided it and why.
with

findings as (

    select
        *,
        cast({{ days_between('found_date', as_of_date()) }} as {{ dbt.type_int() }}) as age_days,  -- noqa: LT05
        {{ surrogate_key([
            'rule_id',
            'source_system',
            'record_type',
            'record_id',
            '_source_file',
            '_source_position',
        ]) }} as exception_key

    from {{ ref('int_rule__findings') }}

),

rules as (

    select * from {{ ref('rules') }}

),

buckets as (

    select * from {{ ref('unmatched_buckets') }}

),

decisions as (

    select * from {{ ref('int_exception__decisions') }}

),

final as (

    select
        findings.finding_key,
        findings.rule_id,
        rules.family as rule_family,
        rules.severity,
        rules.action,
        rules.checked_at,
        rules.description as rule_description,
        rules.next_step,
        buckets.unmatched_bucket,
        findings.source_system,
        findings.record_type,
        findings.record_id,
        findings.claim_key,
        findings.facility_key,
        findings.payer_key,
        {{ money('findings.amount') }} as finding_amount,
        findings.found_date,
        findings.resolved_date,
        decisions.exception_key is null
        and coalesce(
            findings.resolved_date > {{ as_of_date() }},
            -- what is put right while reading never waits
            rules.action <> 'correct'
        ) as is_open,
        findings.age_days,
        {{ age_bucket('findings.age_days') }} as age_bucket,
        findings.detail,
        findings._source_file as source_file,
        findings._source_position as source_position,
        decisions.decision,
        decisions.decision_reason,
        decisions.decided_by,
        decisions.effective_date as decision_date,
        decisions.until_date as waived_until_date

    from findings

    inner join rules
        on findings.rule_id = rules.rule_id

    left join buckets
        on findings.rule_id = buckets.rule_id

    left join decisions
        on findings.exception_key = decisions.exception_key

)

select * from final
