-- Everything that breaks a rule, whoever found it: one row per finding, as of the date. A finding
-- that is older than its facts can be (a payment that arrives before it is dated) counts from the
-- date on. What was held with a file that tells no day was found on no known day.
with

found as (

    select * from {{ ref('int_rule__reading') }}
    union all
    select * from {{ ref('int_rule__duplicates') }}
    union all
    select * from {{ ref('int_rule__balance') }}
    union all
    select * from {{ ref('int_rule__remittance_content') }}
    union all
    select * from {{ ref('int_rule__postings') }}
    union all
    select * from {{ ref('int_rule__reversals') }}
    union all
    select * from {{ ref('int_rule__matching') }}
    union all
    select * from {{ ref('int_rule__acknowledgements') }}
    union all
    select * from {{ ref('int_rule__submissions') }}
    union all
    select * from {{ ref('int_rule__hospital') }}
    union all
    select * from {{ ref('int_rule__unknown_records') }}
    union all
    select * from {{ ref('int_rule__treasury') }}

),

rules as (

    select * from {{ ref('rules') }}

),

hospitals as (

    select
        source_system,
        min(facility_key) as facility_key

    from {{ ref('int_facility__current') }}

    where facility_type = 'hospital'

    group by source_system

),

claims as (

    select
        claim_key,
        facility_key,
        payer_key

    from {{ ref('int_claim__headers') }}

),

resolved as (

    select
        found.rule_id,
        found.source_system,
        found.record_type,
        found.record_id,
        -- only a claim that is known; an answer about none has no claim
        claims.claim_key,
        coalesce(found.facility_key, claims.facility_key, hospitals.facility_key) as facility_key,
        coalesce(found.payer_key, claims.payer_key) as payer_key,
        found.amount,
        case
            when found.found_date > {{ as_of_date() }} then {{ as_of_date() }}
            else {{ known_date('found.found_date') }}
        end as found_date,
        case
            -- put right at once, by reading it as it is meant
            when rules.action = 'correct' then {{ known_date('found.found_date') }}
            when found.resolved_date < found.found_date then found.found_date
            else found.resolved_date
        end as resolved_date,
        found.detail,
        found._source_file,
        found._source_position

    from found

    inner join rules
        on found.rule_id = rules.rule_id

    left join claims
        on found.claim_key = claims.claim_key

    left join hospitals
        on found.source_system = hospitals.source_system

),

numbered as (

    select
        *,
        row_number() over (
            partition by rule_id, source_system, record_type, record_id
            order by found_date, claim_key, amount, detail, _source_position
        ) as finding_number

    from resolved

),

final as (

    select
        {{ surrogate_key([
            'rule_id',
            'source_system',
            'record_type',
            'record_id',
            'finding_number',
        ]) }} as finding_key,
        rule_id,
        source_system,
        record_type,
        record_id,
        claim_key,
        facility_key,
        payer_key,
        amount,
        found_date,
        resolved_date,
        detail,
        _source_file,
        _source_position

    from numbered

)

select * from final
