-- Claims that a payer has decided, in the layout of the Tuva Project's input layer (medical_claim,
-- layout of 2025): one row per line in its final state. Denials, adjustments, reversals and second
-- payers are netted on the line; what no line carries stands on the first, so that the sums are the
-- ledger's. Voided claims and claims that nobody has decided yet are left out.
{%- set codes = range(1, 26) %}

with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

    where remit_count > 0

),

submissions as (

    select
        *,
        row_number() over (
            partition by claim_key
            order by submission_number desc
        ) as latest_rank,
        -- what was sent to the first payer last says what the claim is
        row_number() over (
            partition by claim_key
            order by
                case when payer_responsibility_code = 'P' then 0 else 1 end,
                submission_number desc
        ) as final_rank,
        -- interim bills together are about all days of a stay
        min(case when frequency_code in ('2', '3', '4') then statement_from_date end) over (
            partition by claim_key
        ) as first_interim_date

    from {{ ref('int_claim__submissions') }}

),

voided as (

    select claim_key from submissions

    where latest_rank = 1 and frequency_code = '8'

),

decided as (

    select claims.*

    from claims

    left join voided
        on claims.claim_key = voided.claim_key

    where voided.claim_key is null

),

submitted_lines as (

    select
        lines.*,
        -- each interim bill has other lines
        row_number() over (
            partition by lines.claim_key, lines.line_id
            order by submissions.final_rank, lines.line_no
        ) as statement_rank

    from {{ ref('int_claim__submitted_lines') }} as lines

    inner join submissions
        on lines.submission_key = submissions.submission_key

),

remits as (

    select
        remits.remit_claim_key,
        remits.claim_key,
        remits.payment_date,
        -- a second payer says so; a reversal, which cannot, is told by who takes back
        coalesce(
            remits.is_secondary
            or (remits.is_reversal and remits.payer_key <> headers.payer_key),
            false
        ) as is_later_payer

    from {{ ref('int_claim__remits') }} as remits

    inner join headers
        on remits.claim_key = headers.claim_key

    where not remits.is_predetermination

),

remit_lines as (

    select
        lines.*,
        remits.is_later_payer

    from {{ ref('int_claim__remit_lines') }} as lines

    inner join remits
        on lines.remit_claim_key = remits.remit_claim_key

),

told_lines as (

    select
        claim_key,
        line_id,
        procedure_code,
        charge_amount,
        service_date

    from {{ ref('int_claim__lines') }}

),

told_claims as (

    select distinct claim_key from told_lines

),

-- a claim of which nobody tells any line is a line of its own
lines as (

    select * from told_lines

    union all

    select
        decided.claim_key,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as procedure_code,
        {{ money(0) }} as charge_amount,
        decided.service_date

    from decided

    left join told_claims
        on decided.claim_key = told_claims.claim_key

    where told_claims.claim_key is null

),

line_money as (

    select
        claim_key,
        line_id,
        sum(paid_amount) as paid_amount,
        {{ sum_where('coalesce(stated_allowed_amount, 0)', 'not is_later_payer') }}
            as allowed_amount

    from remit_lines

    group by
        claim_key,
        line_id

),

shares as (

    select
        remit_lines.claim_key,
        remit_lines.line_id,
        remit_lines.is_later_payer,
        {{ sum_where('adjustments.amount', "adjustments.reason_code = '1'") }} as deductible_amount,
        {{ sum_where('adjustments.amount', "adjustments.reason_code = '2'") }}
            as coinsurance_amount,
        {{ sum_where('adjustments.amount', "adjustments.reason_code = '3'") }} as copayment_amount

    from remit_lines

    left join {{ ref('int_claim__remit_adjustments') }} as adjustments
        on remit_lines.remit_claim_key = adjustments.remit_claim_key
        and remit_lines.line_no = adjustments.line_no
        and adjustments.group_code = 'PR'

    group by
        remit_lines.claim_key,
        remit_lines.line_id,
        remit_lines.is_later_payer

),

