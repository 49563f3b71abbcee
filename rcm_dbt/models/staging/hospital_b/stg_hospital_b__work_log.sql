{{ hospital_work_log('hospital_b') }}
