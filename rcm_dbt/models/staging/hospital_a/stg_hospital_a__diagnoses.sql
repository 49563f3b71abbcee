{{ hospital_diagnoses('hospital_a') }}
