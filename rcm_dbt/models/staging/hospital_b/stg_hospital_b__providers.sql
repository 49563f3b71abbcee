{{ hospital_providers('hospital_b') }}
