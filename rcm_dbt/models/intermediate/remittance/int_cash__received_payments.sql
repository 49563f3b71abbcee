-- One row per payment of an 835 that was received, with the facility and the payer that it means. A
-- payment that comes again, under whatever control number, is a second delivery of the same money.
with

payments as (

    select * from {{ ref('stg_x12__remit_payments') }}

),

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

claims as (

    select
        remit_payment_key,
        patient_control_number,
        charge_amount,
        paid_amount,
        {{ join_texts([
            "coalesce(patient_control_number, '')",
            "coalesce(payer_claim_number, '')",
            'claim_status_code',
            'charge_amount',
            'paid_amount',
        ], '|') }} as content

    from {{ ref('stg_x12__remit_claims') }}

),

contents as (

    select
        remit_payment_key,
        count(*) as claim_count,
        sum(charge_amount) as charge_amount

    from claims

    group by remit_payment_key

),

resolved as (

    select
        payments.remit_payment_key,
        payments.source_system,
        providers.claim_source_system,
        providers.claim_namespace,
        providers.facility_key,
        payers.payer_key,
        payments.interchange_sha256,
        payments.isa_control_number,
        payments.transaction_no,
        payments.segment_no,
        payments.trace_number,
        payments.originating_company_id,
        {{ x12_provider_id(
            'payments.payee_npi', 'payments.payee_tin', 'payments.payee_name'
        ) }} as payee_id,
        coalesce(contents.claim_count, 0) as claim_count,
        coalesce(contents.charge_amount, 0) as claim_charge_amount,
        payments.payment_method,
        payments.payment_amount,
        coalesce(payments.is_on_paper, false) as is_on_paper,
        coalesce(
            payments.payment_date, payments.production_date, payments.recorded_date
        ) as payment_date,
        payments.recorded_date,
        payments._source_file,
        payments._source_position,
        payments._batch_id

    from payments

    inner join providers
        on payments.source_system = providers.source_system
        and {{ x12_provider_id(
            'payments.payee_npi', 'payments.payee_tin', 'payments.payee_name'
        ) }} = providers.x12_provider_id

    left join {{ ref('int_payer__remit_payers') }} as remit_payers
        on payments.remit_payment_key = remit_payers.remit_payment_key

    left join payers
        on remit_payers.source_system = payers.source_system
        and remit_payers.payer_id = payers.payer_id

    left join contents
        on payments.remit_payment_key = contents.remit_payment_key

),

-- rule D3: a payment that comes again is of the same payer, payee and day, has the same trace
-- number where both have one, and claims in common. Payers repeat the trace number of payments of
-- nothing, so the identity alone tells nothing
identified as (

    select
        *,
        {{ surrogate_key([
            'source_system',
            'originating_company_id',
            "coalesce(claim_namespace, payee_id)",
            'payment_date',
        ]) }} as payment_identity,
        -- of two deliveries the one with more claims counts, as the other lost some in quarantine
        row_number() over (
            order by
                claim_count desc,
                recorded_date asc,
                isa_control_number asc,
                interchange_sha256 asc,
                transaction_no asc
        ) as preference

    from resolved

),

-- what a payment without claims holds is its adjustments
held_contents as (

    select
        identified.remit_payment_key,
        identified.payment_identity,
        identified.trace_number,
        identified.preference,
        claims.content

    from identified

    inner join claims
        on identified.remit_payment_key = claims.remit_payment_key

    union all

    select
        identified.remit_payment_key,
        identified.payment_identity,
        identified.trace_number,
        identified.preference,
        {{ join_texts(
            ['adjustments.reason_code', 'adjustments.reference_id', 'adjustments.amount'], '|'
        ) }} as content

    from identified

    left join {{ ref('stg_x12__remit_provider_adjustments') }} as adjustments
        on identified.remit_payment_key = adjustments.remit_payment_key

    where identified.claim_count = 0

),

content_counts as (

    select
        remit_payment_key,
        count(distinct content) as content_count

    from held_contents

    group by remit_payment_key

),

in_common as (

    select
        later.remit_payment_key,
        first.remit_payment_key as first_payment_key,
        count(distinct later.content) as content_count

    from held_contents as later

    inner join held_contents as first
        on later.payment_identity = first.payment_identity
        and later.content = first.content
        and later.preference > first.preference
        and coalesce(later.trace_number = first.trace_number, true)

    group by
        later.remit_payment_key,
        first.remit_payment_key

),

deliveries as (

    select
        in_common.remit_payment_key,
        count(*) + 1 as delivery_number

    from in_common

    inner join identified as later
        on in_common.remit_payment_key = later.remit_payment_key

    inner join identified as first
        on in_common.first_payment_key = first.remit_payment_key

    inner join content_counts
        on in_common.remit_payment_key = content_counts.remit_payment_key

    where
        -- of one number and amount, one claim tells it; else all of them have to
        (
            later.trace_number = first.trace_number
            and later.payment_amount = first.payment_amount
        )
        or (
            in_common.content_count = content_counts.content_count
            and (later.claim_count > 0 or later.payment_amount = first.payment_amount)
        )

    group by in_common.remit_payment_key

),

-- a check that was entered from paper, and of which a file brings every claim, too: paper lacks the
-- company that pays, and may lack the payer's numbers. The file counts, as it says more; what takes
-- such a check back is no part of it either
filed_checks as (

    select
        on_paper.remit_payment_key,
        filed.remit_payment_key as filed_payment_key

    from identified as on_paper

    inner join identified as filed
        on on_paper.claim_namespace = filed.claim_namespace
        and on_paper.payer_key = filed.payer_key
        and {{ trace_key('on_paper.trace_number') }} = {{ trace_key('filed.trace_number') }}

    inner join claims as paper_claims
        on on_paper.remit_payment_key = paper_claims.remit_payment_key

    inner join claims as filed_claims
        on filed.remit_payment_key = filed_claims.remit_payment_key
        and paper_claims.patient_control_number = filed_claims.patient_control_number
        and abs(paper_claims.charge_amount) = abs(filed_claims.charge_amount)
        and abs(paper_claims.paid_amount) = abs(filed_claims.paid_amount)

    where on_paper.is_on_paper and not filed.is_on_paper

    group by
        on_paper.remit_payment_key,
        filed.remit_payment_key,
        on_paper.claim_count

    having count(distinct paper_claims.content) = on_paper.claim_count

),

also_filed as (

    select distinct remit_payment_key from filed_checks

),

final as (

    select
        identified.remit_payment_key,
        identified.source_system,
        identified.claim_source_system,
        identified.claim_namespace,
        identified.facility_key,
        identified.payer_key,
        identified.interchange_sha256,
        identified.isa_control_number,
        identified.transaction_no,
        identified.segment_no,
        identified.trace_number,
        identified.originating_company_id,
        identified.payee_id,
        identified.claim_count,
        identified.claim_charge_amount,
        identified.payment_method,
        identified.payment_amount,
        identified.payment_date,
        identified.recorded_date,
        identified._source_file,
        identified._source_position,
        identified._batch_id,
        coalesce(
            deliveries.delivery_number,
            case when also_filed.remit_payment_key is not null then 2 end,
            1
        ) as delivery_number

    from identified

    left join deliveries
        on identified.remit_payment_key = deliveries.remit_payment_key

    left join also_filed
        on identified.remit_payment_key = also_filed.remit_payment_key

)

select * from final
