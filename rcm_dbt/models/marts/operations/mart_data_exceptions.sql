-- Every finding with its rule: what to look at, how old it is and how many dollars hang on it. What
-- has no counterpart, such as a deposit without a remittance, stands in a bucket of that name.
with

findings as (

    select
        *,
        cast({{ days_between('found_date', as_of_date()) }} as {{ dbt.type_int() }}) as age_days  -- noqa: LT05

    from {{ ref('int_rule__findings') }}

),

rules as (

    select * from {{ ref('rules') }}

),

buckets as (

    select * from {{ ref('unmatched_buckets') }}

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
        findings.resolved_date is null or findings.resolved_date > {{ as_of_date() }} as is_open,
        findings.age_days,
        {{ age_bucket('findings.age_days') }} as age_bucket,
        findings.detail,
        findings._source_file as source_file,
        findings._source_position as source_position

    from findings

    inner join rules
        on findings.rule_id = rules.rule_id

    left join buckets
        on findings.rule_id = buckets.rule_id

)

select * from final
