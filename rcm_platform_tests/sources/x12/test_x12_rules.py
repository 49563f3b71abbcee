"""Each rule of the reader, on a file that breaks it: what is held, and what is loaded anyway."""

from __future__ import annotations

import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from rcm_platform.sources import x12
from rcm_platform.sources.base import QuarantineItem
from rcm_platform_tests.support.x12_samples import (
    accepted,
    acknowledged_file,
    answered,
    answers,
    answers_file,
    functional,
    functional_file,
    group,
    header,
    institutional,
    institutional_file,
    interchange,
    is_conserved,
    provider,
    remit,
    remit_claim,
    remit_file,
    row_counts,
    rules,
    submitted,
    submitted_file,
    transaction,
)

SEED = Path(__file__).parents[3] / "rcm_dbt" / "seeds" / "rules.csv"
WHOLE = {"interchanges", "remit_payments", "remit_claims", "remit_lines", "remit_adjustments"}


def read(data: bytes, accept_test: bool = False) -> x12.Reading:
    reading = x12.parse(data, "a.835", accept_test=accept_test)
    assert is_conserved(reading, data)
    return reading


def only_held(reading: x12.Reading) -> QuarantineItem:
    (item,) = reading.quarantine
    return item


def warnings(reading: x12.Reading) -> list[str]:
    return reading.tables["diagnostics"]["kind"].to_pylist()


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "T1"),
        (b" \r\n\t", "T1"),
        (b"\xef\xbb\xbf\n", "T1"),
        (b"claim,amount\n1,2.00\n", "E1"),
        (bytes(range(256)) * 8, "E1"),
        (b"PK\x03\x04" + bytes(400), "E1"),
        (b"ISA", "E1"),
        (remit_file()[106:], "E1"),
        (header().replace("*", "A").encode(), "E1"),
    ],
)
def test_a_file_that_is_not_x12_is_held_whole(data: bytes, rule: str) -> None:
    reading = read(data)
    assert rules(reading) == [("file", rule)]
    assert row_counts(reading) == {}
    assert reading.received[0].status == "quarantined"


@pytest.mark.parametrize("lead", [b"\xef\xbb\xbf", b"\r\n\r\n", b"\xef\xbb\xbf \n"])
@pytest.mark.parametrize("tail", [b"", b"\r\n", b"\x1a", b"\x00" * 40])
def test_blanks_around_an_interchange_are_padding(lead: bytes, tail: bytes) -> None:
    data = lead + remit_file() + tail
    reading = read(data)
    assert rules(reading) == []
    assert reading.received[0].padding_byte_count == len(lead) + len(tail)
    assert set(row_counts(reading)) == WHOLE


def test_bytes_before_the_first_interchange_are_held_and_the_interchange_loads() -> None:
    reading = read(b"Content-Type: application/edi\n\n" + remit_file())
    item = only_held(reading)
    assert (item.level, item.rule_id, item.byte_offset) == ("interchange", "E1", 0)
    assert item.content == b"Content-Type: application/edi"
    assert set(row_counts(reading)) == WHOLE
    assert reading.received[0].status == "partial"


@pytest.mark.parametrize(
    "swap",
    [
        {b"*": b"|", b":": b">", b"~": b"'"},
        {b"~": b"\n"},
        {b"~": b"\r\n"},
        {b"~": b"~\r\n"},
        {b"*": b"\x1d", b":": b"\x1f", b"~": b"\x1e"},
        {b":": b"~", b"~": b"\n", b"^": b"!"},
    ],
)
def test_delimiters_are_those_of_the_interchange(swap: dict[bytes, bytes]) -> None:
    data = remit_file(remit_claim(), remit_claim("ACCT2"))
    swapped = b"".join(swap.get(bytes([byte]), bytes([byte])) for byte in data)
    plain, other = read(data), read(swapped)
    assert rules(other) == []
    for table in WHOLE - {"interchanges"}:
        hidden = ["interchange_sha256"]
        assert other.tables[table].drop_columns(hidden) == plain.tables[table].drop_columns(hidden)


def test_interchanges_of_one_file_may_have_different_delimiters() -> None:
    second = remit_file(number=2).replace(b"*", b"|").replace(b"~", b"'").replace(b":", b">")
    reading = read(remit_file() + b"\n" + second)
    assert rules(reading) == []
    assert row_counts(reading)["remit_claims"] == 2
    positions = reading.tables["remit_claims"]["_source_position"].to_pylist()
    assert positions == ["1/13", "2/13"]


def test_a_header_without_its_blanks_is_read_with_a_warning() -> None:
    head, rest = header(), remit_file()[106:]
    trimmed = "*".join(part.strip() for part in head.split("*")).encode()
    reading = read(trimmed + rest)
    assert rules(reading) == []
    assert warnings(reading) == ["TrimmedHeader"]
    assert set(row_counts(reading)) == WHOLE | {"diagnostics"}


# --- envelopes -----------------------------------------------------------------------------------


def test_a_header_without_a_date_is_held() -> None:
    reading = read(remit_file(date="251399"))
    assert rules(reading) == [("interchange", "E1")]


