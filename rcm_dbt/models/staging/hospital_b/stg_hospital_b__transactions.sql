{{ hospital_transactions('hospital_b') }}
