{{ hospital_eligibility_checks('hospital_b') }}