@pytest.mark.parametrize(
    ("wrong", "right", "level"),
    [
        (b"SE*99*", b"SE*20*", "transaction"),
        (b"SE*20*0002~", b"SE*20*0001~", "transaction"),
        (b"GE*2*1~", b"GE*1*1~", "interchange"),
        (b"GE*1*7~", b"GE*1*1~", "interchange"),
        (b"IEA*2*", b"IEA*1*", "interchange"),
        (b"IEA*1*000000009~", b"IEA*1*000000001~", "interchange"),
    ],
)
def test_counts_and_control_numbers_must_agree(wrong: bytes, right: bytes, level: str) -> None:
    data = remit_file()
    assert right in data
    item = only_held(read(data.replace(right, wrong)))
    assert (item.level, item.rule_id) == (level, "E4")
    assert item.dollar_amount == Decimal("120.00")


def test_a_wrong_transaction_does_not_stop_its_neighbours() -> None:
    good = transaction("835", remit(remit_claim("GOOD")), "0001")
    bad = transaction("835", remit(remit_claim("BAD")), "0002").replace("SE*20*", "SE*21*")
    reading = read(interchange(group(good, bad)))
    item = only_held(reading)
    assert (item.level, item.rule_id, item.content) == ("transaction", "E4", bad.encode())
    assert item.source_position == "1/23"
    assert reading.tables["remit_claims"]["patient_control_number"].to_pylist() == ["GOOD"]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_transaction_without_its_end_is_held_alone(is_first: bool) -> None:
    """Where the next ST begins, or its group ends."""
    whole = transaction("835", remit(remit_claim("GOOD")), "0001")
    endless = transaction("835", remit(remit_claim("BAD")), "0002")
    endless = endless[: endless.index("SE*")]
    reading = read(interchange(group(*((endless, whole) if is_first else (whole, endless)))))
    item = only_held(reading)
    assert (item.level, item.rule_id, item.content) == ("transaction", "E4", endless.encode())
    assert item.dollar_amount == Decimal("120.00")
    assert "SE of the transaction is missing" in item.reason
    assert reading.tables["remit_claims"]["patient_control_number"].to_pylist() == ["GOOD"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (gzip.compress(remit_file()), "gzip"),
        (remit_file().decode().encode("utf-16"), "UTF-16"),
        (remit_file().decode().encode("utf-16-be"), "UTF-16"),
        (b"%PDF-1.7 remittance", "PDF"),
        (b"claim,paid\nA,1\n", "no ISA segment"),
    ],
)
def test_what_is_no_x12_is_named(data: bytes, what: str) -> None:
    item = only_held(read(data))
    assert (item.level, item.rule_id) == ("file", "E1")
    assert what in item.reason


def test_a_wrong_group_does_not_stop_the_other_groups() -> None:
    good = group(transaction("835", remit(remit_claim("GOOD"))), number=1)
    bad = group(transaction("835", remit(remit_claim("BAD"))), number=2)
    reading = read(interchange(good, bad.replace("GE*1*2~", "GE*3*2~")))
    assert rules(reading) == [("transaction", "E4")]
    assert reading.tables["remit_claims"]["patient_control_number"].to_pylist() == ["GOOD"]


def test_segments_outside_a_transaction_are_never_dropped() -> None:
    reading = read(remit_file().replace(b"GE*1*1~", b"CLP*X*1*5*5~GE*1*1~"))
    assert rules(reading) == [("interchange", "E4")]


def test_a_control_number_may_not_be_used_twice() -> None:
    twice = transaction("835", remit(remit_claim()))
    assert set(rules(read(interchange(group(twice, twice))))) == {("interchange", "E5")}
    groups = interchange(group(twice, number=5), group(twice, number=5))
    reading = read(groups)
    assert rules(reading) == [("transaction", "E5")]
    assert row_counts(reading)["remit_payments"] == 1


@pytest.mark.parametrize("cut", [8, 15, 24, 200, 600])
def test_a_truncated_interchange_is_held_and_whole_ones_before_it_load(cut: int) -> None:
    whole, broken = remit_file(number=1), remit_file(number=2)[:-cut]
    reading = read(whole + broken)
    item = only_held(reading)
    assert (item.level, item.rule_id, item.content) == ("interchange", "E6", broken)
    assert item.byte_offset == len(whole)
    assert row_counts(reading)["remit_payments"] == 1


def test_a_truncated_interchange_does_not_swallow_the_next_one() -> None:
    broken, whole = remit_file(number=1)[:300], remit_file(number=2)
    reading = read(broken + whole)
    assert rules(reading) == [("interchange", "E6")]
    assert reading.tables["interchanges"]["isa_control_number"].to_pylist() == ["000000002"]


def test_bytes_after_the_last_interchange_are_held() -> None:
    item = only_held(read(remit_file() + b"GS*HP~more"))
    assert (item.rule_id, item.content) == ("E6", b"GS*HP~more")


@pytest.mark.parametrize(
    ("code", "guide"),
    [("997", "005010"), ("837", "005010X224A2"), ("837", "004010X098A1"), ("820", "X")],
)
def test_a_set_that_this_version_does_not_read_is_held(code: str, guide: str) -> None:
    body = submitted() if code == "837" else ["AK1*HC*1"]
    segments = f"ST*{code}*0001~" + "~".join(body) + f"~SE*{len(body) + 2}*0001~"
    data = interchange(group(segments, code=code, guide=guide))
    item = only_held(read(data))
    assert (item.level, item.rule_id, item.content) == ("interchange", "E8", data)
    assert "not read by this version" in item.reason
    assert ("version 4010)" in item.reason) == guide.startswith("004010")
    assert item.dollar_amount == (Decimal(200) if code == "837" else None)


