{{ hospital_work_log('hospital_a') }}
