{{ hospital_appointments('hospital_a') }}
