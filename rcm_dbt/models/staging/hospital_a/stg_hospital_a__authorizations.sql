{{ hospital_authorizations('hospital_a') }}
