{{ hospital_transactions('hospital_a') }}
