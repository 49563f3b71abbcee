{{ hospital_encounters('hospital_b') }}
