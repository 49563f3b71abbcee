"""What was held and is good today is loaded as if it had never been held."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.ingest import load as ingest_load
from rcm_platform.ingest.quarantine import decisions, items, originals, replay, settle
from rcm_platform.ingest.quarantine import rules as waivers
from rcm_platform.lake import Lake
from rcm_platform.proof.files import account_for_files
from rcm_platform.settings import Settings
from rcm_platform.sources import rules, x12
from rcm_platform.sources.x12 import balance, envelope
from rcm_platform.sources.x12.splitter import Fault
from rcm_platform_tests.conftest import LAST_DAY
from rcm_platform_tests.support.x12_samples import (
    acknowledged_file,
    answered,
    answers_file,
    group,
    header,
    interchange,
    provider,
    remit,
    remit_claim,
    remit_file,
    submitted,
    submitted_file,
    transaction,
)

CONTENT = "* exclude (_batch_id, _loaded_at)"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "in"
    two = interchange(
        group(
            transaction("835", remit(remit_claim("A1"), remit_claim("A2"), remit_claim("A3"))),
            transaction("835", remit(remit_claim("B1")), number="0002"),
        ),
        number=11,
    )
    claims = interchange(
        group(transaction("837", submitted()), transaction("837", submitted(), "0002"), code="837"),
        number=12,
    )
    test = remit_file(number=13, usage="T", date="250314")
    _put(folder / "remits.835", two + b"\n" + remit_file(number=14, date="250315"))
    _put(folder / "claims.837", claims)
    _put(folder / "mixed.edi", submitted_file() + b"\r\n" + test)
    _put(folder / "test.835", remit_file(number=15, usage="T", date="250316"))
    _put(folder / "ack.277", acknowledged_file())
    _put(folder / "notes.txt", b"call the payer")
    return Settings(home=tmp_path / "home", world=False, x12_dir=folder)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def load(settings: Settings) -> Lake:
    with lake_access.writing(settings) as lake:
        ingest_load.load_source(settings, lake, "x12_folder")
        originals.keep_originals(settings, lake)
    return lake


def never_held(settings: Settings, accept_test: bool = False) -> Lake:
    """A lake into which the same files were loaded with today's rules at first."""
    other = settings.model_copy(
        update={"home": settings.home.with_name("other"), "x12_accept_test": accept_test}
    )
    return load(other)


def rows(lake: Lake, table: str, columns: str = CONTENT) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return sorted(
            con.execute(f"select {columns} from {lake.scan('x12', table)}").fetchall(), key=repr
        )


def assert_same_content(one: Lake, two: Lake) -> None:
    for table in x12.TABLES:
        assert rows(one, table) == rows(two, table), table


def assert_bytes_are_as_if_never_held(one: Lake, two: Lake) -> None:
    measure = """select sum(byte_count), sum(loaded_byte_count), sum(quarantined_byte_count),
        sum(duplicate_byte_count), sum(padding_byte_count), sum(row_count)
        from """
    with duckdb.connect() as con:
        first, second = (
            con.execute(measure + lake.scan("platform", "received_files")).fetchall()
            for lake in (one, two)
        )
    assert first == second
    assert all(line.passed for line in account_for_files(one))


@contextmanager
def stricter(
    monkeypatch: pytest.MonkeyPatch, claims: tuple[str, ...] = (), payments: tuple[str, ...] = ()
) -> Iterator[None]:
    """A reader that also holds some claims (by number) and payments (by their ST02)."""
    judge, judge_envelope = balance.judge, envelope.judge

    def judge_claims(parsed: object, *rest: object) -> object:
        by_transaction, by_claim = judge(parsed, *rest)  # type: ignore[arg-type]
        table = parsed.claims  # type: ignore[attr-defined]
        numbers = [] if table is None else table["patient_control_number"].to_pylist()
        for index, number in enumerate(numbers):
            if number in claims:
                by_claim[index] = Fault("B2", "a rule of yesterday")
        return by_transaction, by_claim

    def judge_payments(found: object, *rest: object) -> None:
        judge_envelope(found, *rest)  # type: ignore[arg-type]
        for each in found.groups:  # type: ignore[attr-defined]
            for st in each.transactions:
                if st.header[2] in payments:
                    st.fault = Fault("E4", "a rule of yesterday")

    with monkeypatch.context() as patch:
        patch.setattr("rcm_platform.sources.x12.reader.balance.judge", judge_claims)
        patch.setattr("rcm_platform.sources.x12.reader.judge", judge_payments)
        yield


