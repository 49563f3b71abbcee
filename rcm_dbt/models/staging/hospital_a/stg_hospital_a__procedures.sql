{{ hospital_procedures('hospital_a') }}
