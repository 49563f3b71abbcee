"""The world's arrays as tables of facts, with the day on which each becomes known.

`recorded_date` or `arrival_date` is that day; `held_by` is the planted fault that must keep it in
quarantine; `claim` and `encounter` are row numbers of the world, which the truth does not show.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.feeds import banking, id_columns
from rcm_platform.world.feeds.databases import MISDATED_PAYMENT, misdated_payments
from rcm_platform.world.feeds.x12 import Lookup, batches, remit_files, trace_numbers
from rcm_platform.world.feeds.x12.lookup import frequencies
from rcm_platform.world.happened import contracts
from rcm_platform.world.happened.history import ODD_REASON_CODES, WHOLE_CHARGE, WITHOUT_REMARK
from rcm_platform.world.happened.kinds import (
    ADJUSTMENT_COUNT,
    BY_CONTRACT,
    CAPITATED,
    CAPITATION,
    CHARGE_CORRECTION,
    COINSURANCE,
    CONTRACTUAL,
    COPAY,
    DEDUCTIBLE,
    DENIAL,
    DISPENSING,
    FIRST_DECISION,
    INCENTIVE,
    INTEREST,
    INTERIM_DECISION,
    PACKAGED,
    PATIENT_PAYMENT,
    PENALTY,
    PRIOR_PAYER,
    PROVIDER_ADJUSTMENT_CODES,
    REFUND,
    REMIT_KINDS,
    SECOND_DECISION,
    SEQUESTER,
    STRANGER,
    SUBMISSION_KINDS,
    TRANSACTION_KINDS,
)
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import dates, identifier, money, take
from rcm_platform.world.support.rng import Flags, Ints

_EVENT_TYPES = (
    "CHARGE", "PAYER_PAYMENT", "CONTRACTUAL", "DENIAL_HOLD", "DENIAL_UPHELD",
    "TRANSFER_TO_PATIENT", "TRANSFER_TO_SECONDARY", "RECOUPMENT", "INTEREST", "CAPITATION",
    "UNAPPLIED_CASH",
    # in the order of TRANSACTION_KINDS:
    "PATIENT_PAYMENT", "DENIAL_WRITE_OFF", "ADMIN_WRITE_OFF", "SMALL_BALANCE", "BAD_DEBT",
    "CHARITY", "REFUND", "PROMPT_PAY_DISCOUNT", "CHARGE_CORRECTION",
)  # fmt: skip
(
    _CHARGE, _PAYER_PAYMENT, _CONTRACTUAL, _DENIAL_HOLD, _DENIAL_UPHELD, _TO_PATIENT,
    _TO_SECONDARY, _RECOUPMENT, _INTEREST, _CAPITATION, _UNAPPLIED_CASH, _FIRST_POSTING,
) = range(12)  # fmt: skip
_ADJUSTMENT_NAMES = {
    CONTRACTUAL: "contractual_amount",
    SEQUESTER: "sequester_amount",
    DEDUCTIBLE: "deductible_amount",
    COINSURANCE: "coinsurance_amount",
    COPAY: "copay_amount",
    DENIAL: "denied_amount",
    PRIOR_PAYER: "prior_payer_amount",
    DISPENSING: "dispensing_amount",
    INCENTIVE: "incentive_amount",
    PENALTY: "penalty_amount",
    PACKAGED: "packaged_amount",
    CAPITATED: "capitated_amount",
}
assert len(_ADJUSTMENT_NAMES) == ADJUSTMENT_COUNT


def facts(world: World) -> Iterator[tuple[str, pa.Table]]:
    """(name, table) of every fact about claims and money; `claims` first."""
    names = Names(world)
    yield "claims", _claims(world, names)
    yield "encounters", _encounters(world, names)
    yield "lines", _lines(world, names)
    yield "submissions", _submissions(world, names)
    yield "remit_claims", _remit_claims(world, names)
    yield "remit_lines", _remit_lines(world, names)
    yield "remits", _remits(world, names)
    yield "provider_adjustments", _provider_adjustments(world, names)
    yield "ledger", _ledger(world, names)
    yield "denials", _denials(world, names)
    yield "denial_work", _denial_work(world, names)
    yield "postings", _postings(world, names)
    yield "patients", _patients(world, names)
    yield "claim_files", _claim_files(world, names)


class Names:
    """Ids as Arrow columns. A stranger's claim counts from the number of claims on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._claims, self._visits = world.care.claims, world.care.encounters
        self.systems = world.hospitals.source_systems
        self.facilities = world.hospitals.facility_ids
        self.lookup = Lookup(world)
        self.batches = batches(self.lookup)

    def stranger(self, claim: Ints) -> Ints:
        """The row number under which the stranger that resembles a claim is known."""
        return claim + len(self._claims.key)

    def _own(self, claim: Ints) -> Ints:
        return claim % len(self._claims.key)

    def head(self, claim: Ints) -> dict[str, pa.Array]:
        """claim, source_system and claim_id."""
        own = self._own(claim)
        number = self._visits.number[self._claims.encounter[own]]
        ids = (number, 8), (self._claims.part[own], 2)
        is_stranger = pa.array(claim != own)
        claim_id = identifier("CLM", *ids)
        if (claim != own).any():
            claim_id = pc.if_else(is_stranger, identifier("CLX", *ids), claim_id)
        return {
            "claim": pa.array(claim),
            "source_system": take(self.systems, self._claims.hospital[own]),
            "claim_id": claim_id,
        }

    def encounter(self, encounter: Ints) -> pa.Array:
        return id_columns.encounters(self._world, encounter)

    def line(self, line: Ints, is_stranger: Flags | None = None) -> pa.Array:
        """Ids of charge lines; empty where `line` is -1. A stranger's line is like one of ours."""
        known = np.maximum(line, 0)
        ids = id_columns.charges(self._world, known)
        if is_stranger is not None and is_stranger.any():
            theirs = id_columns.charges(self._world, known, "X")
            ids = pc.if_else(pa.array(is_stranger), theirs, ids)
        if (line < 0).any():
            ids = pc.if_else(pa.array(line >= 0), ids, pa.scalar(None, ids.type))
        return ids

    def provider(self, provider: Ints) -> pa.Array:
        return id_columns.providers(self._world, provider)

    def patient(self, patient: Ints) -> pa.Array:
        return id_columns.patients(self._world, patient)

    def payer(self, payer: Ints) -> pa.Array:
        return id_columns.payers(self._world, payer)

    @cached_property
    def remit_files(self) -> pa.Array:
        """The 835 file of each payment, relative to `clearinghouse/`."""
        return pa.array(remit_files(self.lookup), pa.string())

    @cached_property
    def trace_numbers(self) -> pa.Array:
        """TRN02 of each payment."""
        return pa.array(trace_numbers(self.lookup), pa.string())


