{{ hospital_encounter_status('hospital_b') }}
