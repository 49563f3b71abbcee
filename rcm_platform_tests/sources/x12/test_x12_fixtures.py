"""Real sample files that no one here wrote: all bytes accounted for, all totals right.

The count is an independent one: delimiters from the ISA, a plain split, and sums by segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pytest

from rcm_platform.sources import x12
from rcm_platform_tests.support import outside_files
from rcm_platform_tests.support.x12_samples import is_conserved

FILES = sorted(path for path in outside_files.X12.rglob("*") if path.is_file())

pytestmark = outside_files.needs(outside_files.X12)


@dataclass
class Tally:
    """What a plain reading of the segments of an 835 finds."""

    claims: int = 0
    charge: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    adjusted: Decimal = Decimal(0)
    lines: int = 0
    payments: Decimal = Decimal(0)


def tally(data: bytes) -> Tally:
    text = data.decode("latin-1")
    text = text[text.index("ISA") :]
    element, terminator = text[3], text[105]
    found = Tally()
    for raw in text.split(terminator):
        part = raw.strip("\r\n ").split(element)
        if part[0] == "CLP":
            found.claims += 1
            found.charge += Decimal(part[3])
            found.paid += Decimal(part[4])
        elif part[0] == "CAS":
            found.adjusted += sum((Decimal(amount or 0) for amount in part[3::3]), Decimal(0))
        elif part[0] == "SVC":
            found.lines += 1
        elif part[0] == "BPR":
            found.payments += Decimal(part[2])
    return found


def is_835(data: bytes) -> bool:
    """A whole 835 of the version that we read, with an envelope of its own."""
    return data.lstrip().startswith(b"ISA") and b"005010X221A1" in data and b"IEA" in data


def landed(reading: x12.Reading) -> Tally:
    tables = reading.tables

    def total(table: str, column: str) -> Decimal:
        return pc.sum(tables[table][column]).as_py() or Decimal(0)

    return Tally(
        claims=len(tables["remit_claims"]),
        charge=total("remit_claims", "charge_amount"),
        paid=total("remit_claims", "paid_amount"),
        adjusted=total("remit_adjustments", "amount"),
        lines=len(tables["remit_lines"]),
        payments=total("remit_payments", "payment_amount"),
    )


IMS = "837_5010.x12_"
# why a file, or a part of it, is held; what is not listed here is loaded whole
_SE = "its 837 says in SE01 how many segments another file had that it was made from"
_ENDS = "written to be wrong: its envelope does not add up"
HELD: dict[str, tuple[list[tuple[str, str]], str]] = {
    f"{IMS}999_accepted.txt": ([("interchange", "E4")], "IEA02 is not ISA13"),
    f"{IMS}no_isa_line.txt": ([("file", "E1")], "written to be wrong: it has no ISA"),
    "blue_cross_nc_sample.txt": ([("file", "E1")], "an excerpt: no ISA, GS or IEA around its 835"),
    f"{IMS}complex.txt": ([("interchange", "E4")], f"{_ENDS} (GE01 counts 1 of 2 transactions)"),
    f"{IMS}multiple_gs.txt": ([("interchange", "E4")], f"{_ENDS} (IEA01 counts 1 of 3 groups)"),
    f"{IMS}multiple_st.txt": ([("interchange", "E4")], f"{_ENDS} (GE01 counts 1 of 2)"),
    **{
        f"{IMS}{name}.txt": ([("transaction", "E4")] * count, _SE)
        for name, count in {
            "ambiguous_loop": 1,
            "bad_first_line": 1,
            "bad_segment_identifier": 1,
            "bad_valid_code": 1,
            "loop_errors1_exceeds_max_1_parent": 1,
            "loop_errors2_exceeds_max_repeats_multiple_parents": 1,
            "loop_errors3_missing_loops": 1,
            "many_claims": 1,
            "missing_elements": 1,
            "missing_required_loop_in_one_repeat": 1,
            "missing_required_loops_mult_repeats": 1,
            "multiple_isa": 2,
            "multiple_transactions": 1,
            "no_errors": 1,
            "segment_errors": 1,
            "segments_out_of_order": 1,
            "valid": 1,
            "valid_different_separators": 1,
            "writer_test": 1,
        }.items()
    },
    "837_5010.x223-test.txt": ([("transaction", "E4")], _SE),
    "835_005010X221A1.tertiary-payment.835": (
        [("claim", "B2")],
        "its one claim does not balance: CLP03 less adjustments is not CLP04",
    ),
}
# composites are written with '>' although ISA16 says ':'. The header is binding, and a payer may
# well have a '>' in a value: guessing would turn text into codes. So values are kept as they are,
# the claims (which balance) are loaded, and one warning per transaction says what was found
OTHER_SEPARATOR = {
    "835_005010X221A1.cob-contractural-adjustment.835",
    "835_005010X221A1.secondary-payment.835",
    "837_005010X222A2.demo.cob.2ndary.example4.837",
    "837_005010X222A2.demo.example11.837",
    "837_005010X222A2.demo.example12.837",
    "837_005010X222A2.demo.example6.837",
    "837_005010X222A2.demo.example9.837",
    "837_005010X223A3.out-of-network-repriced-claim.837i",
    "837_005010X223A3.ppo-repriced-claim.837i",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_outcome_of_each_sample_is_known_and_has_a_reason(path: Path) -> None:
    reading = x12.parse(path.read_bytes(), path.name, accept_test=True)
    expected, why = HELD.get(path.name, ([], "well-formed: loaded whole"))
    assert [(item.level, item.rule_id) for item in reading.quarantine] == expected, why
    if not expected:
        (file,) = reading.received
        assert file.status == "loaded"
        assert sum(len(rows) for rows in reading.tables.values()) > 1


def test_another_component_separator_than_the_header_says_is_told() -> None:
    told = {
        path.name: [row["datum"] for row in warnings if row["kind"] == "ComponentSeparator"]
        for path in FILES
        if (warnings := x12.parse(path.read_bytes(), accept_test=True).tables["diagnostics"]
            .to_pylist())
    }  # fmt: skip
    assert {name for name, data in told.items() if data} == OTHER_SEPARATOR
    assert all(">" in value for data in told.values() for value in data)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_byte_of_a_sample_is_loaded_or_held_with_a_rule(path: Path) -> None:
    data = path.read_bytes()
    reading = x12.parse(data, path.name, accept_test=True)
    assert is_conserved(reading, data)
    assert all(item.rule_id and item.reason for item in reading.quarantine)
    if is_835(data):
        # what was held and what was loaded are together what the file says
        expected, found = tally(data), landed(reading)
        for item in reading.quarantine:
            held = tally(data[:106] + item.content)
            found.claims += held.claims
            found.charge += held.charge
            found.paid += held.paid
            found.adjusted += held.adjusted
            found.lines += held.lines
            found.payments += held.payments
        assert found == expected


def test_the_well_formed_remittances_are_loaded_whole() -> None:
    remits = [path for path in FILES if is_835(path.read_bytes())]
    held = {
        path.name: [
            (item.level, item.rule_id)
            for item in x12.parse(path.read_bytes(), accept_test=True).quarantine
        ]
        for path in remits
    }
    unbalanced = {name: rules for name, rules in held.items() if rules}
    expected = {name: [("claim", "B2")] for name in held if name.endswith("tertiary-payment.835")}
    assert remits
    assert unbalanced == expected


def test_the_institutional_claims_and_functional_acknowledgements_have_known_outcomes() -> None:
    """Rows and rules of each; where something is held, the file says two things of itself."""
    loaded = {
        "837_005010X223A3.institutional-claim.837i": (1, 2),
        "837_005010X223A3.out-of-network-repriced-claim.837i": (1, 1),
        "837_005010X223A3.ppo-repriced-claim.837i": (1, 2),
        "837_005010X223A3.two-claims-single-provider.837i": (2, 3),
    }
    found: dict[str, object] = {}
    for path in FILES:
        data = path.read_bytes()
        if b"005010X223" not in data.split(b"ST*")[0] and b"005010X231" not in data:
            continue
        reading = x12.parse(data, path.name, accept_test=True)
        tables = ("submitted_claims", "submitted_lines", "functional_acks")
        counts = tuple(n for table in tables if (n := len(reading.tables[table])))
        found[path.name] = counts or [(item.level, item.rule_id) for item in reading.quarantine]
    assert found == {
        **loaded,
        # IEA02 is not ISA13
        "837_5010.x12_999_accepted.txt": [("interchange", "E4")],
        "837_5010.x12_999_rejected.txt": (1,),
        # SE01 counts 25 segments of 48
        "837_5010.x223-test.txt": [("transaction", "E4")],
    }


def test_no_sample_stops_another() -> None:
    reading = x12.read([(path.name, path.read_bytes()) for path in FILES], accept_test=True)
    assert len(reading.received) == len(FILES)
    separate = [x12.parse(path.read_bytes(), path.name, accept_test=True) for path in FILES]
    for table in ("remit_claims", "submitted_claims", "ack_claims", "functional_acks"):
        alone = {
            row["interchange_sha256"] + row["_source_position"]
            for one in separate
            for row in one.tables[table].to_pylist()
        }
        together = reading.tables[table].to_pylist()
        assert {row["interchange_sha256"] + row["_source_position"] for row in together} == alone
