{{ hospital_staff('hospital_a') }}
