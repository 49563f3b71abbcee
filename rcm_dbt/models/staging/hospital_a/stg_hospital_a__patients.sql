{{ hospital_patients('hospital_a') }}