#: Planted faults that keep money in quarantine; 0 is none of them.
_HOLDING = (None, "unbalanced_claim", "unbalanced_payment", "misdated_payment")
_UNBALANCED_PAYMENT, _MISDATED_PAYMENT = 2, 3


def _holding(world: World) -> Ints:
    """The fault (of `_HOLDING`) that keeps each remit in quarantine; a payment's goes first."""
    remits, pays = world.history.remits, world.payments
    own = (remits.unbalanced_by != 0).astype(np.int64)
    return np.where((pays.unbalanced_by != 0)[payment_of_remit(world)], _UNBALANCED_PAYMENT, own)


def held_remits(world: World) -> Flags:
    """Remits that must be quarantined: unbalanced themselves, or in an unbalanced payment."""
    return _holding(world) > 0


def decisions_held_by(world: World, kind: Ints, claim: Ints) -> pa.Array:
    """The planted fault that keeps a claim's remit of a kind in quarantine; empty without one."""
    held = held_remits(world)
    remits, fault = world.history.remits, _holding(world)[held]
    found = np.zeros((len(REMIT_KINDS), len(world.care.claims.key)), dtype=np.int64)
    found[remits.kind[held], remits.claim[held]] = fault
    # what is billed after all parts of a stay is known once all of them are
    found[FIRST_DECISION] = np.maximum(found[FIRST_DECISION], found[INTERIM_DECISION])
    return _held_by(found[kind, claim])


