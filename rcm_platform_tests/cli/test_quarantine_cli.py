"""Quarantine at the command line: what is held, why, and how it gets out; no content unasked."""

from __future__ import annotations

import pytest

from rcm_platform.ingest import lake_access, load
from rcm_platform.ingest.quarantine import items
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli

REMIT = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *{date}*1200*^*00501"
    "*{number:09}*0*{usage}*:~GS*HP*SENDER*RECEIVER*20250310*1200*1*X*005010X221A1~ST*835*0001~"
    "BPR*I*{paid}*C*ACH*CCP*01*999999992*DA*1*1512345678**01*999999993*DA*6*20250310~"
    "TRN*1*TRACE{number}*1512345678~N1*PR*PLAN*XV*P1~N1*PE*HOSPITAL*XX*1234567893~LX*1~"
    "CLP*ACCT{number}*1*200*140*0*12*PCN1*11*1~NM1*QC*1*DOE*JANE****MI*M123~"
    "SVC*HC:99213*200*140**1~DTM*472*20250301~CAS*CO*45*60~SE*12*0001~GE*1*1~IEA*1*{number:09}~"
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    folder = home / "in"
    folder.mkdir()
    test = REMIT.format(number=1, usage="T", paid="140", date="250310")
    off = REMIT.format(number=2, usage="P", paid="139", date="250311")
    (folder / "test.835").write_text(test)
    (folder / "off.835").write_text(off)
    (folder / "picture.835").write_bytes(b"\x89PNG\x00\x01")
    found = Settings(home=home, world=False, x12_dir=folder)
    with lake_access.writing(found) as lake:
        load.load_source(found, lake, "x12_folder")
    return found


def ids(settings: Settings) -> dict[str, str]:
    lake = lake_access.open_lake(settings)
    return {item.rule_id: item.quarantine_id for item in items.items(lake)}


@pytest.fixture
def ask(cli: RunCli, settings: Settings):  # type: ignore[no-untyped-def]
    def run(*args: str, code: int = 0) -> str:
        done = cli("quarantine", *args, home=settings.home, world="off", x12_dir=settings.x12_dir)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_the_list_has_ids_rules_dollars_and_totals(ask, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    shown = ask("list")
    assert all(identifier in shown for identifier in ids(settings).values())
    assert "rule B3, $139.00, open" in shown
    assert "3 items, $279.00; open: 3, $279.00" in shown
    assert "DOE" not in shown


def test_the_list_can_be_narrowed(ask, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    for given, rules in (
        (("--rule", "E9"), {"E9"}),
        (("--since", "2025-03-11"), {"B3"}),
        (("--source", "x12_folder"), {"E1", "E9", "B3"}),
    ):
        shown = ask("list", *given)
        assert {rule for rule, identifier in ids(settings).items() if identifier in shown} == rules
    assert ask("list", "--source", "treasury").startswith("Nothing")


def test_show_explains_and_holds_content_back(ask, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    found = ids(settings)
    shown = ask("show", found["B3"])
    assert "The payment is not the sum of its claims" in shown
    assert "off.835" in shown
    assert "$139.00" in shown
    assert "DOE" not in shown
    assert "NM1*QC*1*DOE*JANE" in ask("show", found["B3"][:8], "--content")
    assert "89 50 4e 47 00 01" in ask("show", found["E1"], "--content")


def test_money_that_is_off_is_not_released_but_can_be_closed(ask, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    held = ids(settings)["B3"]
    assert "may not be waived" in ask("release", held, "--reason", "trust me", code=1)
    assert "closed" in ask("close", held, "--reason", "sent again", "--by", "ann")
    assert "closed by ann" in ask("show", held)
    assert held not in ask("list")
    assert held in ask("list", "--all")


def test_a_replay_needs_to_know_what(ask) -> None:  # type: ignore[no-untyped-def]
    assert "--rule RULE or --all" in ask("replay", code=1)
    assert "quarantine list" in ask("replay", "nothing", code=1)


def test_a_replay_says_what_left_and_what_stays(cli: RunCli, ask, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    assert "still held (E9)" in ask("replay", "--rule", "E9")
    done = cli(
        "quarantine", "replay", "--all",
        home=settings.home, world="off", x12_dir=settings.x12_dir, x12_accept_test=1,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 items left quarantine" in done.stdout
    assert "still held (E1)" in done.stdout
    assert "loaded by" in ask("show", ids(settings)["E9"])
    assert "not open" in ask("replay", ids(settings)["E9"], code=1)