def test_mixed_groups_are_cut_group_by_group() -> None:
    data = interchange(
        group("ST*997*0001~AK1*HC*1~SE*3*0001~", code="FA", guide="005010", number=1),
        group(transaction("835", remit(remit_claim())), number=2),
        group(transaction("837", submitted()), code="837", number=3),
    )
    reading = read(data)
    item = only_held(reading)
    assert (item.level, item.rule_id) == ("transaction", "E8")
    assert item.content == b"ST*997*0001~AK1*HC*1~SE*3*0001~"
    assert row_counts(reading)["remit_claims"] == row_counts(reading)["submitted_claims"] == 1
    transactions = reading.tables["submitted_claims"]["transaction_no"].to_pylist()
    assert transactions == [3]


def test_a_transaction_must_be_of_the_set_of_its_group() -> None:
    data = remit_file().replace(b"ST*835*0001~", b"ST*835*0001*005010X999~")
    assert rules(read(data)) == [("interchange", "E8")]


def test_the_versions_of_header_and_group_must_agree() -> None:
    assert rules(read(remit_file(version="00401"))) == [("interchange", "E8")]
    older = remit_file().replace(b"005010X221A1", b"004010X091A1")
    assert rules(read(older)) == [("interchange", "E8")]


def test_a_remittance_of_version_4010_is_read_like_one_of_5010() -> None:
    older = remit_file(version="00401").replace(b"005010X221A1", b"004010X091A1")
    reading, today = read(older.replace(b"*^*", b"*U*")), read(remit_file())
    assert rules(reading) == []
    for table in ("remit_payments", "remit_claims", "remit_lines", "remit_adjustments"):
        ours, theirs = (r.tables[table].drop("interchange_sha256") for r in (reading, today))
        assert ours == theirs
    assert warnings(reading) == ["GuideVariant"]


def test_test_data_is_loaded_only_on_request() -> None:
    data = remit_file(usage="T")
    assert rules(read(data)) == [("interchange", "E9")]
    assert rules(read(data, accept_test=True)) == []


@pytest.mark.parametrize(
    ("data", "named", "other"),
    [
        (submitted_file(), b"X222A1", b"X222"),
        (submitted_file(), b"X222A1", b"X222A2"),
        (institutional_file(), b"X223A2", b"X223"),
        (institutional_file(), b"X223A2", b"X223A3"),
        (remit_file(), b"X221A1", b"X221"),
        (remit_file(), b"X*005010X221A1~ST*835*0001", b"X*005010X221~ST*835*0001*005010X221A1"),
        (acknowledged_file(), b"X214", b"X214E2"),
        (functional_file(accepted()), b"X231A1", b"X231"),
    ],
)
def test_other_corrections_of_a_guide_are_read_with_a_warning(
    data: bytes, named: bytes, other: bytes
) -> None:
    reading = read(data.replace(named, other))
    assert rules(reading) == []
    assert set(warnings(reading)) == {"GuideVariant"}
    assert any("claims" in table or "acks" in table for table in row_counts(reading))


def test_unknown_segments_are_loaded_with_a_warning() -> None:
    claim = remit_claim()
    reading = read(remit_file([*claim[:2], "ZZZ*1*2", *claim[2:]]))
    assert rules(reading) == []
    (warning,) = reading.tables["diagnostics"].to_pylist()
    assert (warning["kind"], warning["claim_no"], warning["segment_no"]) == (
        "UnknownSegment",
        1,
        15,
    )
    assert set(row_counts(reading)) == WHOLE | {"diagnostics", "unread_segments"}


def test_only_partners_that_are_listed_are_let_in() -> None:
    data = remit_file()
    for partners in (set(), {"SENDER", "RECEIVER"}, {"SENDER", "RECEIVER", "OTHER"}):
        assert rules(x12.read([("a", data)], partners=frozenset(partners))) == []
    for partners in ({"SENDER"}, {"RECEIVER"}, {"OTHER"}, {"sender", "RECEIVER"}):
        reading = x12.read([("a", data)], partners=frozenset(partners))
        item = only_held(reading)
        assert (item.level, item.rule_id, item.content) == ("interchange", "E11", data)
        assert item.dollar_amount == Decimal(120)
        assert set(row_counts(reading)) == set()


@pytest.mark.parametrize(
    ("named", "stranger"),
    [
        (b"*ZZ*SENDER         *ZZ", b"*ZZ*STRANGER       *ZZ"),
        (b"*ZZ*RECEIVER       *2", b"*ZZ*               *2"),
        (b"GS*HP*SENDER*", b"GS*HP*STRANGER*"),
        (b"*RECEIVER*2025", b"*STRANGER*2025"),
    ],
)
def test_every_sender_and_receiver_must_be_a_partner(named: bytes, stranger: bytes) -> None:
    data = remit_file()
    assert named in data
    strange = data.replace(named, stranger)
    partners = frozenset(("SENDER", "RECEIVER"))
    reading = x12.read([("a", data + strange)], partners=partners)
    item = only_held(reading)
    assert (item.rule_id, item.content) == ("E11", strange)
    assert "no trading partner" in item.reason
    assert row_counts(reading)["remit_payments"] == 1


# --- levels --------------------------------------------------------------------------------------


