"""Patient records made comparable: one spelling for equal values, NULL for what says nothing.

A record is a patient of one source system, (source_system, patient_id). Its *versions* are the
states in which it was extracted; people marry and move, so any version may be the one that another
hospital knows. Whatever only looks like a value counts as absent: placeholders
(`placeholders.csv`), and numbers and addresses that more than MAX_SHARING records hold.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version as installed_version
from pathlib import Path

import duckdb
import pyarrow as pa

FOLDER = Path(__file__).parent

RECORD_SCHEMA = pa.schema(
    [
        ("source_system", pa.string()),
        ("patient_id", pa.string()),
        ("arrival_date", pa.date32()),
        ("first_name", pa.string()),
        ("last_name", pa.string()),
        ("middle_name", pa.string()),
        ("ssn", pa.string()),
        ("phone_number", pa.string()),
        ("gender", pa.string()),
        ("birth_date", pa.date32()),
        ("address", pa.string()),
    ]
)
"""What `link` reads. A row is one version of a patient record; `arrival_date` is when it came."""

MAX_SHARING = 50
"""An SSN, phone or address that more records hold is a switchboard, a shelter or a filler: it says
nothing about a person. The limit also bounds what can be compared for one such value."""

_SHAREABLE = ("ssn", "phone", "address")
_EXTREME_BIRTH_DATES = "1880-01-01", "2200-01-01"
_FIELDS = (
    "given", "birth_order", "family", "middle_initial", "ssn", "phone", "gender", "birth_date",
    "address", "street",
)  # fmt: skip


def prepare(con: duckdb.DuckDBPyConnection, records: pa.Table | duckdb.DuckDBPyRelation) -> None:
    """Make the tables `record` and `version` on a connection that has neither.

    record   one row per patient record: record_id (1.. by source_system and patient_id), both,
             first_arrival_date, record_hash (of all its versions and of what scores them)
    version  one row per distinct state of a record: version_id, record_id and comparable values

    Ids are good for this connection only, but their order follows from the keys and the content,
    so which of two rows comes first never depends on the other rows.

    Raises ValueError when columns of RECORD_SCHEMA are missing, or a row has no key or no date.
    """
    missing = set(RECORD_SCHEMA.names) - set(
        records.column_names if isinstance(records, pa.Table) else records.columns
    )
    if missing:
        raise ValueError(f"patient records lack the columns {', '.join(sorted(missing))}")
    # a relation belongs to its own connection
    table = records if isinstance(records, pa.Table) else records.to_arrow_table()
    con.register("given_records", table)
    con.execute(
        "create temp table extracted as select "
        # what is no date counts as absent; an error would quote it
        + ", ".join(
            f"try_cast({name} as {_sql_type(name)}) as {name}" for name in RECORD_SCHEMA.names
        )
        + " from given_records"
    )
    con.unregister("given_records")
    unusable = con.execute(
        "select count(*) from extracted "
        "where source_system is null or patient_id is null or arrival_date is null"
    ).fetchone()
    if unusable and unusable[0]:
        raise ValueError(
            f"{unusable[0]} patient records have no source_system, patient_id or arrival_date"
        )
    _load_word_lists(con)
    con.execute(_RECORD_KEYS)
    con.execute(_COMPARABLE)
    for field in _SHAREABLE:
        con.execute(
            f"update comparable set {field} = null where {field} in ("
            f"select {field} from comparable group by {field} "
            f"having count(distinct record_id) > {MAX_SHARING})"
        )
    con.execute("update comparable set street = null where address is null")
    con.execute(_VERSIONS)
    con.execute(_RECORDS, {"scored_by": fingerprint()})
    con.execute("drop table extracted; drop table record_key; drop table comparable")


def fingerprint() -> str:
    """Hash of all that a score depends on besides the two records: code, lists and weights."""
    digest = hashlib.sha256(installed_version("splink").encode())
    for name in (
        "records.py", "comparisons.py", "scoring.py",
        "nicknames.csv", "placeholders.csv", "weights.csv",
    ):  # fmt: skip
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()


def _sql_type(column: str) -> str:
    return "date" if RECORD_SCHEMA.field(column).type == pa.date32() else "varchar"


def _load_word_lists(con: duckdb.DuckDBPyConnection) -> None:
    for name in ("nicknames", "placeholders"):
        path = str(FOLDER / f"{name}.csv").replace("'", "''")
        con.execute(
            f"create temp table {name} as "
            f"from read_csv('{path}', header = true, all_varchar = true)"
        )
    con.execute(_MACROS)


_CHILD = (
    "BABY ?BOY|BABY ?GIRL|BABY|BOY|GIRL|BB|BG|NB|NEWBORN|INFANT|TWIN|TRIPLET|QUADRUPLET|MALE|FEMALE"
)
"""What stands for the name of a child that has none yet, alone or several of them."""

_MACROS = r"""
create temp macro words(text) as
    nullif(trim(regexp_replace(replace(replace(
        upper(strip_accents(text)), '''', ''), '.', ''), '[^\p{L}\p{N}]+', ' ', 'g')), '');
create temp macro unless_placeholder(of_field, text) as
    case when text not in (select value from placeholders where field = of_field) then text end;
create temp macro name_of(text) as
    unless_placeholder('name', trim(regexp_replace(words(text), ' (JR|SR|II|III|IV)$', '')));
-- a child without a name yet is named by its order, and its mother: GIRL2MARIA, MARIA TWIN A
create temp macro birth_order_of(text) as coalesce(
    nullif(regexp_extract(words(text), '^(?:\w* )*?\w*?([1-9])', 1), ''),
    translate(coalesce(
        nullif(regexp_extract(words(text), '(?:^| )(?:$child) ?([ABC])(?: |$)', 1), ''),
        -- BOYD is a name
        nullif(regexp_extract(words(text), '(?:^| )(?:$child) ([D-H])(?: |$)', 1), '')
    ), 'ABCDEFGH', '12345678')
);
create temp macro without_birth_order(text) as
    nullif(regexp_replace(trim(regexp_replace(regexp_replace(
        words(text), '(^| )($child)(?: ?[ABC]| [D-H])( |$)', '\1\2\3'
    ), ' ?[0-9]+ ?', '')), '^(($child)( |$))+$', ''), '');
create temp macro digits(text) as regexp_replace(text, '[^0-9]', '', 'g');
-- all digits the same: typed to get past a required field
create temp macro is_one_digit(number) as number = repeat(left(number, 1), length(number));
create temp macro ssn_of(number) as
    case when length(number) = 9 and left(number, 3) not in ('000', '666')
        and not is_one_digit(number)
    then unless_placeholder('ssn', number) end;
create temp macro phone_of(number) as
    case when length(number) = 10 and left(number, 1) not in ('0', '1')
        and not is_one_digit(number)
    then unless_placeholder('phone', number) end;
""".replace("$child", _CHILD)

_RECORD_KEYS = """
create temp table record_key as
select
    row_number() over (order by source_system, patient_id) as record_id,
    source_system, patient_id, min(arrival_date) as first_arrival_date
from extracted group by source_system, patient_id
"""

_COMPARABLE = rf"""
create temp table comparable as
with plain as (
    select
        record_id,
        name_of(without_birth_order(first_name)) as given,
        birth_order_of(first_name) as birth_order,
        name_of(last_name) as family,
        left(name_of(middle_name), 1) as middle_initial,
        ssn_of(digits(ssn)) as ssn,
        phone_of(regexp_replace(digits(phone_number), '^1([0-9]{{10}})$', '\1')) as phone,
        case when upper(left(trim(gender), 1)) in ('F', 'M') then upper(left(trim(gender), 1)) end
            as gender,
        birth_date,
        unless_placeholder('address', words(address)) as address_words
    from extracted join record_key using (source_system, patient_id)
),
split as (
    select
        *,
        regexp_extract(address_words, '^[0-9]+[A-Z]?') as house,
        regexp_extract(
            address_words,
            '^[0-9]+[A-Z]? (?:(?:N|S|E|W|NE|NW|SE|SW|NORTH|SOUTH|EAST|WEST) )?(\w+)', 1
        ) as street_name,
        regexp_extract(address_words, ' (?:APT|UNIT|STE|SUITE|APARTMENT) (\w+)', 1) as unit,
        regexp_extract(address_words, ' ([0-9]{{5}})(?: [0-9]{{4}})?$', 1) as zip
    from plain
)
select distinct
    * exclude (birth_date, address_words, house, street_name, unit, zip),
    case
        when birth_date > date '{_EXTREME_BIRTH_DATES[0]}'
            and birth_date < date '{_EXTREME_BIRTH_DATES[1]}'
            and strftime(birth_date, '%Y-%m-%d')
                not in (select value from placeholders where field = 'birth_date')
        then birth_date
    end as birth_date,
    -- house, first word of the street and ZIP: the rest has too many spellings
    case
        when house <> '' and street_name <> '' and zip <> ''
        then concat_ws(' ', house, street_name, zip) else address_words
    end as street,
    case
        when house <> '' and street_name <> '' and zip <> ''
        then trim(concat_ws(' ', house, street_name, zip, unit)) else address_words
    end as address
from split
"""

_VERSIONS = f"""
create table version as
with different as (select distinct record_id, {", ".join(_FIELDS)} from comparable)
select
    row_number() over (order by record_id, {", ".join(_FIELDS)}) as version_id,
    *,
    -- the name itself and the names of which it is short
    list_sort(list_distinct(list_prepend(given, coalesce(
        (select list(name order by name) from nicknames where nickname = given), []
    )))) as given_forms,
    -- not the short ones: DE LA CRUZ and DE LEON have nothing in common
    list_filter(string_split(family, ' '), lambda part: length(part) > 3) as family_parts
from different
"""

_CONTENT = " || chr(31) || ".join(f"coalesce(cast({name} as varchar), '')" for name in _FIELDS)

_RECORDS = f"""
create table record as
select
    record_id, source_system, patient_id, first_arrival_date,
    (select sha256($scored_by || string_agg(content, chr(30) order by content)) from (
        select {_CONTENT} as content from version where version.record_id = record_key.record_id
    )) as record_hash
from record_key
"""
