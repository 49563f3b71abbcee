-- The history of every patient record: one row per version, and each day belongs to exactly one.
-- Only attributes that the source holds make a version; what is derived from them, such as age,
-- does not, nor does a record that was saved again without a change. Recomputed from raw each time.
with

hospitals as (

    select * from {{ ref('stg_hospital__patients') }}

),

-- what a record was before we first saw it, of hospitals that keep that
histories as (

    select * from {{ ref('stg_hospital__patient_history') }}

),

synthea_patients as (

    select
        source_system,
        patient_id,
        first_name,
        last_name,
        middle_name,
        ssn,
        cast(null as {{ dbt.type_string() }}) as phone_number,
        gender,
        birth_date,
        nullif({{ join_texts(['address', 'city', 'state', 'postal_code'], ', ') }}, '') as address,
        cast(null as {{ dbt.type_timestamp() }}) as modified_at,
        recorded_date

    from {{ ref('stg_synthea__patients') }}

),

unioned as (

    select
        source_system,
        patient_id,
        first_name,
        last_name,
        middle_name,
        ssn,
        phone_number,
        gender,
        birth_date,
        address,
        modified_at,
        recorded_date

    from hospitals

    union all

    select
        source_system,
        patient_id,
        first_name,
        last_name,
        middle_name,
        ssn,
        phone_number,
        gender,
        birth_date,
        address,
        modified_at,
        recorded_date

    from histories

    union all

    select * from synthea_patients

),

hashed as (

    select
        *,
        coalesce(cast(modified_at as date), recorded_date) as changed_date,
        {{ surrogate_key([
            'first_name',
            'last_name',
            'middle_name',
            'ssn',
            'phone_number',
            'gender',
            'birth_date',
            'address',
        ]) }} as content_hash

    from unioned

),

-- the last version of each day; two of the same moment are told apart by their content, so that the
-- order of arrival never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, patient_id, changed_date
            order by
                modified_at desc,
                last_name desc,
                first_name desc,
                middle_name desc,
                ssn desc,
                phone_number desc,
                gender desc,
                birth_date desc,
                address desc,
                recorded_date asc
        ) as version_rank

    from hashed

),

compared as (

    select
        *,
        lag(content_hash) over (
            partition by source_system, patient_id order by changed_date
        ) as previous_hash

    from ranked

    where version_rank = 1

),

changes as (

    select
        *,
        row_number() over (
            partition by source_system, patient_id order by changed_date
        ) as version_number,
        lead(changed_date) over (
            partition by source_system, patient_id order by changed_date
        ) as valid_to

    from compared

    where previous_hash is null or previous_hash <> content_hash

),

-- a visit or a bill may name a patient of whom no record has arrived by this date
named as (

    select
        source_system,
        patient_id,
        min(recorded_date) as recorded_date

    from (
        select
            source_system,
            patient_id,
            recorded_date
        from {{ ref('stg_hospital__encounters') }}
        union all
        select
            source_system,
            patient_id,
            recorded_date
        from {{ ref('stg_hospital__transactions') }}
        union all
        select
            source_system,
            patient_id,
            recorded_date
        from {{ ref('stg_synthea__encounters') }}
        union all
        select
            source_system,
            patient_id,
            recorded_date
        from {{ ref('stg_synthea__claims') }}
        union all
        select
            source_system,
            patient_id,
            recorded_date
        from {{ ref('stg_synthea__claims_transactions') }}
    ) as mentions

    where patient_id is not null

    group by
        source_system,
        patient_id

),

inferred as (

    select
        named.source_system,
        named.patient_id,
        named.recorded_date

    from named

    left join changes
        on named.source_system = changes.source_system
        and named.patient_id = changes.patient_id

    where changes.patient_id is null

),

versions as (

    select
        source_system,
        patient_id,
        version_number,
        -- nobody knows what was before the first version: it stands for all the time before
        case
            when version_number = 1 then cast('1900-01-01' as date) else changed_date
        end as valid_from,
        valid_to,
        false as is_inferred,
        changed_date,
        first_name,
        last_name,
        middle_name,
        ssn,
        phone_number,
        gender,
        birth_date,
        address,
        recorded_date

    from changes

    union all

    select
        source_system,
        patient_id,
        1 as version_number,
        cast('1900-01-01' as date) as valid_from,
        cast(null as date) as valid_to,
        true as is_inferred,
        recorded_date as changed_date,
        cast(null as {{ dbt.type_string() }}) as first_name,
        cast(null as {{ dbt.type_string() }}) as last_name,
        cast(null as {{ dbt.type_string() }}) as middle_name,
        cast(null as {{ dbt.type_string() }}) as ssn,
        cast(null as {{ dbt.type_string() }}) as phone_number,
        'unknown' as gender,
        cast(null as date) as birth_date,
        cast(null as {{ dbt.type_string() }}) as address,
        recorded_date

    from inferred

),

final as (

    select
        {{ surrogate_key(['source_system', 'patient_id', 'changed_date']) }}
            as patient_version_key,
        {{ surrogate_key(['source_system', 'patient_id']) }} as patient_key,
        source_system,
        patient_id,
        cast(version_number as {{ dbt.type_int() }}) as version_number,
        valid_from,
        valid_to,
        valid_to is null as is_current,
        is_inferred,
        first_name,
        last_name,
        middle_name,
        ssn,
        phone_number,
        gender,
        birth_date,
        address,
        recorded_date

    from versions

)

select * from final
