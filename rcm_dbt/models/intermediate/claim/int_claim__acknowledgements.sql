-- One row per claim status of a 277CA, in order. The first answer decides first-pass yield, so the
-- history is kept: the latest status alone would hide every rejection that was later corrected.
-- Where the claim's provider or receiver is rejected as a whole, so is the claim (K6). Which claim
-- it is, its number says; else the first 20 characters of it, else the clearinghouse's number (M5).
with

acknowledgements as (

    select * from {{ ref('stg_x12__ack_claims') }}

),

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

batches as (

    select
        ack_batch_key,
        is_rejected or is_rejected_above as is_rejected

    from {{ ref('int_claim__ack_batches') }}

),

categories as (

    select * from {{ ref('ack_categories') }}

),

known_claims as (

    select * from {{ ref('int_claim__known_claims') }}

),

bills as (

    select * from {{ ref('int_claim__bills') }}

),

other_numbers as (

    select
        claim_namespace,
        clearinghouse_number as other_number,
        min(claim_key) as claim_key

    from {{ ref('int_claim__submissions') }}

    where clearinghouse_number is not null

    group by
        claim_namespace,
        clearinghouse_number

    having count(distinct claim_key) = 1

),

answers as (

    select
        acknowledgements.ack_key as answer_key,
        providers.claim_namespace,
        providers.facility_key,
        coalesce(account_numbers.account_id, acknowledgements.patient_control_number)
            as patient_control_number,
        coalesce(
            account_numbers.account_number,
            {{ plain_claim_number('acknowledgements.patient_control_number') }}
        ) as claim_number,
        acknowledgements.clearinghouse_number as other_number,
        acknowledgements.charge_amount,
        acknowledgements.service_date,
        cast(null as {{ dbt.type_string() }}) as frequency_code,
        cast(null as {{ dbt.type_string() }}) as patient

    from acknowledgements

    inner join providers
        on acknowledgements.source_system = providers.source_system
        and {{ x12_provider_id(
            'acknowledgements.billing_npi', 'null', 'acknowledgements.billing_name'
        ) }} = providers.x12_provider_id

    left join {{ ref('int_claim__account_numbers') }} as account_numbers
        on providers.claim_namespace = account_numbers.claim_namespace
        and {{ plain_claim_number('acknowledgements.patient_control_number') }}
        = account_numbers.claim_number

),

{{ claims_that_answers_mean() }},

best as (

    select
        *,
        row_number() over (
            partition by answer_key
            order by found_by asc, fit desc, claim_key asc
        ) as place

    from found

),

resolved as (

    select
        acknowledgements.ack_key,
        coalesce(
            best.claim_key,
            {{ surrogate_key([
                'answers.claim_namespace',
                "coalesce(acknowledgements.patient_control_number, 'not given')",
            ]) }}
        ) as claim_key,
        {{ match_method('best.found_by', 'clearinghouse number') | indent(8) }} as match_method,
        {{ match_confidence('best.found_by') }} as match_confidence,
        acknowledgements.source_system,
        answers.facility_key,
        answers.claim_namespace,
        coalesce(acknowledgements.patient_control_number, 'not given') as claim_id,
        acknowledgements.category_code,
        acknowledgements.status_code,
        acknowledgements.source_entity_code,
        acknowledgements.action_code,
        coalesce(batches.is_rejected, false) as is_batch_rejected,
        case
            when batches.is_rejected then 'rejected'
            when acknowledgements.action_code = 'U' then 'rejected'
            when acknowledgements.action_code = 'WQ' then 'accepted'
            when categories.is_rejected then 'rejected'
            when acknowledgements.category_code = 'A2' then 'accepted'
            else 'in transit'
        end as ack_status,
        acknowledgements.charge_amount,
        acknowledgements.payer_claim_number,
        acknowledgements.status_date,
        acknowledgements.recorded_date,
        acknowledgements._source_file,
        acknowledgements._source_position

    from acknowledgements

    inner join answers
        on acknowledgements.ack_key = answers.answer_key

    left join best
        on acknowledgements.ack_key = best.answer_key
        and best.place = 1

    left join batches
        on acknowledgements.ack_batch_key = batches.ack_batch_key

    left join categories
        on acknowledgements.category_code = categories.category_code

),

final as (

    select
        *,
        row_number() over (
            partition by claim_key
            order by recorded_date, status_date, ack_key
        ) as ack_number

    from resolved

)

select * from final
