"""The names in the parameter file are those that the generator of names draws."""

import csv

from rcm_platform.world.happened import name_pools


def test_the_pools_on_file_are_what_faker_draws() -> None:
    with name_pools.PATH.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["pool", "value"]
    assert [tuple(row) for row in rows] == name_pools.draw()
