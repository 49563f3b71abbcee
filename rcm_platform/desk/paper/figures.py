"""What the figures know of the claims, payers and reasons that a remittance on paper names.

Whoever asks hands over how rows are read: at the desk that is the viewer's reader, so that nobody
finds a claim of an organization that is not theirs.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rcm_platform.desk.paper.remittance import DECISIONS, BilledClaim, Payee, Payer
from rcm_platform.desk.query import Between, Is, Query, Row
from rcm_platform.ingest.feeds import X12_SOURCES, from_world
from rcm_platform.settings import Settings

Rows = Callable[[Query], Sequence[Row]]

CLAIMS, REMITTANCES, PAYMENTS = "fct_claims", "fct_remittances", "mart_cash_reconciliation"
STATUSES = "claim_status_codes"
OFFERED_CLAIMS = 10


@dataclass(frozen=True)
class Reason:
    """An adjustment reason (CARC) in words, and the group that it usually stands in."""

    reason_code: str
    label: str
    group_code: str | None


def claims_of(settings: Settings, rows: Rows, number: str) -> list[BilledClaim]:
    """The claims with this number or key, the latest service first; none that the reader may not
    see."""
    text = number.strip()
    for column in ("claim_key", "claim_id"):
        query = Query(
            CLAIMS,
            where=(Is(column, (text,)),),
            order=("-service_date", "claim_key"),
            limit=OFFERED_CLAIMS,
        )
        if found := rows(query):
            return [_claim(settings, rows, row) for row in found]
    return []


def payers(rows: Rows) -> dict[str, Payer]:
    """Every payer by key, by name."""
    found = rows(Query("dim_payer", ("payer_key", "payer_id", "payer_name"), order=("payer_name",)))
    return {
        row["payer_key"]: Payer(row["payer_id"], row["payer_name"] or row["payer_id"])
        for row in found
    }


def reasons(rows: Rows) -> dict[str, Reason]:
    """The adjustment reasons that are in force, by code."""
    found = rows(
        Query(
            "carc_codes",
            ("reason_code", "label", "group_code"),
            where=(Is("retired_date", (None,)),),
            order=("reason_code",),
        )
    )
    listed = [Reason(row["reason_code"], row["label"], row["group_code"]) for row in found]
    return {one.reason_code: one for one in sorted(listed, key=_place)}


def statuses(project_dir: Path) -> dict[str, str]:
    """What a payer can have decided, in words: the seed `claim_status_codes`."""
    with (project_dir / "seeds" / f"{STATUSES}.csv").open(encoding="utf-8") as lines:
        listed = {row["claim_status_code"]: row["label"] for row in csv.DictReader(lines)}
    return {code: listed[code] for code in DECISIONS if code in listed}


def payer_claim_number(rows: Rows, claim: BilledClaim, payer_key: str) -> str | None:
    """The payer's own number of a claim, as its last answer gave it."""
    found = rows(
        Query(
            REMITTANCES,
            ("payer_claim_number",),
            where=(Is("claim_key", (claim.claim_key,)), Is("payer_key", (payer_key,))),
            order=("-remit_number",),
            limit=1,
        )
    )
    return found[0]["payer_claim_number"] if found else None


def came_by_file(rows: Rows, payer_key: str, check_number: str) -> Row | None:
    """A payment of this payer and number that the figures have already, whoever sent it."""
    found = rows(
        Query(
            PAYMENTS,
            ("payment_date", "remitted_amount", "source_file"),
            where=(Is("payer_key", (payer_key,)), Is("trace_number", (check_number.strip(),))),
            order=("-payment_date",),
            limit=1,
        )
    )
    return found[0] if found else None


def posted_files(rows: Rows, names: Sequence[str]) -> set[str]:
    """Which of these files the figures have."""
    query = Query(REMITTANCES, ("source_file",), where=(Is("source_file", tuple(names)),))
    return {row["source_file"] for row in rows(query)}


def repeated_files(rows: Rows, names: Sequence[str]) -> set[str]:
    """Which of these files repeat what another brought, so that they do not count (D3)."""
    of_them = (Is("rule_id", ("D3",)), Is("source_file", tuple(names)))
    found = rows(Query("mart_data_exceptions", ("source_file",), where=of_them))
    return {row["source_file"] for row in found}


def _claim(settings: Settings, rows: Rows, row: Row) -> BilledClaim:
    facilities = rows(Query("dim_facility", where=(Is("facility_key", (row["facility_key"],)),)))
    facility = facilities[0] if facilities else {}
    patients = rows(
        Query(
            "dim_patient",
            ("last_name", "first_name"),
            where=(Is("patient_version_key", (row["patient_version_key"],)),),
        )
    )
    patient = patients[0] if patients else {}
    answers = (
        rows(
            Query(
                REMITTANCES,
                ("payer_claim_number",),
                where=(Is("claim_key", (row["claim_key"],)), Between("payer_claim_number", "")),
                order=("remit_number",),
                limit=1,
            )
        )
        if row["source_system"] in X12_SOURCES
        else ()
    )
    return BilledClaim(
        claim_key=row["claim_key"],
        source_system=row["source_system"],
        claim_id=row["claim_id"],
        charge_amount=row["charge_amount"],
        service_date=row["service_date"],
        patient_last_name=patient.get("last_name"),
        patient_first_name=patient.get("first_name"),
        payer_key=row["payer_key"],
        payee=Payee(
            facility.get("facility_name") or "",
            facility.get("npi"),
            facility.get("tin"),
            _stands_in_for(settings, row["source_system"]),
        ),
        answered_number=answers[0]["payer_claim_number"] if answers else None,
    )


def _stands_in_for(settings: Settings, source_system: str) -> str:
    """The X12 source that brings the remittances of a claim: its own, of a practice that files
    alone name; of a hospital, the one that its payers send to."""
    if source_system in X12_SOURCES:
        return source_system
    return "clearinghouse" if source_system in from_world(settings) else "x12_folder"


def _place(one: Reason) -> tuple[int, str]:
    code = one.reason_code
    return (0, code.rjust(6)) if code.isdigit() else (1, code)
