{{ hospital_deleted_rows('hospital_b') }}
