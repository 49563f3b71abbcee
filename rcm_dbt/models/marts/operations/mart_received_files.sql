-- What arrived, and what became of it, for those who look whether everything came.
select
    received_file_key,
    source_system,
    _source_file as source_file,
    {{ known_date('recorded_date') }} as arrival_date,
    file_status,
    row_count,
    dollar_amount,
    byte_count,
    held_byte_count

from {{ ref('int_file__received') }}