def leveled(*levels: str) -> bytes:
    """An 837P of one claim with these HL segments in the place of its own."""
    body = submitted()
    places = [i for i, segment in enumerate(body) if segment.startswith("HL")]
    body[places[1] : places[1] + 1] = levels[1:]
    body[places[0]] = levels[0]
    good = transaction("837", submitted(), "0002")
    return interchange(group(transaction("837", body), good, code="837"))


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        (("HL*2**20*1", "HL*3*1*22*0"), "HL 3: HL02 is not 2"),
        (("HL*B**20*1", "HL*2*1*22*0"), "HL01 is not 1"),
        (("HL*1**20*1", "HL*1*1*22*0"), "HL01 is not 2"),
        (("HL*5**20*1", "HL*4*5*22*0"), "HL01 is not 6"),
        (("HL*1**20*1", "HL*3*2*22*0"), "HL 3: HL02 is not 1"),
        (("HL*1**20*1", "HL**1*22*0"), "HL01 is not 2"),
        (("HL*1**20*1", "HL*B*1*22*0"), "HL01 is not 2"),
        (("HL*1*1*20*1", "HL*2*1*22*0"), "HL 1: HL02 is not empty"),
        (("HL*1**20*1", "HL*2**22*0"), "HL 2: HL02 is not 1"),
        (("HL*1**20*1", "HL*2*2*22*0"), "HL 2: HL02 is not 1"),
        (("HL*1**20*1", "HL*2*3*22*0"), "HL 2: HL02 is not 1"),
        (("HL*1**20*1", "HL*2*1*23*0"), "HL 2: level '23' does not stand under a '22'"),
        (("HL*1**22*1", "HL*2*1*23*0"), "HL 1: level '22' does not stand under a '20'"),
        (
            # an earlier provider is named, and another one was the last
            ("HL*1**20*1", "HL*2*1*22*0", "HL*3**20*1", "HL*4*1*22*0"),
            "HL 4: HL02 is not 3",
        ),
        (
            ("HL*1**20*1", "HL*2*1*22*0", "HL*3**20*1", "HL*4*2*23*0"),
            "HL 4: level '23' does not stand under a '22'",
        ),
        (("HL*1**20*1", "HL*2*1*22*0", "HL*3*2*XX*0"), "is no level of this transaction set"),
    ],
)
def test_levels_that_contradict_each_other_hold_their_transaction(
    levels: tuple[str, ...], reason: str
) -> None:
    item = only_held(reading := read(leveled(*levels)))
    assert (item.level, item.rule_id, item.dollar_amount) == ("transaction", "E12", Decimal(200))
    assert reason in item.reason
    # the other transaction of the file is right
    assert reading.tables["submitted_claims"]["transaction_no"].to_pylist() == [2]


@pytest.mark.parametrize(
    "levels",
    [
        ("HL*1**20*1", "HL*2*1*22*0"),
        ("HL*01* *20*1", "HL*02*01*22*0"),
        ("HL*1**20*1", "HL*2*1*22*1", "HL*3*2*23*0"),
        ("HL*1**20*1", "HL*2*1*22*1", "HL*3*2*23*0", "HL*4*1*22*0"),
        ("HL*1**20*1", "HL*2*1*22*0", "HL*3**20*1", "HL*4*3*22*0"),
    ],
)
def test_levels_in_order_are_loaded(levels: tuple[str, ...]) -> None:
    assert rules(read(leveled(*levels))) == []


@pytest.mark.parametrize(
    ("levels", "segment"),
    [
        (("HL*63**20*1", "HL*64*63*22*0"), 8),
        # claims between them were taken out
        (("HL*63**20*1", "HL*70*63*22*0"), 8),
        (("HL*1**20*1", "HL*4*1*22*0"), 13),
    ],
)
def test_levels_may_go_on_from_the_file_that_they_were_cut_from(
    levels: tuple[str, ...], segment: int
) -> None:
    reading = read(leveled(*levels))
    assert rules(reading) == []
    [note] = reading.tables["diagnostics"].to_pylist()
    assert (note["kind"], note["segment_no"]) == ("LevelNumbers", segment)
    assert row_counts(reading)["submitted_claims"] == 2


def test_levels_of_an_acknowledgement_have_their_own_order() -> None:
    data = answers_file(provider(answered("A", "1")), provider(answered("B", "2")))
    assert rules(read(data)) == []
    for right, wrong in ((b"HL*4*3*PT", b"HL*4*2*PT"), (b"HL*5*2*19*1", b"HL*5*2*PT*1")):
        item = only_held(read(data.replace(right, wrong)))
        assert (item.level, item.rule_id) == ("transaction", "E12")


# --- duplicates ----------------------------------------------------------------------------------


def test_the_same_interchange_is_loaded_once() -> None:
    one, two = remit_file(number=1), remit_file(number=2)
    reading = x12.read([("a", one), ("b", one + two), ("c", two + b"\n")])
    assert [file.status for file in reading.received] == ["loaded", "loaded", "duplicate"]
    assert [file.duplicate_byte_count for file in reading.received] == [0, len(one), len(two)]
    assert row_counts(reading)["remit_payments"] == 2
    assert rules(reading) == []


def test_an_interchange_that_was_held_may_come_again() -> None:
    data = remit_file(usage="T")
    seen: set[str] = set()
    assert rules(x12.read([("a", data)], seen=seen)) == [("interchange", "E9")]
    assert rules(x12.read([("b", data)], accept_test=True, seen=seen)) == []


