{{ hospital_encounters('hospital_a') }}
