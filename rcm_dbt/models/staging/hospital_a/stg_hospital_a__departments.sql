{{ hospital_departments('hospital_a') }}
