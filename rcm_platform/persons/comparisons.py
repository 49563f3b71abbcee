"""How two records are compared: fields, levels of agreement, and what each level is worth.

The score is Fellegi and Sunter's, computed by splink. A level's weight is log2(m / u): m is how
often true pairs stand at that level, u how often two random people do. A pair's match weight is the
prior plus the weight of its level in each field, so it follows from the two records alone; that is
why names carry no frequencies of the population here (an equal SMITH counts like an equal ZYSK).

`weights.csv` holds m and u, as `estimate` found them without labels in 48,000 records of the
synthetic world (medium, seed 7). A one stands for a share that rounds to it.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from rcm_platform.persons.records import FOLDER, prepare

if TYPE_CHECKING:
    from splink import DuckDBAPI, Linker, SettingsCreator
    from splink.internals.comparison_creator import ComparisonCreator
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

PRIOR_PROBABILITY = 1e-6
"""Taken for the chance that two random records are one person's. It moves all scores alike, so it
is fixed: what really varies with the number of records would let a new arrival change an old
score."""

ABSENT = "absent"
"""Level of a field that one of the two records lacks. It weighs nothing."""

# children of one birth have one name until they get their own, but for their order
_SAME_BIRTH_ORDER = "coalesce(birth_order_l = birth_order_r, true)"

LEVELS: dict[str, dict[str, str]] = {
    "given_name": {
        ABSENT: f"{_SAME_BIRTH_ORDER} and (given_l is null or given_r is null)",
        "exact": f"{_SAME_BIRTH_ORDER} and given_l = given_r",
        "nickname": f"{_SAME_BIRTH_ORDER} and list_has_any(given_forms_l, given_forms_r)",
        "swapped": f"{_SAME_BIRTH_ORDER} and given_l = family_r and family_l = given_r",
        # a slip of the keyboard seldom hits the first letter; JAYDEN and KAYDEN are brothers
        "close": (
            f"{_SAME_BIRTH_ORDER} and left(given_l, 1) = left(given_r, 1)"
            " and (jaro_winkler_similarity(given_l, given_r) >= 0.92"
            " or damerau_levenshtein(given_l, given_r) = 1)"
        ),
        "differs": "else",
    },
    "family_name": {
        # swapped names are one fact; the given name has counted it
        ABSENT: (
            "family_l is null or family_r is null"
            " or (given_l = family_r and family_l = given_r and given_l <> given_r)"
        ),
        "exact": "family_l = family_r",
        # SMITH and SMITH-JONES share a part
        "close": (
            "jaro_winkler_similarity(family_l, family_r) >= 0.92"
            " or damerau_levenshtein(family_l, family_r) = 1"
            " or list_has_any(family_parts_l, family_parts_r)"
        ),
        "differs": "else",
    },
    "middle_initial": {
        ABSENT: "middle_initial_l is null or middle_initial_r is null",
        "exact": "middle_initial_l = middle_initial_r",
        "differs": "else",
    },
    "gender": {
        ABSENT: "gender_l is null or gender_r is null",
        "exact": "gender_l = gender_r",
        "differs": "else",
    },
    "birth_date": {
        ABSENT: "birth_date_l is null or birth_date_r is null",
        "exact": "birth_date_l = birth_date_r",
        "swapped": (
            "year(birth_date_l) = year(birth_date_r)"
            " and month(birth_date_l) = day(birth_date_r)"
            " and day(birth_date_l) = month(birth_date_r)"
        ),
        "close": (
            "hamming(strftime(birth_date_l, '%Y%m%d'), strftime(birth_date_r, '%Y%m%d')) = 1"
        ),
        "differs": "else",
    },
    "ssn": {
        ABSENT: "ssn_l is null or ssn_r is null",
        "exact": "ssn_l = ssn_r",
        "close": "damerau_levenshtein(ssn_l, ssn_r) = 1",
        "differs": "else",
    },
    "phone": {
        ABSENT: "phone_l is null or phone_r is null",
        "exact": "phone_l = phone_r",
        "close": "damerau_levenshtein(phone_l, phone_r) = 1",
        "differs": "else",
    },
    "address": {
        ABSENT: "address_l is null or address_r is null",
        "exact": "address_l = address_r",
        "close": "damerau_levenshtein(street_l, street_r) <= 1",
        "differs": "else",
    },
}
"""Per field its levels, best first, as SQL on the two rows. The first that holds counts. Each is
symmetric, so it does not matter which of the two records is the left one."""

_RANDOM_PAIRS = 1e7
_MIN_M, _MIN_U = 1e-3, 1e-6
"""What an estimate may not fall below: a sample that holds no such pair says no more than that."""


@dataclass(frozen=True)
class Weight:
    """m and u of one level of one field, both probabilities."""

    field: str
    level: str
    m_probability: float
    u_probability: float


@dataclass(frozen=True)
class Weights:
    """What each level of each field is worth."""

    rows: tuple[Weight, ...]

    @classmethod
    def read(cls, path: Path = FOLDER / "weights.csv") -> Weights:
        """Read a file like `weights.csv`.

        Raises ValueError when its fields and levels are not those of LEVELS, or a number is not a
        probability above 0.
        """
        with path.open(newline="") as file:
            rows = tuple(
                Weight(
                    row["field"],
                    row["level"],
                    float(row["m_probability"]),
                    float(row["u_probability"]),
                )
                for row in csv.DictReader(file)
            )
        if sorted((row.field, row.level) for row in rows) != sorted(_weighed()):
            raise ValueError(f"{path.name} must hold each field and level once, and no other")
        for row in rows:
            if not (0 < row.m_probability <= 1 and 0 < row.u_probability <= 1):
                raise ValueError(f"{path.name}: {row.field} {row.level} is no probability above 0")
        return cls(rows)

    def write(self, path: Path) -> None:
        """Write the file that `read` reads."""
        with path.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["field", "level", "m_probability", "u_probability"])
            for row in self.rows:
                writer.writerow(
                    [row.field, row.level, f"{row.m_probability:g}", f"{row.u_probability:g}"]
                )

    def of(self, field: str, level: str) -> Weight:
        return next(row for row in self.rows if (row.field, row.level) == (field, level))


def estimate(records: pa.Table | duckdb.DuckDBPyRelation, seed: int = 1) -> Weights:
    """Estimate m and u from records, without labels, rounded to two digits.

    u comes from random pairs, m from expectation maximisation over pairs that agree on an SSN, on
    birth date and given name, or on birth date and family name. `records` as for `link`; only the
    last version of each counts. Some ten thousand records with some thousand people in common are
    needed for steady figures.

    To use other weights than those shipped: review the result against `weights.csv`, then
    `estimate(records).write(path of weights.csv)`. All stored pairs are then scored anew.
    """
    from splink import DuckDBAPI, block_on

    with duckdb.connect() as con, quiet_splink():
        prepare(con, records)
        con.execute(
            "create table sample as from version "
            "qualify row_number() over (partition by record_id order by version_id desc) = 1"
        )
        link = linker(DuckDBAPI(con), "sample", settings(None))
        link.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=seed)
        for rule in (("ssn",), ("birth_date", "given"), ("birth_date", "family")):
            link.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
        return _trained(link)


def settings(weights: Weights | None) -> SettingsCreator:
    """The splink model; without weights it is one to be trained."""
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import SettingsCreator

    made: list[ComparisonCreator | dict[str, Any]] = []
    for field, conditions in LEVELS.items():
        of_field: list[ComparisonLevelCreator | dict[str, Any]] = []
        for level, condition in conditions.items():
            one: ComparisonLevelCreator = (
                levels.ElseLevel()
                if condition == "else"
                else levels.CustomLevel(condition, label_for_charts=level)
            )
            if level == ABSENT:
                one.configure(is_null_level=True)
            elif weights is not None:
                weight = weights.of(field, level)
                one.configure(
                    m_probability=weight.m_probability, u_probability=weight.u_probability
                )
            of_field.append(one)
        made.append(
            comparisons.CustomComparison(output_column_name=field, comparison_levels=of_field)
        )
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=made,
        probability_two_random_records_match=PRIOR_PROBABILITY,
        unique_id_column_name="version_id",
        retain_matching_columns=True,  # the levels come with them
    )


def linker(database: DuckDBAPI, table: str, model: SettingsCreator) -> Linker:
    """splink over one table of versions."""
    from splink import Linker

    return Linker(
        database.register(database.duckdb_con.table(table)),
        model,
        log_level=None,
        validate_settings=False,  # they are ours, and it takes longer than a small linkage
    )


def level_sql(field: str) -> str:
    """SQL for the level of a field in words, from splink's number for it."""
    named = f"case gamma_{field} {_cases(field)} else '{ABSENT}' end"
    if field == "family_name":  # see LEVELS
        given = f"case gamma_given_name {_cases('given_name')} end"
        return f"case when {given} = 'swapped' then 'swapped' else {named} end"
    return named


