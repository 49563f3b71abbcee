{{ hospital_appointments('hospital_b') }}
