{{ hospital_patients('hospital_b') }}
