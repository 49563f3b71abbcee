{{ hospital_encounter_status('hospital_a') }}