def held(lake: Lake) -> list[tuple[str, str, str]]:
    return sorted((i.source_file, i.level, i.rule_id) for i in items.items(lake, only_open=True))


def test_claims_that_a_rule_held_are_loaded_with_their_keys(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stricter(monkeypatch, claims=("A2", "B1", "ACCT1")):
        lake = load(settings)
    assert ("remits.835", "claim", "B2") in held(lake)
    expected = never_held(settings)
    assert len(rows(lake, "remit_claims")) < len(rows(expected, "remit_claims"))
    done = replay.replay(settings, LAST_DAY, rule="B2", by="ann")
    assert (len(done.loaded), done.problems, done.held_anew) == (7, [], [])
    assert_same_content(lake, expected)
    assert_bytes_are_as_if_never_held(lake, expected)
    assert held(lake) == held(expected)


def test_pieces_load_without_their_folder_when_the_original_was_kept(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stricter(monkeypatch, claims=("A1",)):
        lake = load(settings)
    expected = never_held(settings)
    shutil.rmtree(settings.x12_dir or Path())
    assert replay.replay(settings, LAST_DAY, rule="B2").problems == []
    assert_same_content(lake, expected)


def test_a_copy_is_kept_only_while_something_of_it_is_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stricter(monkeypatch, claims=("A1",)):
        lake = load(settings)
    assert len(lake.kept()) == 1
    replay.replay(settings, LAST_DAY, rule="B2")
    originals.keep_originals(settings, lake)
    assert lake.kept() == set()


def test_one_piece_can_be_replayed_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stricter(monkeypatch, claims=("A1", "A3")):
        lake = load(settings)
    before = rows(lake, "remit_claims", "patient_control_number")
    item = items.items(lake, rule="B2")[0]
    replay.replay(settings, LAST_DAY, quarantine_id=item.quarantine_id[:10])
    after = rows(lake, "remit_claims", "patient_control_number")
    assert len(after) == len(before) + 1
    assert len(items.items(lake, rule="B2", only_open=True)) == 1


def test_transactions_that_were_held_are_loaded_with_their_numbers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stricter(monkeypatch, payments=("0002",)):
        lake = load(settings)
    assert ("remits.835", "transaction", "E4") in held(lake)
    expected = never_held(settings)
    assert len(replay.replay(settings, LAST_DAY, rule="E4").loaded) == 2
    assert_same_content(lake, expected)
    assert_bytes_are_as_if_never_held(lake, expected)


@pytest.mark.parametrize("is_gone", [False, True], ids=["file is there", "only the held bytes"])
def test_test_interchanges_are_loaded_once_they_are_accepted(
    settings: Settings, is_gone: bool
) -> None:
    lake = load(settings)
    expected = never_held(settings, accept_test=True)
    if is_gone:
        shutil.rmtree(settings.x12_dir or Path())
    assert len(replay.replay(settings, LAST_DAY, rule="E9").problems) == 2
    accepting = settings.model_copy(update={"x12_accept_test": True})
    assert len(replay.replay(accepting, LAST_DAY, rule="E9").loaded) == 2
    assert_same_content(lake, expected)
    assert_bytes_are_as_if_never_held(lake, expected)
    assert ("2/1",) in rows(lake, "interchanges", "_source_position")


def test_a_replay_loads_nothing_twice(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with stricter(monkeypatch, claims=("A1", "A2", "ACCT1"), payments=("0002",)):
        lake = load(settings)
    for _ in range(2):
        replay.replay(settings, LAST_DAY)
    expected = never_held(settings)
    assert_same_content(lake, expected)
    assert_bytes_are_as_if_never_held(lake, expected)
    assert load(settings) and held(lake) == held(expected)
    assert_same_content(lake, expected)


def test_what_is_still_wrong_stays_and_says_why(settings: Settings) -> None:
    lake = load(settings)
    before = held(lake)
    done = replay.replay(settings, LAST_DAY)
    assert done.loaded == []
    assert {problem.partition(":")[0] for _, problem in done.problems} == {
        "still held (E1)",
        "still held (E9)",
    }
    assert held(lake) == before


def test_a_part_that_is_wrong_for_its_own_reasons_is_held_anew(settings: Settings) -> None:
    bad = remit_file(
        remit_claim("GOOD"), remit_claim("BAD", line_adjustments="CAS*CO*45*59"),
        number=20, usage="T",
    )  # fmt: skip
    _put((settings.x12_dir or Path()) / "half.835", bad)
    lake = load(settings)
    expected = never_held(settings, accept_test=True)
    done = replay.replay(settings.model_copy(update={"x12_accept_test": True}), LAST_DAY)
    assert [(p.level, p.rule_id) for p in done.held_anew] == [("claim", "B1")]
    assert_same_content(lake, expected)
    assert_bytes_are_as_if_never_held(lake, expected)
    assert held(lake) == held(expected)


def test_a_release_loads_test_data_and_keeps_who_and_why(settings: Settings) -> None:
    lake = load(settings)
    expected = never_held(settings, accept_test=True)
    for item in items.items(lake, rule="E9"):
        replay.release(settings, LAST_DAY, item.quarantine_id, "the payer forgot the mark", "ann")
    assert_same_content(lake, expected)
    assert_bytes_are_as_if_never_held(lake, expected)
    kept = items.items(lake, rule="E9")
    assert {(i.decision, i.decided_by, i.decision_reason) for i in kept} == {
        ("released", "ann", "the payer forgot the mark")
    }


STRANGER = remit_file(remit_claim("S1"), number=40, date="250317", sender="STRANGER")


def only_partners(settings: Settings, *names: str) -> Settings:
    """The same installation with a list of trading partners."""
    return settings.model_copy(update={"x12_partners": ", ".join(("SENDER", "RECEIVER", *names))})


def test_a_partner_that_is_listed_later_is_replayed(settings: Settings) -> None:
    _put((settings.x12_dir or Path()) / "stranger.835", STRANGER)
    expected = never_held(settings)
    lake = load(only_partners(settings))
    assert ("stranger.835", "interchange", "E11") in held(lake)
    unlisted = replay.replay(only_partners(settings, "OTHER"), LAST_DAY, rule="E11")
    assert (unlisted.loaded, [problem[:16] for _, problem in unlisted.problems]) == (
        [],
        ["still held (E11)"],
    )
    done = replay.replay(only_partners(settings, "STRANGER"), LAST_DAY, rule="E11", by="ann")
    assert (len(done.loaded), done.problems) == (1, [])
    assert_same_content(lake, expected)
    assert_bytes_are_as_if_never_held(lake, expected)
    assert held(lake) == held(expected)


def test_one_interchange_of_a_stranger_may_be_released(settings: Settings) -> None:
    _put((settings.x12_dir or Path()) / "stranger.835", STRANGER)
    strict = only_partners(settings)
    lake = load(strict)
    (item,) = items.items(lake, rule="E11")
    done = replay.release(strict, LAST_DAY, item.quarantine_id, "they told us on the phone", "ann")
    assert [i.rule_id for i in done.loaded] == ["E11"]
    assert_same_content(lake, never_held(settings))


def test_a_release_waives_no_other_rule_than_the_one_that_holds(settings: Settings) -> None:
    """A stranger's test data is let in as test data, and then waits as a stranger's."""
    data = remit_file(number=41, usage="T", sender="STRANGER")
    _put((settings.x12_dir or Path()) / "stranger.835", data)
    strict = only_partners(settings)
    lake = load(strict)
    (item,) = (i for i in items.items(lake, rule="E9") if i.source_file == "stranger.835")
    done = replay.release(strict, LAST_DAY, item.quarantine_id, "we asked for it", "ann")
    assert (done.loaded, [problem[:16] for _, problem in done.problems]) == (
        [],
        ["still held (E11)"],
    )


def test_a_number_that_is_used_twice_may_be_released(settings: Settings) -> None:
    """What is behind the first group loads as its own place in the file, and money comes once."""
    first = group(transaction("835", remit(remit_claim("G1"))))
    second = group(transaction("835", remit(remit_claim("G2"))))
    _put((settings.x12_dir or Path()) / "twice.835", interchange(first, second, number=42))
    lake = load(settings)
    (item,) = items.items(lake, rule="E5")
    replay.release(settings, LAST_DAY, item.quarantine_id, "they count by the day", "ann")
    found = rows(lake, "remit_claims", "patient_control_number, transaction_no, _source_file")
    assert [row for row in found if row[2] == "twice.835"] == [
        ("G1", 1, "twice.835"),
        ("G2", 2, "twice.835"),
    ]
    assert all(line.passed for line in account_for_files(lake))


def test_an_acknowledgement_whose_totals_are_off_may_be_released(settings: Settings) -> None:
    off = answers_file(provider(answered("A", "200")), totals=["QTY*90*2"])
    _put((settings.x12_dir or Path()) / "off.277", off)
    lake = load(settings)
    (item,) = items.items(lake, rule="K7")
    replay.release(settings, LAST_DAY, item.quarantine_id, "the sender counts lines", "ann")
    found = rows(lake, "ack_claims", "patient_control_number, _source_file")
    assert ("A", "off.277") in found
    assert items.items(lake, rule="K7")[0].decision == "released"


def test_the_bytes_of_a_new_partner_are_loaded_with_the_next_load(settings: Settings) -> None:
    _put((settings.x12_dir or Path()) / "stranger.835", STRANGER)
    load(only_partners(settings))
    lake = load(only_partners(settings))
    assert len(items.items(lake, rule="E11")) == 1
    load(only_partners(settings, "STRANGER"))
    with lake_access.writing(settings) as lake:
        settle.settle(lake, lake_access.last_date(settings, lake))
    assert {i.decision for i in items.items(lake, rule="E11")} == {"loaded"}
    assert_same_content(lake, never_held(settings))


def test_money_that_does_not_add_up_is_never_released(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stricter(monkeypatch, claims=("A1",), payments=("0002",)):
        lake = load(settings)
    for rule, why in (("B2", "add up"), ("E4", "incomplete"), ("E1", "nothing in it")):
        item = items.items(lake, rule=rule)[0]
        with pytest.raises(ValueError, match=why):
            replay.release(settings, LAST_DAY, item.quarantine_id, "trust me", "ann")
    with pytest.raises(ValueError, match="Say why"):
        replay.release(
            settings, LAST_DAY, items.items(lake, rule="E9")[0].quarantine_id, " ", "ann"
        )


def test_a_closed_piece_is_open_no_more_and_can_still_be_replayed(settings: Settings) -> None:
    lake = load(settings)
    (item,) = items.items(lake, rule="E1")
    decisions.close(settings, LAST_DAY, item.quarantine_id, "a note, not a file", "ann")
    assert items.items(lake, rule="E1", only_open=True) == []
    assert items.find(lake, item.quarantine_id).status == "closed"
    assert replay.replay(settings, LAST_DAY, quarantine_id=item.quarantine_id).loaded == []


def test_a_loaded_piece_is_not_open(settings: Settings) -> None:
    lake = load(settings)
    (item, *_) = items.items(lake, rule="E9")
    replay.release(settings, LAST_DAY, item.quarantine_id, "fine", "ann")
    for again in (
        lambda: replay.release(settings, LAST_DAY, item.quarantine_id, "fine", "ann"),
        lambda: decisions.close(settings, LAST_DAY, item.quarantine_id, "fine", "ann"),
    ):
        with pytest.raises(ValueError, match="not open"):
            again()


@pytest.mark.parametrize(
    ("name", "first", "later", "decision"),
    [
        ("same.835", remit_file(number=30)[:-20], remit_file(number=30), "corrected"),
        (
            "other.835",
            interchange(group(transaction("835", remit(remit_claim(), paid="119"))), number=31),
            remit_file(number=32),
            "corrected",
        ),
    ],
    ids=["a file of the same name", "the same payment in another file"],
)
def test_a_corrected_file_settles_what_it_replaces(
    settings: Settings, name: str, first: bytes, later: bytes, decision: str
) -> None:
    folder = settings.x12_dir or Path()
    shutil.rmtree(folder)
    _put(folder / name, first)
    lake = load(settings)
    assert len(held(lake)) == 1
    _put(folder / (name if name == "same.835" else "another.835"), later)
    load(settings)
    with lake_access.writing(settings) as lake:
        assert [i.level for i in settle.settle(lake, lake_access.last_date(settings, lake))] != []
        assert settle.settle(lake, lake_access.last_date(settings, lake)) == []
    assert held(lake) == []
    assert {i.decision for i in items.items(lake)} == {decision}


def payment(claim: str, *, trace: str = "TRACE1", paid: str | None = None, number: int) -> bytes:
    """A remittance of one claim; held where the claims do not add up to what is `paid`."""
    body = remit(remit_claim(claim), paid=paid)
    data = interchange(group(transaction("835", body)), number=number)
    return data.replace(b"TRACE1", trace.encode())


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (payment("A", paid="119", number=30), payment("B", number=31)),
        (payment("A", paid="119", number=30), payment("A", trace="T2", number=31)),
        (payment("A", number=30)[:200], payment("B", number=31)),
        (submitted_file()[:-40], submitted_file().replace(b"ACCT1*200", b"ACCT2*200")),
        (b"no X12 at all", payment("A", number=31)),
    ],
    ids=["other claims", "another payment", "nothing to compare", "another claim", "unknown"],
)
def test_another_file_corrects_nothing(settings: Settings, first: bytes, later: bytes) -> None:
    folder = settings.x12_dir or Path()
    shutil.rmtree(folder)
    _put(folder / "era.835", first)
    load(settings)
    _put(folder / "era.835", later)
    load(settings)
    with lake_access.writing(settings) as lake:
        assert settle.settle(lake, lake_access.last_date(settings, lake)) == []
    assert len(held(lake)) == 1


def test_a_held_claim_is_corrected_when_its_payment_brings_it_again(settings: Settings) -> None:
    folder = settings.x12_dir or Path()
    shutil.rmtree(folder)
    for number, (name, fault) in enumerate((("a", ""), ("off", "130"), ("b", ""))):
        claims = [remit_claim("X"), remit_claim("Y", charge=fault or "200")]
        body = remit(*claims, paid="240")
        data = interchange(group(transaction("835", body)), number=40 + number)
        trace = b"OTHER" if name == "a" else b"TRACE1"
        _put(folder / f"{name}.835", data.replace(b"TRACE1", trace))
        load(settings)
        with lake_access.writing(settings) as lake:
            settle.settle(lake, lake_access.last_date(settings, lake))
            assert len(held(lake)) == (name == "off")


def test_the_same_bytes_accepted_later_settle_what_was_held(settings: Settings) -> None:
    load(settings)
    load(settings.model_copy(update={"x12_accept_test": True}))
    with lake_access.writing(settings) as lake:
        assert {i.rule_id for i in settle.settle(lake, lake_access.last_date(settings, lake))} == {
            "E9"
        }
    assert {i.decision for i in items.items(lake, rule="E9")} == {"loaded"}


def test_a_killed_replay_leaves_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stricter(monkeypatch, claims=("A1",)):
        lake = load(settings)
    before = rows(lake, "remit_claims"), held(lake)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(replay, "write_platform_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            replay.replay(settings, LAST_DAY)
    with lake_access.writing(settings) as lake:
        assert (rows(lake, "remit_claims"), held(lake)) == before


def test_an_unknown_id_says_what_to_do(settings: Settings) -> None:
    load(settings)
    with pytest.raises(KeyError, match="quarantine list"):
        replay.replay(settings, LAST_DAY, quarantine_id="nothing")


def test_each_rule_of_the_table_may_be_released_or_says_why_not() -> None:
    holding = {
        rule.rule_id
        for rule in rules.rules(Settings().project_dir).values()
        if rule.action == "quarantine" and rule.checked_at in ("", "reading")
    }
    assert holding <= set(waivers.RELEASABLE) | set(waivers.MUST_HOLD)


@pytest.mark.parametrize(
    ("content", "shown"),
    [(b"CLP*1~\n", "CLP*1~\n"), (b"\xff\x00A", "ff 00 41"), (header().encode(), header())],
)
def test_bytes_are_shown_as_text_or_hexadecimal(content: bytes, shown: str) -> None:
    assert items.printable(content) == shown
