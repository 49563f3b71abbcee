{% call hospital_rows('encounter_status', key='encounterid') %}
select
    -- ids
    {{ clean_text('encounterid') }} as encounter_id,

    -- codes
    {{ standard_code('documentationstatus', [
        'Open',
        'Signed',
        'Queried',
    ]) }} as documentation_status,

    -- dates
    cast(dischargedate as date) as discharge_date,
    cast(signeddate as date) as signed_date,
    cast(codeddate as date) as coded_date,
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
