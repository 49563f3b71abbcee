"""Names and streets of the synthetic people: drawn by Faker once, kept as a parameter file.

The world samples from the file, so it stays the same when Faker changes. To draw other names:
`python -m rcm_platform.world.happened.name_pools`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from faker import Faker

PATH = Path(__file__).parents[1] / "parameters" / "name_pools.csv"
SEED = 20250101
#: Draws without a new value after which a pool counts as all that Faker has.
PATIENCE = 2000


def draw() -> list[tuple[str, str]]:
    """(pool, value) for each pool: distinct values in the order in which Faker gives them."""
    faker = Faker("en_US")
    faker.seed_instance(SEED)
    pools: dict[str, tuple[int, Callable[[], str]]] = {
        "female_first": (600, faker.first_name_female),
        "male_first": (600, faker.first_name_male),
        "last": (1000, faker.last_name),
        "street": (1500, faker.street_name),
    }
    rows = []
    for pool, (size, next_value) in pools.items():
        values: dict[str, None] = {}
        misses = 0
        while len(values) < size and misses < PATIENCE:
            before = len(values)
            values.setdefault(next_value())
            misses = 0 if len(values) > before else misses + 1
        rows += [(pool, value) for value in values]
    return rows


if __name__ == "__main__":
    with PATH.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("pool", "value"), *draw()])
