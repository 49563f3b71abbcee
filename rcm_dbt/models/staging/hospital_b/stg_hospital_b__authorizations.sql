{{ hospital_authorizations('hospital_b') }}
