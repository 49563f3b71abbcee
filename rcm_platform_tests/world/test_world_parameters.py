"""Draws are a pure function of their keys; parameter files say what is wrong with them."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rcm_platform.world.happened.people import npi
from rcm_platform.world.support.dates import business_day, to_day, weekday
from rcm_platform.world.support.parameters import FOLDER, ParameterError, Parameters
from rcm_platform.world.support.rng import Draws


def test_draws_do_not_depend_on_their_company() -> None:
    draws = Draws(1)
    whole = draws.bits("stream", np.arange(1000))
    assert (draws.bits("stream", np.arange(500, 600)) == whole[500:600]).all()
    assert (Draws(2).bits("stream", np.arange(1000)) != whole).all()
    assert (draws.bits("other", np.arange(1000)) != whole).all()


def test_draws_are_the_same_on_every_machine() -> None:
    golden = [867, 751, 101, 388, 165, 563]
    assert Draws(42).below("golden", 1000, np.arange(6)).tolist() == golden


def test_quantiles_follow_the_table() -> None:
    table = np.array([[0, 10, 20, 40, 60, 80, 100, 200]])
    values = Draws(3).quantile("lag", table, np.arange(100_000))
    assert values.min() == 0
    assert 180 < values.max() <= 200
    assert abs(np.median(values) - 40) <= 1
    assert abs(np.percentile(values, 90) - 80) <= 1


def changes(tmp_path: Path, row: str) -> Parameters:
    folder = tmp_path / "parameters"
    shutil.copytree(FOLDER, folder)
    (folder / "payer_changes.csv").write_text(f"payer_id,kind,from_date,size,description\n{row}\n")
    return Parameters(folder)


def test_a_payer_changes_from_a_day_on(tmp_path: Path) -> None:
    parameters = changes(tmp_path, "10003,denial,2025-07-01,100,")
    ids = parameters.payers.ids
    payer = np.array([ids.index("10003"), ids.index("10003"), ids.index("10004")])
    day = to_day(date(2025, 7, 1))
    days = np.array([day - 1, day, day])
    assert parameters.payer_changes.added("denial", payer, days).tolist() == [0, 100, 0]
    assert parameters.payer_changes.added("delay", payer, days).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "row", ["10003,kindness,2025-07-01,1,", "99999,denial,2025-07-01,1,", "10003,denial,July,1,"]
)
def test_a_change_that_cannot_be_is_refused(tmp_path: Path, row: str) -> None:
    with pytest.raises(ParameterError, match=r"payer_changes\.csv"):
        changes(tmp_path, row)


def test_chances_and_weights() -> None:
    draws = Draws(4)
    assert abs(draws.chance("x", 118, np.arange(100_000)).mean() - 0.118) < 0.005
    picked = draws.pick("y", np.array([1, 0, 3]), np.arange(100_000))
    assert set(picked.tolist()) == {0, 2}
    assert abs((picked == 2).mean() - 0.75) < 0.01


def test_business_days() -> None:
    saturday = np.array([to_day(date(2025, 1, 4))])
    assert weekday(saturday).tolist() == [5]
    assert business_day(saturday).tolist() == [to_day(date(2025, 1, 6))]


def test_check_digit() -> None:
    assert npi(123456789) == "1234567893"  # the example of the standard


def test_shipped_parameters_are_sound() -> None:
    parameters = Parameters()
    assert int(parameters.denials.ints("weight").sum()) == 1000
    shares = ("paid_in_full", "paid_in_two", "paid_in_part", "charity", "small_balance", "bad_debt")
    per_row = sum(parameters.patient_balance.permille(name) for name in shares)
    assert set(per_row.tolist()) == {1000}
    assert "SELF" in parameters.payers.ids


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("payers.csv", "Medicare,270,65,", "Medicare,270,1750,", "line 2: denial_permille = 1750"),
        ("payers.csv", "mon thu", "mon thx", "payment_weekdays"),
        ("payers.csv", "14,14,14,14,14,17,24,40", "14,14,14,99,14,17,24,40", "must not decrease"),
        ("denial_mix.csv", "Eligibility,60,", "Eligibility,many,", "is not a number"),
    ],
)
def test_a_wrong_value_is_named(
    file: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    folder = tmp_path / "parameters"
    shutil.copytree(FOLDER, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    with pytest.raises(ParameterError, match=message):
        parameters = Parameters(folder)
        parameters.payers.table.permille("denial_permille")
        parameters.payers.table.quantiles("pay_")
        _ = parameters.payers.payment_offsets
        parameters.denials.ints("weight")
