{{ hospital_staff('hospital_b') }}
