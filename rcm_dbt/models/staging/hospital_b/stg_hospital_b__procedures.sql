{{ hospital_procedures('hospital_b') }}
