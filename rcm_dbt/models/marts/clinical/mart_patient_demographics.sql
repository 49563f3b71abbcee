-- Who the patients are: records that apply now and persons, by hospital, gender, age and town. A
-- person with records at several hospitals counts once, where the record that arrived last stands.
with

records as (

    select
        source_system,
        person_key,
        gender,
        age_band,
        {{ town_of('address') }} as town,
        row_number() over (
            partition by person_key
            order by is_inferred asc, recorded_date desc, patient_key asc
        ) as record_rank

    from {{ ref('dim_patient') }}

    where is_current

),

final as (

    select
        {{ surrogate_key(['source_system', 'gender', 'age_band', 'town']) }} as demographics_key,
        source_system,
        gender,
        age_band,
        town,
        count(*) as record_count,
        cast({{ sum_where('1', 'record_rank = 1') }} as {{ dbt.type_bigint() }}) as person_count

    from records

    group by
        source_system,
        gender,
        age_band,
        town

)

select * from final
