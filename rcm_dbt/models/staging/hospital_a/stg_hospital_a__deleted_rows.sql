{{ hospital_deleted_rows('hospital_a') }}
