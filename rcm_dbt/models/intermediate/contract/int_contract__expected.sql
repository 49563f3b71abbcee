-- What the contract says that each charge line is worth, by the terms that its payer and facility
-- had agreed on for the day of service: a percentage of Medicare, the payer's own schedule, or an
-- amount for the case or the day, which is spread over the lines of the claim by their charges.
-- Where the terms say so it is never more than the charge. Fractions of a cent are dropped line by
-- line; what a spread drops goes to the claim's first line. All of it in whole cents.
{%- set bigint = dbt.type_bigint() %}
{{ config(meta={'claims_from': [
    'int_claim__lines',
    'int_claim__headers',
    'int_claim__submissions',
    'int_claim__submitted_lines',
    'int_claim__service_types',
]}) }}
with

claim_lines as (

    select * from {{ ref('int_claim__lines') }}

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

submissions as (

    select * from {{ ref('int_claim__submissions') }}

    where submission_number = 1

),

modifiers as (

    select * from {{ ref('modifier_payments') }}

),

-- units and modifiers are what the payer was told last, as the charges are
submitted_lines as (

    select
        lines.claim_key,
        lines.line_id,
        max(lines.units) as units,
        max(coalesce(first_modifier.payment_percent, 100)) as first_percent,
        max(coalesce(second_modifier.payment_percent, 100)) as second_percent

    from {{ ref('int_claim__submitted_lines') }} as lines

    left join modifiers as first_modifier
        on lines.modifier_1 = first_modifier.modifier

    left join modifiers as second_modifier
        on lines.modifier_2 = second_modifier.modifier

    where lines.latest_rank = 1

    group by
        lines.claim_key,
        lines.line_id

),

encounters as (

    select
        encounters.encounter_key,
        encounters.encounter_type,
        encounters.encounter_date,
        discharges.discharge_date

    from {{ ref('int_encounter__current') }} as encounters

    left join {{ ref('int_encounter__status') }} as discharges
        on encounters.encounter_key = discharges.encounter_key

),

claims as (

    select
        headers.claim_key,
        headers.facility_key,
        headers.payer_key,
        submissions.submission_key is not null as is_submitted,
        case
            when service_types.service_type = 'professional' then 'Professional'
            when encounters.encounter_type in ('inpatient', 'outpatient', 'emergency')
                then
                    {{ dbt.concat([
                        'upper(substring(encounters.encounter_type, 1, 1))',
                        'substring(encounters.encounter_type, 2, 20)',
                    ]) }}
            when submissions.bill_type_code like '11%' then 'Inpatient'
            else 'Outpatient'
        end as service_category,
        greatest(
            coalesce(
                {{ days_between(
                    'encounters.encounter_date',
                    'coalesce(encounters.discharge_date, submissions.statement_to_date)'
                ) }},
                1
            ),
            1
        ) as stay_days

    from headers

    inner join {{ ref('int_claim__service_types') }} as service_types
        on headers.claim_key = service_types.claim_key

    left join submissions
        on headers.claim_key = submissions.claim_key

    left join encounters
        on headers.encounter_key = encounters.encounter_key

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

    where source_system = 'operations'

),

-- a payer that merged has terms under two numbers: those that began last apply
contracts as (

    select
        payers.payer_key,
        {{ surrogate_key(["'operations'", 'contracts.facility_id']) }} as facility_key,
        contracts.service_category,
        contracts.contract_id,
        contracts.contract_method,
        contracts.is_lesser_of,
        cast(contracts.contract_rate * 100 as {{ bigint }}) as rate_hundredths,
        contracts.effective_date,
        contracts.end_date,
        lead(contracts.effective_date) over (
            partition by payers.payer_key, contracts.facility_id, contracts.service_category
            order by contracts.effective_date, contracts.contract_id
        ) as next_date

    from {{ ref('stg_operations__payer_contracts') }} as contracts

    inner join payers
        on contracts.payer_id = payers.payer_id

),

fees as (

    select
        coalesce(payers.payer_key, 'medicare') as schedule_key,
        fees.procedure_code,
        cast(fees.fee_amount * 100 as {{ bigint }}) as fee_cents,
        fees.effective_date,
        fees.end_date,
        lead(fees.effective_date) over (
            partition by coalesce(payers.payer_key, 'medicare'), fees.procedure_code
            order by fees.effective_date, fees.schedule_id
        ) as next_date

    from {{ ref('stg_operations__fee_schedules') }} as fees

    left join payers
        on fees.schedule_id = payers.payer_id

    where payers.payer_key is not null or fees.schedule_id = 'MEDICARE'

),

lines as (

    select
        claim_lines.claim_line_key,
        claim_lines.claim_key,
        claim_lines.line_id,
        claim_lines.line_number,
        claim_lines.procedure_code,
        claim_lines.service_date,
        claim_lines.charge_amount,
        cast(claim_lines.charge_amount * 100 as {{ bigint }}) as charge_cents,
        claims.facility_key,
        claims.payer_key,
        claims.is_submitted,
        claims.service_category,
        claims.stay_days,
        coalesce(submitted_lines.units, claim_lines.units) as units,
        {{ integer_divide(
            'coalesce(submitted_lines.first_percent, 100)'
            ~ ' * coalesce(submitted_lines.second_percent, 100)',
            '100'
        ) }} as modifier_percent

    from claim_lines

    inner join claims
        on claim_lines.claim_key = claims.claim_key

    left join submitted_lines
        on claim_lines.claim_key = submitted_lines.claim_key
        and claim_lines.line_id = submitted_lines.line_id

),

priced as (

    select
        lines.*,
        contracts.contract_id,
        contracts.contract_method,
        contracts.is_lesser_of,
        contracts.rate_hundredths,
        case when contracts.contract_method = 'per diem' then lines.stay_days else 1 end
            as paid_days,
        {{ integer_divide(
            'fees.fee_cents * cast(lines.units * 10000 as ' ~ bigint ~ ') * lines.modifier_percent',
            '1000000'
        ) }} as fee_cents,
        sum(lines.charge_cents) over (partition by lines.claim_key) as claim_charge_cents

    from lines

    left join contracts
        on lines.payer_key = contracts.payer_key
        and lines.facility_key = contracts.facility_key
        and lines.service_category = contracts.service_category
        and lines.service_date >= contracts.effective_date
        and lines.service_date <= {{ or_open_end('contracts.end_date') }}
        and lines.service_date < {{ or_open_end('contracts.next_date') }}

    left join fees
        on case
            when contracts.contract_method = 'percent of medicare' then 'medicare'
            when contracts.contract_method = 'fee schedule' then lines.payer_key
        end = fees.schedule_key
        and lines.procedure_code = fees.procedure_code
        and lines.service_date >= fees.effective_date
        and lines.service_date <= {{ or_open_end('fees.end_date') }}
        and lines.service_date < {{ or_open_end('fees.next_date') }}

),

wholes as (

    select
        *,
        case
            when contract_method not in ('case rate', 'per diem') then null
            when
                is_lesser_of
                and rate_hundredths * paid_days > claim_charge_cents
                then claim_charge_cents
            else rate_hundredths * paid_days
        end as whole_cents

    from priced

),

spread as (

    select
        *,
        {{ integer_divide(
            'whole_cents * charge_cents', 'nullif(claim_charge_cents, 0)'
        ) }} as spread_cents

    from wholes

),

methods as (

    select
        *,
        case
            when contract_method = 'percent of medicare'
                then {{ integer_divide('fee_cents * rate_hundredths', '10000') }}
            when contract_method = 'fee schedule' then fee_cents
            when line_number = 1
                then
                    spread_cents + whole_cents
                    - sum(spread_cents) over (partition by claim_key)
            else spread_cents
        end as allowed_cents

    from spread

),

final as (

    select
        claim_line_key,
        claim_key,
        line_id,
        facility_key,
        payer_key,
        procedure_code,
        service_date,
        units,
        modifier_percent,
        charge_amount,
        service_category,
        contract_id,
        contract_method,
        is_lesser_of,
        case
            when is_submitted and charge_cents > 0 and allowed_cents is not null
                then
                    {{ money(
                        'greatest(case when is_lesser_of and allowed_cents > charge_cents'
                        ~ ' then charge_cents else allowed_cents end, 1) * 0.01'
                    ) }}
        end as expected_amount,
        case
            when contract_id is null then 'no contract'
            when not is_submitted then 'not submitted yet'
            when charge_cents <= 0 then 'no charge'
            when allowed_cents is null and units is null then 'line not submitted'
            when allowed_cents is null then 'no fee for the procedure'
        end as unpriced_reason

    from methods

)

select * from final
