{{ hospital_departments('hospital_b') }}
