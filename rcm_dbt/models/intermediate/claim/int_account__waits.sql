-- How long each account waits on its way to the payer: from discharge until it is billed
-- (discharged not final billed, DNFB), and from there until it is sent (final billed not submitted,
-- FBNS). The report of what waits and the KPIs count these rows: both mean the same accounts.
-- Self-pay is billed to the patient and never sent; a hospital whose claim files are not received
-- cannot be told to have sent nothing.
with

encounters as (

    select * from {{ ref('int_encounter__enriched') }}

),

statuses as (

    select * from {{ ref('int_encounter__status') }}

),

front_end as (

    select * from {{ ref('int_encounter__front_end') }}

),

postings as (

    select * from {{ ref('int_claim__posted_charges') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

sending_systems as (

    select distinct claim_source_system

    from {{ ref('int_claim__submissions') }}

),

-- what a payer has answered was sent, whoever lost the file
sent as (

    select
        claim_key,
        case
            when first_submitted_date is null or first_remit_date < first_submitted_date
                then first_remit_date
            else first_submitted_date
        end as sent_date

    from {{ ref('int_claim__enriched') }}

),

-- what a visit of its kind is charged as a rule, in whole cents
usual_charges as (

    select
        facility_key,
        encounter_type,
        {{ integer_divide(
            'cast(sum(charge_amount) * 100 as ' ~ dbt.type_bigint() ~ ')', 'count(*)'
        ) }} as charge_cents

    from encounters

    where charge_amount > 0

    group by
        facility_key,
        encounter_type

),

uncharged as (

    select
        encounters.encounter_key as account_key,
        encounters.encounter_key,
        {{ null_key() }} as claim_key,
        encounters.facility_key,
        front_end.payer_key,
        'DNFB' as wait,
        statuses.discharge_date as from_date,
        cast(null as date) as to_date,
        true as is_estimated,
        coalesce(usual_charges.charge_cents, 0) * 0.01 as amount

    from encounters

    inner join statuses
        on encounters.encounter_key = statuses.encounter_key

    left join front_end
        on encounters.encounter_key = front_end.encounter_key

    left join usual_charges
        on encounters.facility_key = usual_charges.facility_key
        and encounters.encounter_type = usual_charges.encounter_type

    where
        encounters.claim_count = 0
        and statuses.discharge_date is not null

),

-- a charge that is posted on a claim is billed from then on
charged as (

    select
        postings.claim_key as account_key,
        postings.encounter_key,
        postings.claim_key,
        postings.facility_key,
        postings.payer_key,
        'DNFB' as wait,
        coalesce(
            postings.discharge_date,
            case
                when not postings.is_billed
                    then coalesce(encounters.encounter_date, postings.service_date)
            end
        ) as from_date,
        case when postings.is_billed then postings.posted_date end as to_date,
        false as is_estimated,
        postings.amount

    from postings

    left join encounters
        on postings.encounter_key = encounters.encounter_key

    where postings.is_charge or not postings.is_billed

),

billed as (

    select
        postings.claim_key as account_key,
        postings.encounter_key,
        postings.claim_key,
        postings.facility_key,
        postings.payer_key,
        'FBNS' as wait,
        postings.posted_date as from_date,
        sent.sent_date as to_date,
        false as is_estimated,
        postings.amount

    from postings

    inner join sending_systems
        on postings.source_system = sending_systems.claim_source_system

    inner join sent
        on postings.claim_key = sent.claim_key

    left join payers
        on postings.payer_key = payers.payer_key

    where
        postings.is_billed
        and coalesce(payers.payer_class, 'Unknown') <> 'Self-pay'

),

unioned as (

    select * from uncharged
    union all
    select * from charged
    union all
    select * from billed

),

final as (

    select
        account_key,
        encounter_key,
        claim_key,
        facility_key,
        payer_key,
        wait,
        from_date,
        to_date,
        is_estimated,
        {{ money('sum(amount)') }} as amount

    from unioned

    where from_date is not null and (to_date is null or to_date > from_date)

    group by
        account_key,
        encounter_key,
        claim_key,
        facility_key,
        payer_key,
        wait,
        from_date,
        to_date,
        is_estimated

)

select * from final
