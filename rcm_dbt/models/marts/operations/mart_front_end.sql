-- What happens before and at the visit, per month, facility, department and payer: appointments,
-- checks of coverage, visits registered and verified, and authorizations. An appointment has no
-- payer yet, so that its measures stand on the line without one.
with

appointments as (

    select
        {{ month_start('scheduled_date') }} as activity_month,
        facility_key,
        department_key,
        count(*) as appointment_count,
        {{ sum_where('1', "appointment_status = 'Completed'") }} as kept_count,
        {{ sum_where('1', "appointment_status = 'No Show'") }} as no_show_count,
        {{ sum_where('1', "appointment_status = 'Cancelled'") }} as cancelled_count,
        -- a status that nobody listed settles nothing
        {{ sum_where(
            '1',
            "coalesce(appointment_status, '') not in ('Completed', 'No Show', 'Cancelled')"
        ) }} as upcoming_count,
        sum({{ days_between('booked_date', 'scheduled_date') }}) as booked_ahead_days

    from {{ ref('int_appointment__current') }}

    group by
        {{ month_start('scheduled_date') }},
        facility_key,
        department_key

),

visits as (

    select * from {{ ref('int_encounter__front_end') }}

),

booked as (

    select * from {{ ref('int_appointment__current') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

-- a check stands in the department of its visit, else of the appointment that was not kept
checks as (

    select
        {{ month_start('checks.check_date') }} as activity_month,
        facilities.facility_key,
        coalesce(visits.department_key, booked.department_key) as department_key,
        checks.payer_key,
        count(*) as check_count,
        {{ sum_where('1', 'checks.is_verified') }} as verified_check_count

    from {{ ref('int_eligibility__current') }} as checks

    left join facilities
        on checks.source_system = facilities.source_system
        and facilities.facility_type = 'hospital'

    left join visits
        on checks.encounter_key = visits.encounter_key

    left join booked
        on checks.appointment_key = booked.appointment_key

    group by
        {{ month_start('checks.check_date') }},
        facilities.facility_key,
        coalesce(visits.department_key, booked.department_key),
        checks.payer_key

),

checking_systems as (

    select distinct source_system

    from {{ ref('int_eligibility__current') }}

),

-- of systems that say whether coverage is checked: elsewhere nothing could be verified
registrations as (

    select
        {{ month_start('visits.encounter_date') }} as activity_month,
        visits.facility_key,
        visits.department_key,
        visits.payer_key,
        count(*) as registered_count,
        {{ sum_where('1', 'visits.is_coverage_checked') }} as checked_count,
        {{ sum_where('1', 'visits.is_coverage_verified') }} as verified_count,
        {{ sum_where('1', "visits.authorization_result <> 'not required'") }}
            as authorization_required_count,
        {{ sum_where('1', "visits.authorization_result = 'approved'") }}
            as authorization_approved_count,
        {{ sum_where('1', "visits.authorization_result = 'denied'") }}
            as authorization_denied_count,
        {{ sum_where('1', "visits.authorization_result = 'pending'") }}
            as authorization_pending_count,
        {{ sum_where('1', "visits.authorization_result = 'missing'") }}
            as authorization_missing_count

    from visits

    inner join checking_systems
        on visits.source_system = checking_systems.source_system

    group by
        {{ month_start('visits.encounter_date') }},
        visits.facility_key,
        visits.department_key,
        visits.payer_key

),

combined as (

    select
        activity_month,
        facility_key,
        department_key,
        {{ null_key() }} as payer_key,
        appointment_count,
        kept_count,
        no_show_count,
        cancelled_count,
        upcoming_count,
        booked_ahead_days,
        0 as check_count,
        0 as verified_check_count,
        0 as registered_count,
        0 as checked_count,
        0 as verified_count,
        0 as authorization_required_count,
        0 as authorization_approved_count,
        0 as authorization_denied_count,
        0 as authorization_pending_count,
        0 as authorization_missing_count

    from appointments

    union all

    select
        activity_month,
        facility_key,
        department_key,
        payer_key,
        0 as appointment_count,
        0 as kept_count,
        0 as no_show_count,
        0 as cancelled_count,
        0 as upcoming_count,
        0 as booked_ahead_days,
        check_count,
        verified_check_count,
        0 as registered_count,
        0 as checked_count,
        0 as verified_count,
        0 as authorization_required_count,
        0 as authorization_approved_count,
        0 as authorization_denied_count,
        0 as authorization_pending_count,
        0 as authorization_missing_count

    from checks

    union all

    select
        activity_month,
        facility_key,
        department_key,
        payer_key,
        0 as appointment_count,
        0 as kept_count,
        0 as no_show_count,
        0 as cancelled_count,
        0 as upcoming_count,
        0 as booked_ahead_days,
        0 as check_count,
        0 as verified_check_count,
        registered_count,
        checked_count,
        verified_count,
        authorization_required_count,
        authorization_approved_count,
        authorization_denied_count,
        authorization_pending_count,
        authorization_missing_count

    from registrations

),

final as (

    select
        {{ surrogate_key(['activity_month', 'facility_key', 'department_key', 'payer_key']) }}
            as front_end_key,
        activity_month,
        facility_key,
        department_key,
        payer_key,
        cast(sum(appointment_count) as {{ dbt.type_bigint() }}) as appointment_count,
        cast(sum(kept_count) as {{ dbt.type_bigint() }}) as kept_count,
        cast(sum(no_show_count) as {{ dbt.type_bigint() }}) as no_show_count,
        cast(sum(cancelled_count) as {{ dbt.type_bigint() }}) as cancelled_count,
        cast(sum(upcoming_count) as {{ dbt.type_bigint() }}) as upcoming_count,
        cast(sum(booked_ahead_days) as {{ dbt.type_bigint() }}) as booked_ahead_days,
        cast(sum(check_count) as {{ dbt.type_bigint() }}) as check_count,
        cast(sum(verified_check_count) as {{ dbt.type_bigint() }}) as verified_check_count,
        cast(sum(check_count - verified_check_count) as {{ dbt.type_bigint() }})
            as failed_check_count,
        cast(sum(registered_count) as {{ dbt.type_bigint() }}) as registered_count,
        cast(sum(checked_count) as {{ dbt.type_bigint() }}) as checked_count,
        cast(sum(verified_count) as {{ dbt.type_bigint() }}) as verified_count,
        cast(sum(authorization_required_count) as {{ dbt.type_bigint() }})
            as authorization_required_count,
        cast(
            sum(authorization_required_count - authorization_missing_count)
            as {{ dbt.type_bigint() }}
        ) as authorization_requested_count,
        cast(sum(authorization_approved_count) as {{ dbt.type_bigint() }})
            as authorization_approved_count,
        cast(sum(authorization_denied_count) as {{ dbt.type_bigint() }})
            as authorization_denied_count,
        cast(sum(authorization_pending_count) as {{ dbt.type_bigint() }})
            as authorization_pending_count,
        cast(sum(authorization_missing_count) as {{ dbt.type_bigint() }})
            as authorization_missing_count

    from combined

    group by
        activity_month,
        facility_key,
        department_key,
        payer_key

)

select * from final