# --- balances ------------------------------------------------------------------------------------


def held_claim(*claims: list[str], paid: str | None = None) -> QuarantineItem:
    """Two good claims around the given one; only that one is held, with its exact bytes."""
    body = remit(remit_claim("FIRST"), *claims, remit_claim("LAST"), paid=paid)
    data = interchange(group(transaction("835", body)))
    reading = read(data)
    item = only_held(reading)
    assert item.level == "claim"
    assert item.content.decode() == "~".join(segment for c in claims for segment in c) + "~"
    assert row_counts(reading)["remit_payments"] == 1
    for table, column in (
        ("remit_claims", "patient_control_number"),
        ("remit_lines", "line_control_number"),
    ):
        kept = reading.tables[table][column].to_pylist()
        assert [value[:5] for value in kept] == ["FIRST", "LAST"] or kept == ["FIRSTL1", "LASTL1"]
    assert reading.tables["remit_claims"]["claim_no"].to_pylist() == [1, 3]
    assert row_counts(reading)["remit_adjustments"] == 4
    return item


def test_a_line_that_does_not_balance_holds_its_claim() -> None:
    item = held_claim(remit_claim("BAD", line_adjustments="CAS*CO*45*60.01"))
    assert item.rule_id == "B1"
    assert item.dollar_amount == Decimal("120.00")
    assert "line 1: SVC02 200.00 - adjustments 60.01 is not SVC03 140.00" in item.reason


def test_a_claim_that_does_not_balance_is_held() -> None:
    item = held_claim(remit_claim("BAD", claim_adjustments="CAS*PR*1*20.01"))
    assert item.rule_id == "B2"
    assert "CLP03 200.00 - adjustments 80.01 is not CLP04 120.00" in item.reason


def test_a_claim_that_is_not_the_sum_of_its_wrong_lines_is_held_as_a_claim() -> None:
    claim = [
        segment.replace("99213:25*200*140", "99213:25*900*150") for segment in remit_claim("BAD")
    ]
    item = held_claim(claim)
    assert item.rule_id == "B2"
    assert "B1: line 1" in item.reason


def test_an_adjustment_without_a_reason_cannot_hide_money() -> None:
    item = held_claim(remit_claim("BAD", claim_adjustments="CAS*PR**20"))
    assert item.rule_id == "T3"
    assert item.reason.startswith("CAS02 is missing")


def test_an_amount_without_a_reason_behind_another_is_told_as_what_it_is() -> None:
    item = held_claim(remit_claim("BAD", line_adjustments="CAS*CO*45*20***40"))
    assert item.rule_id == "T3"
    assert item.reason.startswith("CAS05 is missing")


@pytest.mark.parametrize(
    ("plb", "paid", "element"), [("*WO:A*10**5", "105", "PLB05"), ("**15", "105", "PLB03")]
)
def test_an_adjustment_of_a_payment_without_a_reason_is_told_as_that(
    plb: str, paid: str, element: str
) -> None:
    body = remit(remit_claim(), paid=paid, plb=[f"PLB*1234567893*20251231{plb}"])
    item = only_held(read(interchange(group(transaction("835", body)))))
    assert (item.level, item.rule_id) == ("transaction", "T3")
    assert item.reason.startswith(f"{element} is missing")


def test_a_payment_that_is_not_its_claims_is_held_whole() -> None:
    wrong = transaction("835", remit(remit_claim("A"), paid="120.01"), "0001")
    right = transaction("835", remit(remit_claim("B")), "0002")
    reading = read(interchange(group(wrong, right)))
    item = only_held(reading)
    assert (item.level, item.rule_id, item.content) == ("transaction", "B3", wrong.encode())
    assert item.dollar_amount == Decimal("120.01")
    assert reading.tables["remit_claims"]["patient_control_number"].to_pylist() == ["B"]


def test_adjustments_at_provider_level_belong_to_the_payment() -> None:
    plb = ["PLB*1234567893*20251231*WO:X*20*L6*-0.5"]
    balanced = remit(remit_claim(), paid="100.50", plb=plb)
    assert rules(read(interchange(group(transaction("835", balanced))))) == []
    wrong = remit(remit_claim(), paid="139.50", plb=plb)
    assert rules(read(interchange(group(transaction("835", wrong))))) == [("transaction", "B3")]


def test_a_reversal_balances_with_its_signs() -> None:
    reversal = remit_claim("ACCT1", "-200", "-120", "CAS*CO*45*-60", "CAS*PR*1*-20")
    reversal = [
        segment.replace("*-260**", "*-140**").replace("CLP*ACCT1*1*", "CLP*ACCT1*22*")
        for segment in reversal
    ]
    body = remit(reversal, remit_claim("ACCT1"), paid="0")
    reading = read(interchange(group(transaction("835", body))))
    assert rules(reading) == []
    assert [str(a) for a in reading.tables["remit_claims"]["paid_amount"].to_pylist()] == [
        "-120.00",
        "120.00",
    ]


def test_a_payment_without_claims_is_a_payment() -> None:
    plb = ["PLB*1234567893*20251231*L6*-12.34"]
    body = remit(paid="12.34", plb=plb)[:-2] + plb  # no LX either
    reading = read(interchange(group(transaction("835", body))))
    assert rules(reading) == []
    assert row_counts(reading)["remit_provider_adjustments"] == 1


