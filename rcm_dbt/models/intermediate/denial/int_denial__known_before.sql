-- Each claim that a payer decides, with what was known of it on the day on which it was first sent
-- (today, while it has not been sent): nothing that came later. An authorization is missing where
-- nobody asked for one and most claims of the code had been asked for. A claim that only its
-- decision tells of was never known before.
{{ config(meta={'claims_from': ['int_claim__enriched', 'int_claim__lines']}) }}
with

claims as (

    select
        *,
        coalesce(first_submitted_date, {{ as_of_date() }}) as scored_date

    from {{ ref('int_claim__enriched') }}

    where
        charge_amount > 0
        and (first_submitted_date is not null or first_remit_date is null)
        and (
            first_submitted_date is null
            or first_remit_date is null
            or first_submitted_date <= first_remit_date
        )

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

-- the largest service that had been posted by then
codes as (

    select
        claims.claim_key,
        lines.procedure_code,
        row_number() over (
            partition by claims.claim_key
            order by lines.charge_amount desc, lines.procedure_code asc
        ) as size_rank

    from claims

    inner join {{ ref('int_claim__lines') }} as lines
        on claims.claim_key = lines.claim_key
        and claims.scored_date >= lines.recorded_date

    where lines.procedure_code is not null

),

telling_systems as (

    select distinct source_system

    from {{ ref('int_eligibility__current') }}

),

checks as (

    select
        claims.claim_key,
        max(case when checks.is_verified then 1 else 0 end) as verified_flag

    from claims

    inner join {{ ref('int_eligibility__current') }} as checks
        on claims.encounter_key = checks.encounter_key
        and claims.scored_date >= checks.check_date

    group by claims.claim_key

),

authorizations as (

    select
        claims.claim_key,
        max(
            case
                when authorizations.decision_date is null then 0
                when authorizations.decision_date > claims.scored_date then 0
                when authorizations.authorization_status = 'Approved' then 1
                else 0
            end
        ) as approved_flag,
        max(
            case
                when authorizations.decision_date is null then 0
                when authorizations.decision_date > claims.scored_date then 0
                when authorizations.authorization_status = 'Denied' then 1
                else 0
            end
        ) as refused_flag

    from claims

    inner join {{ ref('int_authorization__current') }} as authorizations
        on claims.encounter_key = authorizations.encounter_key
        and claims.scored_date >= authorizations.requested_date

    group by claims.claim_key

),

records as (

    select
        claims.claim_key,
        case
            when statuses.signed_date is null or statuses.signed_date > claims.scored_date
                then 'record not signed'
            when {{ days_between('statuses.discharge_date', 'statuses.signed_date') }}
                > steps.limit_days
                then 'record signed late'
            else 'record signed on time'
        end as documentation

    from claims

    inner join {{ ref('int_encounter__status') }} as statuses
        on claims.encounter_key = statuses.encounter_key

    inner join {{ ref('billing_steps') }} as steps
        on steps.step = 'documentation'

),

known as (

    select
        claims.claim_key,
        claims.source_system,
        claims.facility_key,
        claims.payer_key,
        claims.encounter_key,
        claims.scored_date,
        {{ month_start('claims.scored_date') }} as scored_month,
        claims.first_submitted_date is not null as is_sent,
        claims.first_remit_date as decided_date,
        case when claims.first_remit_date is not null then claims.is_denied_on_first_remit end
            as is_denied,
        coalesce(codes.procedure_code, 'no code') as procedure_code,
        case
            when checks.verified_flag = 1 then 'cover verified'
            when checks.claim_key is not null then 'cover not verified'
            when telling_systems.source_system is not null then 'cover not checked'
            else 'cover not told of'
        end as coverage,
        case
            when authorizations.approved_flag = 1 then 'authorization approved'
            when authorizations.refused_flag = 1 then 'authorization refused'
            when authorizations.claim_key is not null then 'authorization pending'
            else 'no authorization asked for'
        end as authorization_state,
        coalesce(records.documentation, 'record not told of') as documentation

    from claims

    left join payers
        on claims.payer_key = payers.payer_key

    left join codes
        on claims.claim_key = codes.claim_key
        and codes.size_rank = 1

    left join telling_systems
        on claims.source_system = telling_systems.source_system

    left join checks
        on claims.claim_key = checks.claim_key

    left join authorizations
        on claims.claim_key = authorizations.claim_key

    left join records
        on claims.claim_key = records.claim_key

    where coalesce(payers.payer_class, 'Not on the payer list') <> 'Self-pay'

),

-- of claims of a code that were sent in earlier months, how many had been asked leave for
code_months as (

    select
        source_system,
        procedure_code,
        scored_month,
        count(*) as claim_count,
        {{ sum_where('1', "authorization_state <> 'no authorization asked for'") }} as asked_count

    from known

    group by
        source_system,
        procedure_code,
        scored_month

),

customs as (

    select
        source_system,
        procedure_code,
        scored_month,
        sum(claim_count) over (
            partition by source_system, procedure_code
            order by scored_month
            rows between unbounded preceding and 1 preceding
        ) as claim_count,
        sum(asked_count) over (
            partition by source_system, procedure_code
            order by scored_month
            rows between unbounded preceding and 1 preceding
        ) as asked_count

    from code_months

),

final as (

    select
        known.claim_key,
        known.source_system,
        known.facility_key,
        known.payer_key,
        known.encounter_key,
        known.scored_date,
        known.scored_month,
        known.is_sent,
        known.decided_date,
        known.is_denied,
        known.procedure_code,
        known.coverage,
        case
            when
                known.authorization_state = 'no authorization asked for'
                and customs.claim_count >= {{ kpi_parameter('history_claims') }}
                and 2 * customs.asked_count >= customs.claim_count
                then 'authorization missing'
            else known.authorization_state
        end as authorization_state,
        known.documentation

    from known

    inner join customs
        on known.source_system = customs.source_system
        and known.procedure_code = customs.procedure_code
        and known.scored_month = customs.scored_month

)

select * from final