def _held_by(fault: Ints) -> pa.Array:
    return pa.array(_HOLDING, pa.string()).take(pa.array(fault))


def payment_of_remit(world: World) -> Ints:
    return np.repeat(np.arange(len(world.payments.amount)), world.payments.remit_count)


def remit_claim(world: World, names: Names | None = None) -> Ints:
    """The claim that each remit is about; a stranger's is its own."""
    remits = world.history.remits
    names = names or Names(world)
    return np.where(remits.kind == STRANGER, names.stranger(remits.claim), remits.claim)


def _claims(world: World, names: Names) -> pa.Table:
    visits, claims = world.care.encounters, world.care.claims
    remits = world.history.remits
    every = np.arange(len(claims.key))
    strange = np.flatnonzero(remits.kind == STRANGER)
    own = np.concatenate([every, remits.claim[strange]])
    is_stranger = np.arange(len(own)) >= len(every)
    claim = np.where(is_stranger, names.stranger(own), own)
    encounter = claims.encounter[own]
    payer = np.concatenate([claims.payer, remits.payer[strange]])
    categories = contracts.service_category(world.parameters, world.care)

    def ours(column: pa.Array) -> pa.Array:
        return pc.if_else(pa.array(is_stranger), pa.scalar(None, column.type), column)

    return pa.table(
        {
            **names.head(claim),
            "is_stranger": pa.array(is_stranger),
            "encounter": ours(pa.array(encounter)),
            "encounter_id": ours(names.encounter(encounter)),
            "patient_id": ours(names.patient(visits.patient[encounter])),
            "provider_id": ours(names.provider(visits.provider[encounter])),
            "payer_id": names.payer(payer),
            "secondary_payer_id": pc.if_else(
                pa.array((claims.secondary_payer[own] >= 0) & ~is_stranger),
                names.payer(np.maximum(claims.secondary_payer[own], 0)),
                pa.scalar(None, pa.string()),
            ),
            "facility_id": take(names.facilities, claims.hospital[own]),
            "claim_form": take(["P", "I"], claims.is_institutional[own].astype(np.int64)),
            "service_category": take(list(contracts.CATEGORIES), categories[own]),
            "is_late_charge": pa.array(claims.is_late_charge[own] & ~is_stranger),
            "service_date": dates(visits.day[encounter]),
            "discharge_date": dates(visits.end_day[encounter]),
        }
    )


def _encounters(world: World, names: Names) -> pa.Table:
    visits, procedures = world.care.encounters, world.parameters.procedures
    every = np.arange(len(visits.key))
    arrival = visits.day + world.shifted_encounters.astype(np.int64)
    return pa.table(
        {
            "encounter": every,
            "source_system": take(names.systems, visits.hospital),
            "encounter_id": names.encounter(every),
            "patient_id": names.patient(visits.patient),
            "provider_id": names.provider(visits.provider),
            "facility_id": take(names.facilities, visits.hospital),
            "department_id": id_columns.departments(world.providers.department[visits.provider]),
            "encounter_type": take(procedures.text("visit_type"), visits.primary),
            "encounter_date": dates(visits.day),
            "discharge_date": dates(visits.end_day),
            "arrival_date": dates(arrival),
        }
    )


def _lines(world: World, names: Names) -> pa.Table:
    visits, claims, lines = world.care.encounters, world.care.claims, world.care.lines
    expected = contracts.expected_allowed(world.parameters, world.contracts, world.care)
    # how often something was done is told by the bill; of a stay in parts, by that of the part
    interim = world.history.interim
    place = np.arange(len(lines.claim)) - claims.first_line[lines.claim]
    part = np.minimum(place, interim.count[lines.claim] - 1)
    sent = np.choose(part, [sent[lines.claim] for sent in interim.sent])
    by_fee = contracts.is_priced_by_fee(world.parameters, world.contracts, world.care)
    told = np.where((part > 0) & by_fee, sent, claims.coded_day[lines.claim])
    return pa.table(
        {
            "encounter": lines.encounter,
            **names.head(lines.claim),
            "line_id": names.line(np.arange(len(lines.claim))),
            "encounter_id": names.encounter(lines.encounter),
            "procedure_code": take(world.parameters.procedures.text("code"), lines.procedure),
            "modifiers": _modifiers(world),
            "units": lines.units,
            "work_rvu": money(lines.work_rvu * lines.units),
            "charge_amount": money(lines.charge),
            "expected_amount": money(expected),
            "service_date": dates(visits.day[lines.encounter]),
            "work_date": dates(visits.coded_day[lines.encounter]),
            "arrival_date": dates(claims.coded_day[lines.claim]),
            "told_date": dates(told),
        }
    )