def _cases(field: str) -> str:
    """splink counts levels from 0, the last, upwards; the absent one is -1."""
    words = [level for level in LEVELS[field] if level != ABSENT]
    return " ".join(f"when {n} then '{level}'" for n, level in enumerate(reversed(words)))


@contextmanager
def quiet_splink() -> Iterator[None]:
    """Keep splink from talking: it writes to its logger, with values of records in places."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _weighed() -> list[tuple[str, str]]:
    return [(field, level) for field in LEVELS for level in LEVELS[field] if level != ABSENT]


def _trained(link: Linker) -> Weights:
    """The probabilities that a trained model holds."""
    found = {
        (comparison["output_column_name"], level["label_for_charts"]): level
        for comparison in link.misc.save_model_to_json()["comparisons"]
        for level in comparison["comparison_levels"]
        if not level.get("is_null_level")
    }
    rows = []
    for field, levels in LEVELS.items():
        of_field = []
        for level in (level for level in levels if level != ABSENT):
            values = found[field, "All other comparisons" if levels[level] == "else" else level]
            of_field.append(
                (
                    level,
                    max(_number(values.get("m_probability")), _MIN_M),
                    max(_number(values.get("u_probability")), _MIN_U),
                )
            )
        # each training leaves out what it did not see, so their averages need not add up to 1
        all_m = sum(m for _, m, _ in of_field)
        all_u = sum(u for _, _, u in of_field)
        rows += [
            Weight(field, level, _rounded(m / all_m), _rounded(u / all_u))
            for level, m, u in of_field
        ]
    return Weights(tuple(rows))


def _number(value: object) -> float:
    """splink writes a text where it saw no pair of the level."""
    return float(value) if isinstance(value, int | float) else 0.0


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")