def test_a_submitted_claim_must_be_the_sum_of_its_lines() -> None:
    good, bad = submitted(), submitted(charge="201")
    clm = next(i for i, segment in enumerate(bad) if segment.startswith("CLM"))
    data = interchange(group(transaction("837", good + bad[clm:]), code="837"))
    reading = read(data)
    item = only_held(reading)
    assert (item.level, item.rule_id, item.dollar_amount) == ("claim", "P1", Decimal(201))
    assert item.content.decode() == "~".join(bad[clm:]) + "~"
    assert row_counts(reading)["submitted_claims"] == 1
    assert row_counts(reading)["submitted_lines"] == 2


def test_an_institutional_claim_must_be_the_sum_of_its_lines() -> None:
    good, bad = institutional(), institutional(charge="901")
    clm = next(i for i, segment in enumerate(bad) if segment.startswith("CLM"))
    reading = read(interchange(group(transaction("837I", good + bad[clm:]), code="837I")))
    item = only_held(reading)
    assert (item.level, item.rule_id, item.dollar_amount) == ("claim", "P1", Decimal(901))
    assert item.reason == "CLM02 901.00 is not the sum of SV203 900.00"
    assert item.content.decode() == "~".join(bad[clm:]) + "~"
    assert row_counts(reading)["submitted_claims"] == 1


# --- totals of an acknowledgement -----------------------------------------------------------------

TWO_PROVIDERS = [
    provider(
        answered("A", "200.5"),
        answered("B", "300", "U", "A7"),
        answer=["QTY*QA*1", "QTY*QC*1", "AMT*YU*200.5", "AMT*YY*300"],
    ),
    provider(answered("C", "99.5"), answer=["QTY*QA*1", "AMT*YU*99.5"]),
]
TOTALS = ["QTY*90*2", "QTY*AA*1", "AMT*YU*300", "AMT*YY*300"]


def test_totals_that_are_those_of_the_claims_are_loaded() -> None:
    data = answers_file(*TWO_PROVIDERS, totals=TOTALS)
    reading = read(data)
    assert rules(reading) == []
    assert (row_counts(reading)["ack_batches"], row_counts(reading)["ack_claims"]) == (3, 3)


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        (b"QTY*90*2", b"QTY*90*3", "HL03 21: 3 claims accepted, there are 2"),
        (b"QTY*AA*1", b"QTY*AA*0", "HL03 21: 0 claims rejected, there are 1"),
        (b"AMT*YU*300~AMT*YY*300~HL", b"AMT*YU*300.01~AMT*YY*300~HL",
         "HL03 21: AMT*YU 300.01 accepted, its claims are 300.00"),
        (b"AMT*YU*300~AMT*YY*300~HL", b"AMT*YU*600~AMT*YY*0~HL",
         "HL03 21: AMT*YU 600.00 accepted, its claims are 300.00, AMT*YY 0.00 rejected"),
        (b"QTY*QC*1", b"QTY*QC*2", "HL03 19: 2 claims rejected, there are 1"),
        (b"AMT*YU*99.5", b"AMT*YU*9.5", "HL03 19: AMT*YU 9.50 accepted, its claims are 99.50"),
    ],
)  # fmt: skip
def test_totals_that_are_not_those_of_the_claims_hold_the_transaction(
    right: bytes, wrong: bytes, reason: str
) -> None:
    good = transaction("277", answers(*TWO_PROVIDERS, totals=TOTALS), "0002")
    bad = transaction("277", answers(*TWO_PROVIDERS, totals=TOTALS), "0001")
    assert bad.encode().count(right) == 1
    bad = bad.encode().replace(right, wrong).decode()
    reading = read(interchange(group(bad, good, code="277")))
    item = only_held(reading)
    assert (item.level, item.rule_id, item.content) == ("transaction", "K7", bad.encode())
    assert reason in item.reason
    assert row_counts(reading)["ack_claims"] == 3


def test_totals_are_compared_only_where_they_are_sent_and_claims_are_listed() -> None:
    # no total; a total of one kind; a provider that lists no claim, with its totals and without
    listed = provider(answered("A", "200"))
    rejected = provider(answer=["STC*A3:21**U*500", "QTY*QC*2", "AMT*YY*500"])
    silent = provider(answer=["STC*A3:21**U*500"])
    for providers, totals in (
        ([listed], []),
        ([listed], ["AMT*YU*200"]),
        ([], ["QTY*AA*2", "AMT*YY*500"]),
        ([listed, rejected], ["QTY*90*1", "QTY*AA*2", "AMT*YU*200", "AMT*YY*500"]),
        ([listed, silent], ["QTY*90*1", "QTY*AA*7", "AMT*YU*200", "AMT*YY*700"]),
    ):
        assert rules(read(answers_file(*providers, totals=totals))) == []
    wrong = answers_file(listed, rejected, totals=["QTY*AA*3"])
    assert rules(read(wrong)) == [("transaction", "K7")]


def test_the_claims_of_a_rejected_provider_count_as_rejected() -> None:
    """Whatever is said of each: the rejection above decides (K6)."""
    below = provider(answered("A", "200"), answered("B", "100"), answer=["STC*A3:21**U*300"])
    told = ["QTY*AA*2", "AMT*YY*300"]
    assert rules(read(answers_file(below, totals=told))) == []
    assert rules(read(answers_file(below, totals=["QTY*90*2"]))) == [("transaction", "K7")]
    plain = provider(answered("A", "200"), answered("B", "100"))
    whole = answers_file(plain, totals=told, of="A3:21", action="U")
    assert rules(read(whole)) == []


