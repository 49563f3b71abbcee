-- The linkage is made anew for each reporting date, so no filter by arrival.
with

source as (

    select * from {{ source('persons', 'members') }}

),

renamed as (

    select
        source_system,
        patient_id,
        person_id,
        membership,
        cast(cluster_size as {{ dbt.type_int() }}) as record_count

    from source

)

select * from renamed
