{{ hospital_eligibility_checks('hospital_a') }}