def _modifiers(world: World) -> pa.Array:
    """Modifiers of each charge line, with blanks between them; empty where it has none."""
    texts = pa.array(world.care.lines.modifiers, pa.string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _submissions(world: World, names: Names) -> pa.Table:
    sent = world.history.submissions
    return pa.table(
        {
            **names.head(sent.claim),
            "attempt": sent.attempt,
            "kind": take(list(SUBMISSION_KINDS), sent.kind),
            "payer_id": names.payer(sent.payer),
            "frequency_code": pa.array(
                frequencies(names.lookup, sent.claim, sent.attempt), pa.string()
            ),
            "source_file": take(names.batches.files, names.batches.of_submissions()),
            "charge_amount": money(sent.charge),
            "arrival_date": dates(sent.day),
            "ack_date": dates(sent.ack_day),
            "ack_status": take(["accepted", "rejected"], sent.is_rejected.astype(np.int64)),
        }
    )


def _remit_claims(world: World, names: Names) -> pa.Table:
    remits, lines = world.history.remits, world.history.remit_lines
    shown, theirs = ~remits.is_claim_level[lines.remit], remits.is_patient_contractual[lines.remit]
    is_ours = ~_moved_to_patient(world)

    def total(keep: Flags, *columns: int) -> Ints:
        sums = np.zeros(len(remits.claim), dtype=np.int64)
        np.add.at(sums, lines.remit, lines.adjustments[:, columns].sum(axis=1) * keep)
        return sums

    denied = total(shown & is_ours[lines.remit], DENIAL)
    denied += remits.charge * (remits.is_claim_level & is_ours)
    return pa.table(
        {
            **names.head(remit_claim(world, names)),
            "kind": take(list(REMIT_KINDS), remits.kind),
            "source_file": names.remit_files.take(pa.array(payment_of_remit(world))),
            "payer_id": names.payer(remits.payer),
            "charge_amount": money(remits.charge),
            "paid_amount": money(remits.paid),
            "allowed_amount": money(remits.allowed),
            "expected_amount": money(remits.expected),
            "contractual_amount": money(total(~theirs, *BY_CONTRACT)),
            "denied_amount": money(denied),
            "patient_responsibility_amount": money(remits.patient_share),
            "prior_payer_amount": money(total(np.ones_like(theirs), PRIOR_PAYER)),
            "line_count": pa.array(np.where(remits.is_claim_level, 0, remits.line_count)),
            "is_denied": pa.array(remits.denial >= 0),
            "event_date": dates(remits.payment_day),
            "recorded_date": dates(remits.era_day),
            "held_by": _held_by(_holding(world)),
        }
    )


def _moved_to_patient(world: World) -> Flags:
    """Per remit: whether its denial leaves the patient to pay; meaningless without a denial."""
    to_patient = np.array(world.parameters.denials.text("group_code")) == "PR"
    moved: Flags = to_patient[world.history.remits.denial]
    return moved


def _is_denied_again(world: World) -> Flags:
    """Per remit: a second decision, of whose claim a first one was received that denied it."""
    remits = world.history.remits
    first = (remits.kind == FIRST_DECISION) & (remits.denial >= 0) & ~held_remits(world)
    denied = np.zeros(len(world.care.claims.key), dtype=bool)
    denied[remits.claim[first]] = True
    again: Flags = (remits.kind == SECOND_DECISION) & denied[remits.claim]
    return again


def _remit_lines(world: World, names: Names) -> pa.Table:
    remits, lines = world.history.remits, world.history.remit_lines
    claim = remit_claim(world, names)[lines.remit]
    by_contract = contracts.expected_allowed(world.parameters, world.contracts, world.care)
    told = contracts.as_told(world.parameters, world.draws, world.care, by_contract)
    is_denied = lines.adjustments[:, DENIAL] != 0
    expected = np.where(is_denied, by_contract[lines.line], told[lines.line])
    return pa.table(
        {
            **names.head(claim),
            "kind": take(list(REMIT_KINDS), remits.kind[lines.remit]),
            "is_shown": pa.array(~remits.is_claim_level[lines.remit]),
            "line_id": names.line(lines.line, remits.kind[lines.remit] == STRANGER),
            "procedure_code": take(
                world.parameters.procedures.text("code"), world.care.lines.procedure[lines.line]
            ),
            "modifiers": _modifiers(world).take(pa.array(lines.line)),
            "units": world.care.lines.units[lines.line],
            "charge_amount": money(lines.charge),
            "paid_amount": money(lines.paid),
            "allowed_amount": money(lines.allowed),
            "expected_amount": money(expected),
            **{
                name: money(lines.adjustments[:, column])
                for column, name in _ADJUSTMENT_NAMES.items()
            },
            "event_date": dates(remits.payment_day[lines.remit]),
            "recorded_date": dates(remits.era_day[lines.remit]),
            "held_by": _held_by(_holding(world)[lines.remit]),
        }
    )


def _remits(world: World, names: Names) -> pa.Table:
    pays = world.payments
    return pa.table(
        {
            "source_file": names.remit_files,
            "source_system": take(names.systems, pays.hospital),
            "facility_id": take(names.facilities, pays.hospital),
            "payer_id": names.payer(pays.payer),
            "trace_number": names.trace_numbers,
            "payment_amount": money(pays.amount),
            "payment_date": dates(pays.payment_day),
            "arrival_date": dates(pays.era_day),
            "claim_count": pays.remit_count,
            "provider_adjustment_count": pays.adjustment_count,
            "held_by": _held_by(_UNBALANCED_PAYMENT * (pays.unbalanced_by != 0)),
        }
    )


def _provider_adjustments(world: World, names: Names) -> pa.Table:
    pays, plb = world.payments, world.history.provider_adjustments
    named = names.head(np.maximum(plb.claim, 0))
    return pa.table(
        {
            "source_system": take(names.systems, pays.hospital[plb.payment]),
            "claim_id": pc.if_else(
                pa.array(plb.claim >= 0), named["claim_id"], pa.scalar(None, pa.string())
            ),
            "source_file": names.remit_files.take(pa.array(plb.payment)),
            "payer_id": names.payer(pays.payer[plb.payment]),
            "reason_code": take(list(PROVIDER_ADJUSTMENT_CODES), plb.code),
            "amount": money(plb.amount),
            "event_date": dates(pays.payment_day[plb.payment]),
            "arrival_date": dates(pays.era_day[plb.payment]),
            "held_by": _held_by(_UNBALANCED_PAYMENT * (pays.unbalanced_by != 0)[plb.payment]),
        }
    )


class _Entries:
    """Collects ledger entries; those of zero vanish."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints | Flags, ...]] = []

    def add(
        self, claim: Ints, kind: int | Ints, event: Ints, recorded: Ints, amounts: Ints,
        signs: tuple[int, int, int], held: Ints, hospital: Ints | None = None,
        line: Ints | None = None,
    ) -> None:  # fmt: skip
        """`signs` of the effect on receivables, cash and memo; `hospital` where claim is -1.

        Without `line` the event is of the whole claim.
        """
        keep = np.flatnonzero(amounts)
        amount = amounts[keep]
        kinds = np.broadcast_to(np.asarray(kind), claim.shape)[keep]
        where = np.zeros(len(keep), dtype=np.int64) if hospital is None else hospital[keep]
        on = np.full(len(keep), -1) if line is None else line[keep]
        ar, cash, memo = (amount * sign for sign in signs)
        self._parts.append(
            (claim[keep], on, kinds, event[keep], recorded[keep], ar, cash, memo, held[keep], where)
        )

    def columns(self) -> list[Ints]:
        return [np.concatenate(column) for column in zip(*self._parts, strict=True)]


def _ledger(world: World, names: Names) -> pa.Table:
    """All ledger entries: claim, line, event_type, dates, amounts, held_by."""
    visits, claims, lines = world.care.encounters, world.care.claims, world.care.lines
    remits, remit_lines = world.history.remits, world.history.remit_lines
    posted, pays, plb = (
        world.history.transactions,
        world.payments,
        world.history.provider_adjustments,
    )
    entries = _Entries()

    entries.add(
        lines.claim, _CHARGE, visits.day[lines.encounter], claims.coded_day[lines.claim],
        lines.charge, (1, 0, 0), np.zeros(len(lines.claim), dtype=np.int64),
        line=np.arange(len(lines.claim)),
    )  # fmt: skip
    held, about = _holding(world), remit_claim(world, names)
    decided = (remits.payment_day, remits.era_day)
    remit, line = remit_lines.remit, remit_lines.line
    on_line = (remits.payment_day[remit], remits.era_day[remit])
    claim, misplaced = about[remit], remits.is_patient_contractual[remit]

    # what is said of a remittance's lines, and the rest, which is said of the claim alone; a claim
    # that is denied as a whole comes without lines
    told = ~remits.is_claim_level[remit]

    def split(whole: Ints, by_line: Ints) -> tuple[Ints, Ints]:
        shown = np.where(told, by_line, 0)
        rest = whole.copy()
        np.subtract.at(rest, remit, shown)
        return shown, rest

    # the charge of a claim that was never sent is known from its first remittance alone
    service = visits.day[claims.encounter[remits.claim]]
    is_strange = remits.kind == STRANGER
    shown, rest = split(remits.charge, remit_lines.charge)
    entries.add(
        about, _CHARGE, service, remits.era_day, np.where(is_strange, rest, 0), (1, 0, 0), held
    )
    entries.add(
        claim, _CHARGE, service[remit], remits.era_day[remit],
        np.where(is_strange[remit], shown, 0), (1, 0, 0), held[remit], line=line,
    )  # fmt: skip
    shown, rest = split(remits.paid, remit_lines.paid)
    entries.add(about, _PAYER_PAYMENT, *decided, rest, (-1, 1, 0), held)
    entries.add(claim, _PAYER_PAYMENT, *on_line, shown, (-1, 1, 0), held[remit], line=line)

    for column in BY_CONTRACT:
        amounts = remit_lines.adjustments[:, column]
        ours, theirs = np.where(misplaced, 0, amounts), np.where(misplaced, amounts, 0)
        entries.add(claim, _CONTRACTUAL, *on_line, ours, (-1, 0, 0), held[remit], line=line)
        entries.add(claim, _TO_PATIENT, *on_line, theirs, (0, 0, 1), held[remit], line=line)
    for column in (DEDUCTIBLE, COINSURANCE, COPAY):
        amounts = remit_lines.adjustments[:, column]
        entries.add(claim, _TO_PATIENT, *on_line, amounts, (0, 0, 1), held[remit], line=line)
    amounts = remit_lines.adjustments[:, PRIOR_PAYER]
    entries.add(claim, _TO_SECONDARY, *on_line, amounts, (0, 0, 1), held[remit], line=line)

    kind = np.where(_is_denied_again(world), _DENIAL_UPHELD, _DENIAL_HOLD)
    kind = np.where(_moved_to_patient(world), _TO_PATIENT, kind)
    one = np.where(remits.is_claim_level, remits.charge, 0)
    entries.add(about, kind, *decided, one, (0, 0, 1), held)
    by_line = np.where(remits.is_claim_level[remit], 0, remit_lines.adjustments[:, DENIAL])
    entries.add(claim, kind[remit], *on_line, by_line, (0, 0, 1), held[remit], line=line)

    code = np.select(
        [plb.code == INTEREST, plb.code == CAPITATION], [_INTEREST, _CAPITATION], _RECOUPMENT
    )
    entries.add(
        np.full(len(plb.payment), -1), code, pays.payment_day[plb.payment],
        pays.era_day[plb.payment], plb.amount, (0, -1, 0),
        _UNBALANCED_PAYMENT * (pays.unbalanced_by != 0)[plb.payment],
        hospital=pays.hospital[plb.payment],
    )  # fmt: skip

    # a deposit that comes before its remittance, or whose remittance is held, is applied to nothing
    # until that comes
    is_unknown = (pays.era_day > pays.deposit_day) | (pays.unbalanced_by != 0)
    amount = np.where(is_unknown, banking.named_amounts(world), 0)
    nobody = np.full(len(amount), -1)
    came, explained = pays.deposit_day, np.maximum(pays.era_day, pays.deposit_day)
    entries.add(
        nobody, _UNAPPLIED_CASH, came, came, amount, (0, 1, 0),
        np.zeros(len(amount), dtype=np.int64), hospital=pays.hospital,
    )  # fmt: skip
    entries.add(
        nobody, _UNAPPLIED_CASH, came, explained, amount, (0, -1, 0),
        _UNBALANCED_PAYMENT * (pays.unbalanced_by != 0),
        hospital=pays.hospital,
    )  # fmt: skip

    is_cash = (posted.kind == PATIENT_PAYMENT) | (posted.kind == REFUND)
    is_charge = posted.kind == CHARGE_CORRECTION
    event = np.where(is_cash, posted.paid_day, posted.insert_day)
    free = np.zeros(len(posted.claim), dtype=np.int64)
    for mask, signs in (
        (is_cash, (-1, 1, 0)),
        (is_charge, (1, 0, 0)),
        (~is_cash & ~is_charge, (-1, 0, 0)),
    ):
        entries.add(
            posted.claim, posted.kind + _FIRST_POSTING, event, posted.insert_day,
            np.where(mask, posted.amount, 0), signs, free,
        )  # fmt: skip

    keyed = np.flatnonzero(misdated_payments(world))
    entries.add(
        keyed, PATIENT_PAYMENT + _FIRST_POSTING, claims.coded_day[keyed], claims.coded_day[keyed],
        np.full_like(keyed, MISDATED_PAYMENT), (-1, 1, 0), np.full_like(keyed, _MISDATED_PAYMENT),
    )  # fmt: skip

    who, on, kinds, event, recorded, ar, cash, memo, fault, hospital = entries.columns()
    is_nobody = pa.array(who < 0)
    head = names.head(np.maximum(who, 0))
    return pa.table(
        {
            "claim": pc.if_else(is_nobody, pa.scalar(None, pa.int64()), head["claim"]),
            "source_system": pc.if_else(
                is_nobody, take(names.systems, hospital), head["source_system"]
            ),
            "claim_id": pc.if_else(is_nobody, pa.scalar(None, pa.string()), head["claim_id"]),
            "line_id": names.line(on, who >= len(claims.key)),
            "event_type": take(list(_EVENT_TYPES), kinds),
            "event_date": dates(event),
            "recorded_date": dates(recorded),
            "ar_amount": money(ar),
            "cash_amount": money(cash),
            "memo_amount": money(memo),
            "held_by": _held_by(fault),
        }
    )


def _denials(world: World, names: Names) -> pa.Table:
    """One row per denial adjustment, with the reason that the payer gave."""
    remits, remit_lines, mix = (
        world.history.remits,
        world.history.remit_lines,
        world.parameters.denials,
    )
    by_line = (remit_lines.adjustments[:, DENIAL] > 0) & ~remits.is_claim_level[remit_lines.remit]
    places = np.flatnonzero(by_line)
    whole = np.flatnonzero(remits.is_claim_level)
    remit = np.concatenate([remit_lines.remit[places], whole])
    reason, odd = remits.denial[remit], remits.odd_reason[remit]
    given = take(list(ODD_REASON_CODES), odd)
    categories = ("", "Authorization", "Unspecified", "Missing/invalid data")
    assert len(categories) - 1 == WITHOUT_REMARK
    is_odd = pa.array(odd > 0)
    return pa.table(
        {
            **names.head(remit_claim(world, names)[remit]),
            "line_id": pa.concat_arrays(
                [
                    names.line(
                        remit_lines.line[places], remits.kind[remit_lines.remit[places]] == STRANGER
                    ),
                    pa.nulls(len(whole), pa.string()),
                ]
            ),
            "carc": pc.if_else(is_odd, given, take(mix.text("carc"), reason)),
            "group_code": pc.if_else(
                pa.array(odd == WHOLE_CHARGE), "CO", take(mix.text("group_code"), reason)
            ),
            "remark_code": pc.if_else(
                pa.array(odd == WITHOUT_REMARK), None, take(mix.text("remark_code"), reason)
            ),
            "category": pc.if_else(
                is_odd, take(list(categories), odd), take(mix.text("category"), reason)
            ),
            "amount": money(np.concatenate([remit_lines.charge[places], remits.charge[whole]])),
            "event_date": dates(remits.payment_day[remit]),
            "recorded_date": dates(remits.era_day[remit]),
            "held_by": _held_by(_holding(world)[remit]),
        }
    )


def _denial_work(world: World, names: Names) -> pa.Table:
    work, mix = world.history.denial_work, world.parameters.denials
    payer = world.care.claims.payer[work.claim]
    return pa.table(
        {
            **names.head(work.claim),
            "payer_class": take(list(world.parameters.payers.classes), payer),
            "carc": take(mix.text("carc"), work.denial),
            "category": take(mix.text("category"), work.denial),
            "denied_date": dates(work.denied_day),
            "action": take(["none", "replacement", "appeal"], work.action),
            "action_date": _dates_or_null(work.action_day),
            "decided_date": _dates_or_null(work.decided_day),
            "outcome": take(["upheld", "overturned"], work.is_won.astype(np.int64)),
            "write_off_date": _dates_or_null(work.write_off_day),
        }
    )


def _postings(world: World, names: Names) -> pa.Table:
    posted, coded_day = world.history.transactions, world.care.claims.coded_day
    keyed = np.flatnonzero(misdated_payments(world))

    def column(rows: Ints, of_keyed: Ints) -> Ints:
        return np.concatenate([rows, of_keyed])

    held = column(np.zeros_like(posted.claim), np.full_like(keyed, _MISDATED_PAYMENT))
    return pa.table(
        {
            **names.head(column(posted.claim, keyed)),
            "kind": take(
                list(TRANSACTION_KINDS), column(posted.kind, np.full_like(keyed, PATIENT_PAYMENT))
            ),
            "amount": money(column(posted.amount, np.full_like(keyed, MISDATED_PAYMENT))),
            "event_date": dates(column(posted.paid_day, coded_day[keyed])),
            "arrival_date": dates(column(posted.insert_day, coded_day[keyed])),
            "held_by": _held_by(held),
        }
    )


def _patients(world: World, names: Names) -> pa.Table:
    people = world.care.patients
    return pa.table(
        {
            "source_system": take(names.systems, people.hospital),
            "patient_id": people.ids(),
            "registered_date": dates(people.registered_day),
            "gender": take(["male", "female"], people.is_female),
            "birth_date": dates(people.birth_day),
            "arrival_date": dates(people.registered_day),
        }
    )


def _claim_files(world: World, names: Names) -> pa.Table:
    batch = names.batches
    return pa.table(
        {
            "source_system": take(names.systems, batch.hospital),
            "source_file": pa.array(batch.files, pa.string()),
            "claim_count": batch.end - batch.first,
            "arrival_date": dates(batch.day),
            "receipt_file": pc.if_else(
                pa.array(batch.is_unreceipted),
                pa.scalar(None, pa.string()),
                pa.array(batch.receipts, pa.string()),
            ),
            "receipt_date": pc.if_else(
                pa.array(batch.is_unreceipted), pa.scalar(None, pa.date32()),
                dates(batch.receipt_day),
            ),
        }
    )  # fmt: skip


def _dates_or_null(days: Ints) -> pa.Array:
    return pc.if_else(pa.array(days > 0), dates(days), pa.scalar(None, pa.date32()))
