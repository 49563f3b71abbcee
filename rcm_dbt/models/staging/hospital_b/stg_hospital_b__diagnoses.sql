{{ hospital_diagnoses('hospital_b') }}