def test_without_an_action_the_category_tells_what_is_rejected() -> None:
    claims = provider(answered("A", "200", "", "A7"), answered("B", "100", "", "A1"))
    told = ["QTY*90*1", "QTY*AA*1", "AMT*YU*100", "AMT*YY*200"]
    assert rules(read(answers_file(claims, totals=told))) == []


def test_a_claim_without_a_charge_leaves_the_dollars_unjudged() -> None:
    claims = provider(answered("A", ""), answered("B", "100"))
    assert rules(read(answers_file(claims, totals=["QTY*90*2", "AMT*YU*999"]))) == []
    assert rules(read(answers_file(claims, totals=["QTY*90*3", "AMT*YU*999"]))) == [
        ("transaction", "K7")
    ]


def test_a_total_that_is_no_amount_is_held_and_a_count_that_is_none_is_unknown() -> None:
    claims = provider(answered("A", "200"))
    assert rules(read(answers_file(claims, totals=["AMT*YU*2OO"]))) == [("transaction", "T3")]
    for count in ("many", "", "1" * 17):
        reading = read(answers_file(claims, totals=[f"QTY*90*{count}"]))
        assert rules(reading) == []
        assert reading.tables["ack_batches"]["accepted_count"].to_pylist() == [None, None]


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["1,200", "+120", " 120", "120.000", "", "12O", "1" * 20])
def test_an_amount_that_cannot_be_read_holds_its_claim(amount: str) -> None:
    """Its dollars are what the payment leaves."""
    claim = remit_claim("BAD")
    claim[0] = claim[0].replace("*200*120*", f"*200*{amount}*")
    body = remit(remit_claim("FIRST"), claim, remit_claim("LAST"))
    reading = read(interchange(group(transaction("835", body))))
    item = only_held(reading)
    assert (item.level, item.rule_id, item.dollar_amount) == ("claim", "T3", Decimal(120))
    assert "CLP04" in item.reason
    assert row_counts(reading)["remit_claims"] == 2


@pytest.mark.parametrize(
    ("segment", "wrong"),
    [
        ("CAS*PR*1*20", "CAS*PR*1*2O"),
        ("CAS*PR*1*20", "CAS*PR*1"),
        ("CAS*PR*1*20", "CAS*PR*1*20**2*"),
        ("SVC*HC:99213:25*200*140**1", "SVC*HC:99213:25*200***1"),
        ("AMT*B6*140", "AMT*B6*a lot"),
    ],
)
def test_any_unreadable_amount_of_a_claim_holds_it(segment: str, wrong: str) -> None:
    claim = [wrong if part == segment else part for part in remit_claim("BAD")]
    assert wrong in claim
    assert held_claim(claim).rule_id == "T3"


def test_an_unreadable_payment_is_held_whole() -> None:
    reading = read(remit_file().replace(b"BPR*I*120*", b"BPR*I*x*"))
    assert rules(reading) == [("transaction", "T3")]


def test_an_unreadable_date_is_a_warning() -> None:
    reading = read(remit_file().replace(b"*20250310~TRN", b"*20251399~TRN"))
    assert rules(reading) == []
    assert reading.tables["remit_payments"]["payment_date"].to_pylist() == [None]
    assert warnings(reading) == ["TypeMismatch"]


def test_an_acknowledgement_with_an_unreadable_amount_is_held() -> None:
    data = acknowledged_file().replace(b"*WQ*200~REF", b"*WQ*2OO~REF")
    item = only_held(read(data))
    assert (item.level, item.rule_id) == ("claim", "T3")
    assert item.content.startswith(b"TRN*2*ACCT1~STC*")


@pytest.mark.parametrize("amount", ["6OO", "", "600.005"])
def test_an_institutional_charge_that_cannot_be_read_holds_its_claim(amount: str) -> None:
    data = institutional_file().replace(b"HC:99221:25*600*", f"HC:99221:25*{amount}*".encode())
    item = only_held(read(data))
    assert (item.level, item.rule_id) == ("claim", "T3")
    assert "SV203" in item.reason


@pytest.mark.parametrize(("code", "body"), [("837", submitted()), ("837I", institutional())])
def test_what_an_earlier_payer_paid_must_be_readable(code: str, body: list[str]) -> None:
    other = ["SBR*P*18*******MB", "AMT*D*8O", "OI***Y***Y"]
    lx = body.index("LX*1")
    data = interchange(group(transaction(code, body[:lx] + other + body[lx:]), code=code))
    item = only_held(read(data))
    assert (item.level, item.rule_id) == ("claim", "T3")
    assert "AMT02" in item.reason


def test_an_acknowledgement_of_no_group_is_held() -> None:
    wrong = transaction("999", functional(accepted(), of=""), "0001")
    right = transaction("999", functional(accepted(), of="18"), "0002")
    reading = read(interchange(group(wrong, right, code="999")))
    item = only_held(reading)
    assert (item.level, item.rule_id, item.content) == ("transaction", "T3", wrong.encode())
    assert reading.tables["functional_acks"]["acknowledged_gs_control_number"].to_pylist() == ["18"]


