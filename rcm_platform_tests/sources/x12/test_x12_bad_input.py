"""Bad input: for each kind, where its bytes and its dollars went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from rcm_platform.sources import x12
from rcm_platform_tests.support.x12_samples import (
    acknowledged,
    answered,
    answers,
    answers_file,
    functional,
    group,
    institutional,
    interchange,
    is_conserved,
    provider,
    remit,
    remit_claim,
    remit_file,
    rules,
    submitted,
    transaction,
)


@dataclass(frozen=True)
class Account:
    """Of one file: bytes by what became of them, dollars loaded and held, and the held pieces."""

    loaded: int
    held: int
    duplicate: int
    padding: int
    loaded_dollars: int
    held_dollars: int
    held_pieces: tuple[tuple[str, str], ...]


def account(data: bytes, partners: frozenset[str] = frozenset()) -> Account:
    reading = x12.read([("in.edi", data)], partners=partners)
    assert is_conserved(reading, data)
    (file,) = reading.received
    return Account(
        file.loaded_byte_count,
        file.quarantined_byte_count,
        file.duplicate_byte_count,
        file.padding_byte_count,
        int(file.dollar_amount or 0),
        int(sum((item.dollar_amount or Decimal(0) for item in reading.quarantine), Decimal(0))),
        tuple(rules(reading)),
    )


def loaded(data: bytes, dollars: int = 120, padding: int = 0) -> Account:
    """All of it, save `padding`."""
    return Account(len(data) - padding, 0, 0, padding, dollars, 0, ())


def held(data: bytes, rule: str, level: str = "interchange", dollars: int = 120) -> Account:
    """All of it, as one piece."""
    return Account(0, len(data), 0, 0, 0, dollars, ((level, rule),))


def claim_bytes(claim: Sequence[str]) -> int:
    return sum(len(segment) + 1 for segment in claim)


# --- text ----------------------------------------------------------------------------------------


def test_unknown_text_in_a_claim_holds_the_claim_and_its_dollars_of_the_payment() -> None:
    good, bad = remit_claim("A"), remit_claim("B")
    data = remit_file(good, bad)
    at = data.rindex(b"DOE*JANE")
    data = data[:at] + b"D\x9dE*JANE" + data[at + 8 :]
    size = claim_bytes(bad)
    # the payment announces 240 and is loaded; 120 of it are the held claim's
    assert account(data) == Account(len(data) - size, size, 0, 0, 240, 120, (("claim", "T3"),))


def test_unknown_text_above_the_claims_holds_the_payment() -> None:
    data = remit_file().replace(b"EXAMPLE HEALTH", b"EX\x81MPLE HEALTH")
    size = data.index(b"GE*") - data.index(b"ST*")
    expected = Account(len(data) - size, size, 0, 0, 0, 120, (("transaction", "T3"),))
    assert account(data) == expected


def test_a_byte_order_mark_is_padding() -> None:
    data = b"\xef\xbb\xbf" + remit_file()
    assert account(data) == loaded(data, padding=3)


def test_a_file_in_utf_16_is_held_whole() -> None:
    data = remit_file().decode().encode("utf-16")
    # its last byte, a zero, is a blank
    assert account(data) == Account(0, len(data) - 1, 0, 1, 0, 0, (("file", "E1"),))


# --- delimiters ----------------------------------------------------------------------------------


def delimited(
    data: bytes, element: bytes, component: bytes, segment: bytes, repetition: bytes = b"^"
) -> bytes:
    found = bytes.maketrans(b"*:^", element + component + repetition)
    return data.translate(found).replace(b"~", segment)


ODD = [
    (b"|", b">", b"\n"),
    (b"|", b"\\", b"\r"),
    (b"|", b":", b"~\r\n"),
    (b"\x1d", b"\x1f", b"\x1c"),
    (b"+", b":", b"'"),
    (b",", b";", b"!"),
    (b"*", b"<", b"~\n\n"),
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_delimiters_are_read_from_the_header(odd: tuple[bytes, bytes, bytes]) -> None:
    data = delimited(remit_file(), *odd)
    padding = len(odd[2]) - 1
    assert account(data) == loaded(data, padding=padding)


def test_interchanges_with_different_delimiters_are_read_one_by_one() -> None:
    parts = [delimited(remit_file(number=n), *odd) for n, odd in enumerate(ODD, start=1)]
    data = b"".join(parts)
    padding = sum(len(segment) - 1 for _, _, segment in ODD)
    assert account(data) == loaded(data, 120 * len(ODD), padding)
    keys = x12.parse(data).tables["remit_claims"]["isa_control_number"].to_pylist()
    assert keys == [f"{number:09}" for number in range(1, len(ODD) + 1)]


@pytest.mark.parametrize("delimiter", [b"A", b"1", b"\xe9"], ids=["letter", "digit", "not ASCII"])
def test_a_delimiter_that_is_text_is_no_delimiter(delimiter: bytes) -> None:
    data = remit_file().replace(b"*", delimiter)
    assert account(data) == held(data, "E1", "file", 0)


# --- envelopes -----------------------------------------------------------------------------------


def test_of_mixed_groups_the_ones_that_are_read_are_loaded() -> None:
    enrolment = "ST*834*0001*005010X220A1~BGN*00*1~SE*3*0001~"
    unread = group(enrolment, code="BE", number=6, guide="005010X220A1")
    data = interchange(
        group(transaction("835", remit(remit_claim())), number=1),
        group(transaction("837", submitted()), code="837", number=2),
        group(transaction("277", acknowledged()), code="277", number=3),
        group(transaction("837I", institutional()), code="837I", number=4),
        group(transaction("999", functional()), code="999", number=5),
        unread,
    )
    size = len(enrolment)
    dollars = 120 + 200 + 900
    expected = Account(len(data) - size, size, 0, 0, dollars, 0, (("transaction", "E8"),))
    assert account(data) == expected


def test_a_header_without_its_blanks_is_loaded() -> None:
    head, rest = remit_file()[:106], remit_file()[106:]
    data = b"*".join(part.strip() for part in head.split(b"*")) + rest
    assert len(data) < len(remit_file())
    assert account(data) == loaded(data)


@pytest.mark.parametrize("missing", [b"GE*", b"IEA*"])
def test_a_missing_trailer_holds_the_interchange_and_its_dollars(missing: bytes) -> None:
    data = remit_file()
    start = data.index(b"~" + missing) + 1
    data = data[:start] + data[data.index(b"~", start) + 1 :]
    assert account(data) == held(data, "E6")


def test_a_file_that_is_cut_anywhere_is_never_half_loaded() -> None:
    first, second = remit_file(number=1), remit_file(remit_claim("Z"), number=2)
    announces = len(first) + second.index(b"*C*ACH")
    for end in range(len(first) + len(second) - 1):
        data = (first + second)[:end]
        found = account(data)
        # the control number of its IEA says that it is whole; a terminator may lack at the end
        is_first_whole = end >= len(first) - 1
        assert found.loaded == (min(end, len(first)) if is_first_whole else 0)
        assert found.loaded_dollars == (120 if is_first_whole else 0)
        # what is held has its dollars as soon as they can be read
        if end > announces:
            assert found.held_dollars == 120, end
        assert all(rule in ("E1", "E6", "T1") for _, rule in found.held_pieces)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "T1"),
        (b" \r\n\x00\x1a", "T1"),
        (b"\xef\xbb\xbf", "T1"),
        (bytes(range(256)) * 40, "E1"),
        (b"PK\x03\x04" + b"\x00\xff" * 500, "E1"),
        (b"ISA" * 300, "E1"),
        (b"\x00" * 5000 + b"x", "E1"),
    ],
    ids=["empty", "blanks", "mark", "every byte", "archive", "only ISA", "zeros"],
)
def test_what_is_no_x12_is_held_whole(data: bytes, rule: str) -> None:
    found = account(data)
    assert (found.loaded, found.held + found.padding, found.loaded_dollars) == (0, len(data), 0)
    assert found.held_pieces == (("file", rule),)


def test_a_stranger_is_held_whole_with_its_dollars() -> None:
    known, strange = remit_file(), remit_file(number=2, sender="STRANGER")
    data = known + strange
    partners = frozenset(("SENDER", "RECEIVER"))
    size = len(strange)
    expected = Account(len(known), size, 0, 0, 120, 120, (("interchange", "E11"),))
    assert account(data, partners) == expected
    assert account(data) == loaded(data, 240)


def test_a_transaction_with_crossed_levels_is_held_with_its_charges() -> None:
    crossed = transaction("837", submitted()).replace("HL*2*1*22", "HL*2*2*22")
    data = interchange(group(crossed, transaction("837", submitted(), "0002"), code="837"))
    size = len(crossed)
    expected = Account(len(data) - size, size, 0, 0, 200, 200, (("transaction", "E12"),))
    assert account(data) == expected


# --- acknowledgements ----------------------------------------------------------------------------


def test_an_acknowledgement_of_other_totals_than_its_claims_is_held() -> None:
    """It announces no dollars of its own: what it is about was announced by the 837."""
    claims = provider(answered("A", "200"), answered("B", "100"))
    right, wrong = (
        transaction("277", answers(claims, totals=[f"AMT*YU*{total}"]), number)
        for total, number in (("300", "0001"), ("200", "0002"))
    )
    data = interchange(group(right, wrong, code="277"))
    size = len(wrong)
    expected = Account(len(data) - size, size, 0, 0, 0, 0, (("transaction", "K7"),))
    assert account(data) == expected


def test_a_rejected_batch_is_loaded_with_its_dollars_whether_it_lists_its_claims_or_not() -> None:
    totals = ["QTY*AA*2", "AMT*YY*300"]
    claims = provider(answered("A", "200"), answered("B", "100"))
    for providers in ([], [claims]):
        data = answers_file(*providers, totals=totals, of="A3:21", action="U")
        assert account(data) == loaded(data, 0)
        batch = x12.parse(data).tables["ack_batches"].to_pylist()[0]
        assert (batch["action_code"], batch["rejected_count"]) == ("U", 2)
        assert batch["rejected_amount"] == Decimal(300)


# --- amounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "amount", ["1,200", "+200", " 200", "200.000", "$200", "2E2", "\uff12\uff10\uff10"]
)
def test_an_amount_that_is_no_amount_holds_its_claim(amount: str) -> None:
    """The payment is loaded: its own amount can be read. The claim is worth what it leaves."""
    bad = remit_claim("BAD")
    bad[0] = bad[0].replace("*200*120*", f"*200*{amount}*")
    data = remit_file(remit_claim("A"), bad)
    size = sum(len(segment.encode()) + 1 for segment in bad)
    assert account(data) == Account(len(data) - size, size, 0, 0, 240, 120, (("claim", "T3"),))


@pytest.mark.parametrize("amount", [b"1,200", b"+200", b"200.000"])
def test_a_payment_that_is_no_amount_is_held_whole(amount: bytes) -> None:
    data = remit_file().replace(b"BPR*I*120*", b"BPR*I*" + amount + b"*")
    size = data.index(b"GE*") - data.index(b"ST*")
    assert account(data) == Account(len(data) - size, size, 0, 0, 0, 0, (("transaction", "T3"),))


@pytest.mark.parametrize("at", [1, 10, 15], ids=["in the head", "in a claim", "in a line"])
def test_a_payment_that_is_announced_twice_is_held(at: int) -> None:
    """Only one of the two could be loaded: who pays 120 and 5 pays neither 120 nor 125."""
    body = remit(remit_claim())
    body.insert(at, "BPR*I*5*C*ACH")
    data = interchange(group(transaction("835", body)))
    size = data.index(b"GE*") - data.index(b"ST*")
    assert account(data) == Account(len(data) - size, size, 0, 0, 0, 125, (("transaction", "T3"),))


# --- duplicates ----------------------------------------------------------------------------------


def test_the_same_bytes_in_one_file_are_loaded_once() -> None:
    one = remit_file()
    data = one + b"\n" + one
    assert account(data) == Account(len(one), 0, len(one), 1, 120, 0, ())


def test_a_payment_under_new_control_numbers_is_loaded_again() -> None:
    """No reader can tell: the models do, with all files before them (rule D3, by trace number)."""
    one, again = remit_file(number=1), remit_file(number=2)
    data = one + again
    assert account(data) == loaded(data, 240)
    payments = x12.parse(data).tables["remit_payments"]
    for column in ("trace_number", "originating_company_id", "payment_amount", "payee_npi"):
        assert len(set(payments[column].to_pylist())) == 1
    assert len(set(payments["interchange_sha256"].to_pylist())) == 2


# --- what payers start to send -------------------------------------------------------------------


def test_what_the_reader_has_no_place_for_is_kept_as_it_was_sent() -> None:
    claim = remit_claim("A")
    line = next(i for i, segment in enumerate(claim) if segment.startswith("SVC"))
    claim[line] = claim[line].replace("HC:99213:25", "HC:99213:25:::::TEXT:X9")
    claim = [*claim[:2], "ZZ1*NEW*1:2*", "REF*QQ*WHAT IS IT", *claim[2:], "ZZ2*\u00e9"]
    data = remit_file(claim, remit_claim("B"))
    assert account(data) == loaded(data, 240)
    tables = x12.parse(data).tables
    columns = ("segment_id", "kind", "claim_no", "line_no", "loop_path", "segment_text")
    kept = [tuple(row[c] for c in columns) for row in tables["unread_segments"].to_pylist()]
    assert sorted(kept) == [
        ("REF", "UnknownOccurrence", 1, None, "2000/2100", "REF*QQ*WHAT IS IT"),
        ("SVC", "CompositeShape", 1, 1, "2000/2100/2110", claim[line + 2]),
        ("ZZ1", "UnknownSegment", 1, None, "2000/2100", "ZZ1*NEW*1:2*"),
        ("ZZ2", "UnknownSegment", 1, 1, "2000/2100/2110", "ZZ2*\u00e9"),
    ]
    warned = {(w["kind"], w["segment_no"]) for w in tables["diagnostics"].to_pylist()}
    assert {(r["kind"], r["segment_no"]) for r in tables["unread_segments"].to_pylist()} <= warned


def test_what_is_unread_in_a_held_claim_is_held_with_it() -> None:
    bad = [*remit_claim("BAD", line_adjustments="CAS*CO*45*59"), "ZZ1*NEW"]
    reading = x12.parse(remit_file(remit_claim(), bad))
    (item,) = reading.quarantine
    assert item.content.endswith(b"ZZ1*NEW~")
    assert len(reading.tables["unread_segments"]) == 0


def test_composites_with_another_separator_than_the_header_says_are_kept_whole() -> None:
    """ISA16 is binding: a ':' may stand in a value. Who wrote '>' is told, once a transaction."""
    data = interchange(
        group(
            *(transaction("835", remit(remit_claim(), remit_claim("B")), f"000{n}") for n in (1, 2))
        )
    ).replace(b"HC:99213:25", b"HC>99213>25")
    assert account(data) == loaded(data, 480)
    tables = x12.parse(data).tables
    assert set(tables["remit_lines"]["procedure_qualifier"].to_pylist()) == {"HC>99213>25"}
    told = [w for w in tables["diagnostics"].to_pylist() if w["kind"] == "ComponentSeparator"]
    assert [(w["datum"], w["transaction_no"]) for w in told] == [
        ("HC>99213>25", 1),
        ("HC>99213>25", 2),
    ]
    assert "ISA16 says ':'" in told[0]["rule"]
    segments = data.split(b"~")
    assert segments[told[0]["segment_no"] - 1].startswith(b"SVC*HC>")