-- what the last payer leaves to the patient replaces what the first one did
ranked_shares as (

    select
        *,
        row_number() over (
            partition by claim_key, line_id
            order by is_later_payer desc
        ) as share_rank

    from shares

),

payments as (

    select
        claim_key,
        max(payment_date) as paid_date

    from remits

    group by claim_key

),

diagnoses as (

    select
        {%- for number in codes %}
            max(case when diagnosis_number = {{ number }} then diagnosis_code end)
                as diagnosis_code_{{ number }},
        {%- endfor %}
        encounter_key

    from {{ ref('int_encounter__diagnoses') }}

    where code_system = 'ICD-10-CM'

    group by encounter_key

),

plans as (

    select
        claim_key,
        min(line_of_business) as line_of_business

    from {{ ref('int_transaction__current') }}

    group by claim_key

),

numbered as (

    select
        lines.*,
        row_number() over (partition by lines.claim_key order by lines.line_id) as line_number,
        min(lines.service_date) over (partition by lines.claim_key) as first_service_date,
        max(lines.service_date) over (partition by lines.claim_key) as last_service_date,
        sum(lines.charge_amount) over (partition by lines.claim_key) as lines_charge_amount,
        sum(coalesce(line_money.paid_amount, 0)) over (partition by lines.claim_key)
            as lines_paid_amount,
        coalesce(line_money.paid_amount, 0) as paid_amount,
        coalesce(line_money.allowed_amount, 0) as allowed_amount

    from lines

    left join line_money
        on lines.claim_key = line_money.claim_key
        and lines.line_id = line_money.line_id

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

providers as (

    select * from {{ ref('int_provider__current') }}

),

members as (

    select * from {{ ref('int_person__members') }}

),

statuses as (

    select * from {{ ref('int_encounter__status') }}

),

final as (

    select
        -- several bills may carry one number
        case
            when headers.bill_number > 1
                then {{ dbt.concat([
                    'decided.claim_id',
                    "'-'",
                    'cast(headers.bill_number as ' ~ dbt.type_string() ~ ')',
                ]) }}
            else decided.claim_id
        end as claim_id,
        cast(numbered.line_number as {{ dbt.type_int() }}) as claim_line_number,
        case sent.claim_form
            when 'P' then 'professional'
            when 'I' then 'institutional'
            else 'undetermined'
        end as claim_type,
        coalesce(members.person_key, sent.member_id, decided.claim_key) as person_id,
        sent.member_id,
        payers.payer_name as payer,
        coalesce(plans.line_of_business, payers.payer_name) as plan,
        coalesce(
            sent.first_interim_date,
            sent.statement_from_date,
            numbered.first_service_date,
            decided.service_date
        ) as claim_start_date,
        coalesce(sent.statement_to_date, numbered.last_service_date, decided.service_date)
            as claim_end_date,
        numbered.service_date as claim_line_start_date,
        numbered.service_date as claim_line_end_date,
        sent.admission_date,
        case when sent.bill_type_code = '11' then statuses.discharge_date end as discharge_date,
        cast(null as {{ dbt.type_string() }}) as admit_source_code,
        cast(null as {{ dbt.type_string() }}) as admit_type_code,
        cast(null as {{ dbt.type_string() }}) as discharge_disposition_code,
        sent.place_of_service_code,
        {{ dbt.concat(['sent.bill_type_code', 'sent.frequency_code']) }} as bill_type_code,
        case when sent.drg_code is not null then 'ms-drg' end as drg_code_type,
        sent.drg_code,
        sent_lines.revenue_code as revenue_center_code,
        cast(sent_lines.units as decimal(18, 4)) as service_unit_quantity,
        -- as sent: a hospital's own code for a day in a room is no HCPCS
        case
            when sent_lines.line_id is not null then sent_lines.procedure_code
            else numbered.procedure_code
        end as hcpcs_code,
        sent_lines.modifier_1 as hcpcs_modifier_1,
        sent_lines.modifier_2 as hcpcs_modifier_2,
        sent_lines.modifier_3 as hcpcs_modifier_3,
        sent_lines.modifier_4 as hcpcs_modifier_4,
        cast(null as {{ dbt.type_string() }}) as hcpcs_modifier_5,
        coalesce(sent.rendering_npi, sent.attending_npi, providers.npi) as rendering_npi,
        cast(null as {{ dbt.type_string() }}) as rendering_tin,
        coalesce(sent.billing_npi, facilities.npi) as billing_npi,
        coalesce(sent.billing_tin, facilities.tin) as billing_tin,
        facilities.npi as facility_npi,
        payments.paid_date,
        {{ money(
            'numbered.paid_amount + case when numbered.line_number = 1
                then decided.payer_paid_amount - numbered.lines_paid_amount else 0 end'
        ) }} as paid_amount,
        {{ money('numbered.allowed_amount') }} as allowed_amount,
        {{ money(
            'numbered.charge_amount + case when numbered.line_number = 1
                then decided.charge_amount - numbered.lines_charge_amount else 0 end'
        ) }} as charge_amount,
        {{ money('coalesce(ranked_shares.coinsurance_amount, 0)') }} as coinsurance_amount,
        {{ money('coalesce(ranked_shares.copayment_amount, 0)') }} as copayment_amount,
        {{ money('coalesce(ranked_shares.deductible_amount, 0)') }} as deductible_amount,
        {{ money('numbered.allowed_amount') }} as total_cost_amount,
        case
            when coalesce(diagnoses.diagnosis_code_1, sent.principal_diagnosis_code) is not null
                then 'icd-10-cm'
        end as diagnosis_code_type,
        coalesce(diagnoses.diagnosis_code_1, sent.principal_diagnosis_code) as diagnosis_code_1,
        {%- for number in codes if number > 1 %}
            diagnoses.diagnosis_code_{{ number }},
        {%- endfor %}
        {%- for number in codes %}
            cast(null as {{ dbt.type_string() }}) as diagnosis_poa_{{ number }},
        {%- endfor %}
        cast(null as {{ dbt.type_string() }}) as procedure_code_type,
        {%- for number in codes %}
            cast(null as {{ dbt.type_string() }}) as procedure_code_{{ number }},
        {%- endfor %}
        {%- for number in codes %}
            cast(null as date) as procedure_date_{{ number }},
        {%- endfor %}
        cast(null as {{ dbt.type_int() }}) as in_network_flag,
        headers.claim_namespace as data_source,
        sent._source_file as file_name,
        sent.recorded_date as file_date,
        cast(decided.last_remit_date as {{ dbt.type_timestamp() }}) as ingest_datetime

    from decided

    inner join headers
        on decided.claim_key = headers.claim_key

    inner join numbered
        on decided.claim_key = numbered.claim_key

    left join ranked_shares
        on numbered.claim_key = ranked_shares.claim_key
        and numbered.line_id = ranked_shares.line_id
        and ranked_shares.share_rank = 1

    left join submissions as sent
        on decided.claim_key = sent.claim_key
        and sent.final_rank = 1

    left join submitted_lines as sent_lines
        on numbered.claim_key = sent_lines.claim_key
        and numbered.line_id = sent_lines.line_id
        and sent_lines.statement_rank = 1

    left join payments
        on decided.claim_key = payments.claim_key

    left join diagnoses
        on decided.encounter_key = diagnoses.encounter_key

    left join plans
        on decided.claim_key = plans.claim_key

    left join facilities
        on decided.facility_key = facilities.facility_key

    left join payers
        on decided.payer_key = payers.payer_key

    left join providers
        on decided.provider_key = providers.provider_key

    left join members
        on decided.patient_key = members.patient_key

    left join statuses
        on decided.encounter_key = statuses.encounter_key

)

select * from final