@pytest.mark.parametrize("count", ["many", "1" * 17, "-", ""])
def test_a_count_that_cannot_be_read_is_unknown(count: str) -> None:
    data = functional_file(accepted()).replace(b"AK9*A*1*1*1", f"AK9*A*1*{count}*1".encode())
    reading = read(data)
    assert rules(reading) == []
    assert reading.tables["functional_acks"]["received_count"].to_pylist() == [None]


def second_name(name: bytes) -> bytes:
    """A remittance of two claims, with another name of the second patient."""
    data = remit_file(remit_claim("A"), remit_claim("B"))
    at = data.rindex(b"DOE*JANE")
    return data[:at] + name + data[at + 3 :]


def test_text_that_is_in_no_known_writing_is_held_with_its_bytes() -> None:
    item = only_held(read(second_name(b"D\x81E")))
    assert (item.level, item.rule_id) == ("claim", "T3")
    assert b"D\x81E" in item.content


@pytest.mark.parametrize("name", ["DÑE".encode(), b"D\xd1E"])
def test_letters_are_read_from_utf8_and_from_latin_1(name: bytes) -> None:
    reading = read(second_name(name))
    assert rules(reading) == []
    names = reading.tables["remit_claims"]["patient_last_name"].to_pylist()
    assert names == ["DOE", "DÑE"]
    assert warnings(reading) == ["Latin1Text"] * (len(name) == 3)


def test_letters_of_windows_are_read() -> None:
    reading = read(second_name(b"O\x92NEIL"))
    assert rules(reading) == []
    names = reading.tables["remit_claims"]["patient_last_name"].to_pylist()
    assert names == ["DOE", "O\u2019NEIL"]
    assert warnings(reading) == ["Latin1Text"]


@pytest.mark.parametrize("name", [b"D\xd6\xc9*JAN\xc9", b"O\x92\xd6\x80*JAN\x99"])
def test_a_claim_behind_letters_of_latin_1_is_held_with_its_own_bytes(name: bytes) -> None:
    claims = [remit_claim("A"), remit_claim("B", paid="119"), remit_claim("C")]
    data = remit_file(*claims).replace(b"DOE*JANE", name)
    data = data.replace(b"BPR*I*360", b"BPR*I*359")
    reading = read(data)
    item = only_held(reading)
    start, end = data.index(b"CLP*B"), data.index(b"CLP*C")
    assert (item.rule_id, item.content) == ("B2", data[start:end])
    last_name = name.split(b"*")[0].decode("cp1252")
    assert reading.tables["remit_claims"]["patient_last_name"].to_pylist() == [last_name] * 2


def test_segments_that_break_the_nesting_hold_their_transaction() -> None:
    reading = read(remit_file().replace(b"LX*1~", b"ISA*1~"))
    assert rules(reading) == [("transaction", "E4")]


def test_every_rule_that_is_used_is_in_the_rule_table() -> None:
    with SEED.open(newline="") as file:
        known = {row["rule_id"]: row["action"] for row in csv.DictReader(file)}
    held = {"E1", "E4", "E5", "E6", "E8", "E9", "E11", "E12", "E13", "E15", "E19"}
    held |= {"B1", "B2", "B3", "B11", "K7", "P1", "T1", "T3"}
    assert held <= {rule for rule, action in known.items() if action == "quarantine"}
    noted = ("B12", "D1", "E2", "E10", "E14", "E16", "E17", "E18", "P7", "P9")
    assert {known[rule] for rule in noted} == {"correct"}


@pytest.mark.parametrize(
    ("right", "wrong", "element"),
    [
        (b"CLP*ACCT1*1*", b"CLP*ACCT1**", "CLP02"),
        (b"CLP*ACCT1*1*", b"CLP*ACCT1* *", "CLP02"),
        (b"CAS*CO*45*60", b"CAS**45*60", "CAS01"),
    ],
)
def test_a_code_without_which_an_amount_means_nothing_holds_its_claim(
    right: bytes, wrong: bytes, element: str
) -> None:
    item = only_held(read(remit_file().replace(right, wrong)))
    assert (item.level, item.rule_id, item.reason) == ("claim", "T3", f"{element} is missing")
    assert item.dollar_amount == Decimal(120)


def test_a_second_payer_in_one_payment_holds_the_claims_behind_it() -> None:
    body = remit(remit_claim("A"), remit_claim("B"))
    at = next(i for i, segment in enumerate(body) if segment.startswith("CLP*B"))
    for name, held in (("N1*PR*OTHER PLAN*XV*PLAN2", 1), ("N1*PR*example health plan", 0)):
        joined = [*body[:at], name, "LX*2", *body[at:]]
        reading = read(interchange(group(transaction("835", joined))))
        assert rules(reading) == [("claim", "E19")] * held
        in_head = [*body[:4], name, *body[4:]]
        reading = read(interchange(group(transaction("835", in_head))))
        assert rules(reading) == [("transaction", "E19")] * held


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"DTM*405", b"~DTM*405"),
        (b"DTM*405", b" ~\r\n~DTM*405"),
        (b"ST*835", b"~ST*835"),
        (b"GE*1", b"~~GE*1"),
        (b"IEA*1*000000001~", b"IEA*1*000000001~~~"),
    ],
)
def test_segments_that_hold_nothing_change_nothing(right: bytes, wrong: bytes) -> None:
    reading, plain = read(remit_file().replace(right, wrong)), read(remit_file())
    assert rules(reading) == []
    counts, expected = row_counts(reading), row_counts(plain)
    assert {table: count for table, count in counts.items() if table in expected} == expected
