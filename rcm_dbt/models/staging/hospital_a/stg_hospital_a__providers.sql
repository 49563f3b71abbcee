{{ hospital_providers('hospital_a') }}
