"""Transactions of one set, as bytes → Arrow tables with the columns of `tables.py`, by oxedi.

The only module that knows oxedi. Which segment feeds which column is in `specs/*.json`: their
tables and columns have our names; a column `x__2` stands in where `x` is absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import oxedi
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.sources.x12.splitter import PADDING, Delimiters
from rcm_platform.sources.x12.tables import TABLES
from rcm_platform.sources.x12.wrapping import inner_breaks

Rows = npt.NDArray[np.int64]

REFERENCES = ("transaction", "segment", "claim", "line")
"""Columns beside those of `tables.py`: 0-based transaction, segment in it, claim and line rows."""


@dataclass(frozen=True)
class TransactionSet:
    """How one transaction set is read: its spec, its tables, and where a claim's loop ends."""

    spec: str
    transactions: str
    claims: str | None
    lines: str | None = None
    claim_loop: str = ""
    line_loop: str = ""
    claim_ends: frozenset[bytes] = frozenset()
    levels: tuple[str, ...] = ()
    """HL03 of its levels, each under the one before it."""
    claim_form: str | None = None
    """Of an 837: P professional, I institutional."""


SETS = {
    "835": TransactionSet(
        spec="835.patch.json",
        transactions="remit_payments",
        claims="remit_claims",
        lines="remit_lines",
        claim_loop="2100",
        line_loop="2110",
        claim_ends=frozenset((b"CLP", b"LX", b"PLB", b"SE")),
    ),
    "837P": TransactionSet(
        spec="837p.json",
        transactions="transactions",
        claims="submitted_claims",
        lines="submitted_lines",
        claim_loop="2300",
        line_loop="2400",
        claim_ends=frozenset((b"CLM", b"HL", b"SE")),
        levels=("20", "22", "23"),
        claim_form="P",
    ),
    "837I": TransactionSet(
        spec="837i.json",
        transactions="transactions",
        claims="submitted_claims",
        lines="submitted_lines",
        claim_loop="2300",
        line_loop="2400",
        claim_ends=frozenset((b"CLM", b"HL", b"SE")),
        levels=("20", "22", "23"),
        claim_form="I",
    ),
    "277CA": TransactionSet(
        spec="277ca.json",
        transactions="transactions",
        claims="ack_claims",
        claim_loop="2200D",
        claim_ends=frozenset((b"TRN", b"HL", b"SE")),
        levels=("20", "21", "19", "PT"),
    ),
    "999": TransactionSet(spec="999.json", transactions="transactions", claims=None),
}


@cache
def _spec(file: str) -> oxedi.Spec:
    text = (files(__package__) / "specs" / file).read_text(encoding="utf-8")
    refuse_untyped(file, text)
    is_patch = file.endswith(".patch.json")
    return oxedi.Spec.builtin().patch(text) if is_patch else oxedi.Spec.from_json(text)


def refuse_untyped(file: str, text: str) -> None:
    """Raise ValueError where a spec reads a column of a raw table that `tables.py` has no type for:
    it would be read and then left out."""
    for table, known in json.loads(text)["tables"].items():
        if known and table in TABLES:
            untyped = {name.partition("__")[0] for name in known["columns"]} - set(
                TABLES[table].names
            )
            if untyped:
                raise ValueError(
                    f"specs/{file}: {table} reads {', '.join(sorted(untyped))}, of which tables.py "
                    "says no type: add it there, and to the staging model of the table"
                )


def parse_only(name: str, data: bytes) -> int:
    """The parser's work on a whole file of set `name` and none of ours: what landing is measured
    by. Returns the number of rows."""
    result = oxedi.parse(data, spec=_spec(SETS[name].spec))
    return sum(len(result.tables[table]) for table in result.tables)


@dataclass
class Parsed:
    """What one call of oxedi found in some transactions of the same set and delimiters.

    `tables` hold every row, faulty ones too, with the columns of `tables.py` that come from the
    data and those of `REFERENCES`. `unread` are the segments that the spec has no place for, as
    they were sent (E10). `hierarchy` has a row per level (HL) of a set that has levels, as sent:
    number, parent, level. `unreadable` lists (transaction, segment, reason) of amounts and text
    that cannot be read; `torn` (transaction, segment, name) of segments with a line break within;
    `second_payers` (transaction, segment) of an N1*PR that names another payer than the first of
    its transaction; `broken` the transactions whose segments do not nest.
    """

    set: TransactionSet
    document: oxedi.Document
    first_segments: Rows
    first_bytes: Rows
    tables: dict[str, pa.Table]
    diagnostics: pa.Table
    unread: pa.Table
    hierarchy: pa.Table | None = None
    unreadable: list[tuple[int, int, str]] = field(default_factory=list)
    torn: list[tuple[int, int, str]] = field(default_factory=list)
    second_payers: list[tuple[int, int]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    widened: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Which of the parsed bytes the data has not: those behind the first of each letter that was
    not UTF-8."""

    @property
    def claims(self) -> pa.Table | None:
        """The table of claims; None in a set that holds none."""
        return self.tables[self.set.claims] if self.set.claims else None

    @cached_property
    def _claims(self) -> tuple[Rows, Rows]:
        claims = self.claims
        if claims is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        transactions = _integers(claims["transaction"])
        return transactions, self.first_segments[transactions] + _integers(claims["segment"])

    def claim_at(self, transaction: int, segment: int) -> int | None:
        """The claim whose loop holds a segment of a transaction; None outside any claim."""
        transactions, starts = self._claims
        wanted = int(self.first_segments[transaction]) + segment
        claim = int(np.searchsorted(starts, wanted, side="right")) - 1
        if claim < 0 or transactions[claim] != transaction:
            return None
        return claim if wanted < self._claim_end(claim) else None

    def claim_span(self, claim: int) -> tuple[int, int, int]:
        """(transaction, first byte, end byte) of a claim's loop, counted in its transaction."""
        transactions, starts = self._claims
        transaction = int(transactions[claim])
        first = self.document[int(starts[claim])]
        lead = len(first.raw) - len(first.raw.lstrip(PADDING))
        end = self.document[self._claim_end(claim) - 1].span[1]
        base = int(self.first_bytes[transaction])
        return transaction, self._sent(first.span[0] + lead) - base, self._sent(end) - base

    def adjustments_without_reason(self, transaction: int, claim: int | None) -> list[str]:
        """The elements of a claim's CAS segments, or of the PLB segments of its transaction, that
        should be the reason of an amount, and are blank: the amount is in no row."""
        if claim is not None:
            first, end = int(self._claims[1][claim]), self._claim_end(claim)
            return self._blank_reasons(first, end, b"CAS", 2, 3)
        starts = self.first_segments
        is_last = transaction + 1 == len(starts)
        end = len(self.document) if is_last else int(starts[transaction + 1])
        return self._blank_reasons(int(starts[transaction]), end, b"PLB", 3, 2)

    def _blank_reasons(self, first: int, end: int, tag: bytes, at: int, step: int) -> list[str]:
        delimiters = self.document.delimiters
        found: list[str] = []
        for number in range(first, end):
            segment = self.document[number]
            if segment.id != tag:
                continue
            text = segment.raw.strip(PADDING).removesuffix(delimiters.segment)
            elements = [element.strip() for element in text.split(delimiters.element)]
            found += [
                f"{tag.decode()}{reason:02d}"
                for reason in range(at, len(elements) - 1, step)
                if elements[reason + 1] and not elements[reason]
            ]
        return found

    def _sent(self, at: int) -> int:
        """A place among the parsed bytes → the place in the data as it was sent."""
        return at - int(np.searchsorted(self.widened, at))

    def claims_from(self, transaction: int, segment: int) -> tuple[list[int], bool]:
        """The claims of a transaction that begin behind a segment, and whether those are all."""
        transactions, starts = self._claims
        of_it = np.flatnonzero(transactions == transaction)
        behind = of_it[starts[of_it] > int(self.first_segments[transaction]) + segment]
        return behind.tolist(), len(behind) == len(of_it)

    def add_claim_note(self, claim: int, kind: str, rule: str) -> None:
        """Write down something odd about a claim that is loaded."""
        assert self.claims is not None
        transaction, segment = (self.claims[n][claim].as_py() for n in ("transaction", "segment"))
        self.add_note(transaction, segment, kind, rule, f"/{self.set.claim_loop}#1")

    def add_note(
        self, transaction: int, segment: int, kind: str, rule: str, path: str = ""
    ) -> None:
        """Write down something odd about data that is loaded."""
        odd = _Finding(transaction, segment, 1, kind, rule, None, path, None)
        noted = _findings(self, [odd])
        there = self.diagnostics
        self.diagnostics = pa.concat_tables([there, noted]) if len(there) else noted

    def _claim_end(self, claim: int) -> int:
        starts = self._claims[1]
        at = int(starts[claim]) + 1
        # a claim that lacks its first segment starts at another one, wherever oxedi saw it begin
        stop = int(starts[claim + 1]) if claim + 1 < len(starts) else len(self.document)
        while at < stop and self.document[at].id not in self.set.claim_ends:
            at += 1
        return at


def read(
    name: str,
    transactions: Sequence[bytes | memoryview],
    delimiters: Delimiters,
    segment_counts: Sequence[int] | None = None,
) -> Parsed:
    """Parse transactions (each from ST to the terminator of its SE) of set `name`.

    `segment_counts` are their numbers of terminators, for who knows them already.
    """
    kind = SETS[name]
    data = b"".join(transactions)
    lengths = np.array([len(t) for t in transactions], dtype=np.int64)
    text = _Text(data, np.cumsum(lengths) - lengths)
    if not data.isascii():
        text = _decoded_text([*map(bytes, transactions)], delimiters.segment)
        data = text.data
    if segment_counts is None:
        segment_counts = [bytes(t).count(delimiters.segment) for t in transactions]
    first_bytes = np.cumsum(lengths) - lengths
    counts = np.array(segment_counts, dtype=np.int64)
    first_segments = np.cumsum(counts) - counts
    result = oxedi.parse(
        data,
        spec=_spec(kind.spec),
        delimiters=oxedi.Delimiters(
            element=delimiters.element,
            component=delimiters.component,
            segment=delimiters.segment,
            repetition=delimiters.repetition,
        ),
    )
    raw = {table: pa.table(result.tables[table]) for table in result.tables}
    for table, rows in raw.items():
        raw[table] = _locate(rows, first_segments)
    per_transaction = np.bincount(
        _integers(raw[kind.transactions]["transaction"]), minlength=len(transactions)
    )
    tables = {table: _typed(rows, TABLES[table]) for table, rows in _join(kind, raw).items()}
    _number(tables, kind)
    parsed = Parsed(
        set=kind,
        document=result.document,
        first_segments=first_segments,
        first_bytes=first_bytes,
        tables=tables,
        diagnostics=TABLES["diagnostics"].empty_table(),
        unread=TABLES["unread_segments"].empty_table(),
        hierarchy=raw.get("hierarchy"),
        unreadable=text.unreadable,
        torn=list(_torn(text, delimiters.segment)),
        broken=np.flatnonzero(per_transaction != 1).tolist(),
        widened=text.widened,
    )
    foreign = _foreign_separators(name, data, text.starts.tolist(), delimiters)
    _add_diagnostics(parsed, result.diagnostics, [*foreign, *text.notes])
    return parsed


@dataclass
class _Text:
    """Transactions as UTF-8: where each starts, what was changed, and what cannot be read."""

    data: bytes
    starts: Rows
    widened: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    notes: list[_Finding] = field(default_factory=list)
    unreadable: list[tuple[int, int, str]] = field(default_factory=list)


def _decoded_text(transactions: Sequence[bytes], terminator: bytes) -> _Text:
    """Segments that are not UTF-8 read as Windows-1252, of which the letters of Latin-1 are a part;
    masked, with the same length, where they are none of it."""
    written, starts, at = list[bytes](), list[int](), 0
    widened = list[int]()
    text = _Text(b"", np.empty(0, dtype=np.int64))
    for number, transaction in enumerate(transactions):
        starts.append(at)
        segments = [transaction] if transaction.isascii() else transaction.split(terminator)
        is_noted = False
        for index, segment in enumerate(segments):
            try:
                segment.decode()
            except UnicodeDecodeError:
                try:
                    letters = segment.decode("cp1252")
                except UnicodeDecodeError:
                    segment = segment.decode("latin-1").encode("ascii", "replace")
                    text.unreadable.append((number, index, "text that is not UTF-8"))
                else:
                    segment = letters.encode()
                    widened += [at + n for n, byte in enumerate(segment) if byte & 0xC0 == 0x80]
                    if not is_noted:
                        kind, rule = _LATIN_1
                        text.notes.append(_Finding(number, index, 1, kind, rule, None, "", None))
                    is_noted = True
                segments[index] = segment
            at += len(segment) + (index < len(segments) - 1)
        written.append(terminator.join(segments))
    text.data, text.starts = b"".join(written), np.array(starts, dtype=np.int64)
    text.widened = np.array(widened, dtype=np.int64)
    return text


_LATIN_1 = (
    "Latin1Text",
    "E18: its letters are those of Latin-1 or Windows-1252, and are read as such",
)
# what people write, with lines; no column holds it
_FREE_TEXT = frozenset((b"NTE", b"MSG", b"K3"))


def _torn(text: _Text, terminator: bytes) -> Iterator[tuple[int, int, str]]:
    """(transaction, segment, name) of segments with a line break within; no name where it is the
    name that is broken."""
    for at in inner_breaks(text.data, terminator):
        transaction = int(np.searchsorted(text.starts, at, side="right")) - 1
        start = int(text.starts[transaction])
        begin = max(text.data.rfind(terminator, start, at) + 1, start)
        name = re.match(rb"[A-Z0-9]{2,3}(?![A-Z0-9])", text.data[begin:at].lstrip(PADDING))
        if name is None or name.group() not in _FREE_TEXT:
            segment = text.data.count(terminator, start, begin)
            yield transaction, segment, name.group().decode() if name else ""


def _locate(rows: pa.Table, first_segments: Rows) -> pa.Table:
    """Replace oxedi's row references by ours: `transaction`, and `segment` counted in it."""
    segments = _integers(rows["segment"])
    transaction = np.searchsorted(first_segments, segments, side="right") - 1
    located = rows.drop_columns([c for c in ("transaction", "segment") if c in rows.column_names])
    return located.append_column("transaction", pa.array(transaction)).append_column(
        "segment", pa.array(segments - first_segments[transaction])
    )


def _join(kind: TransactionSet, raw: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Fold the helper tables of a spec into those of `tables.py`."""
    if kind.claim_form:
        raw["submitted_claims"] = _submitted(raw, kind.claim_form)
    if "line_remarks" in raw:
        raw["remit_remarks"] = _remarks(raw)
    if "responses" in raw:
        raw["functional_acks"] = _responses(raw)
    if "receivers" in raw:
        _add_batches(raw)
    return {table: rows for table, rows in raw.items() if table in TABLES}


def _submitted(raw: dict[str, pa.Table], claim_form: str) -> pa.Table:
    """The claims of an 837 with what stands above them (billing provider, subscriber, patient) and
    below them (codes, earlier payers)."""
    claims = raw["submitted_claims"]
    subscribers, patients = raw["subscribers"], raw["patients"]
    of_claim = _integers(claims["subscriber"])
    for table, reference in (("providers", "provider"), ("subscribers", "subscriber")):
        parent = raw[table].take(claims[reference])
        for column in raw[table].column_names:
            if column not in claims.column_names:
                claims = claims.append_column(column, parent[column])
    if len(patients):
        # the patient loop before a claim, when it belongs to the claim's subscriber
        order = _order(patients)
        last = np.searchsorted(order, _order(claims), side="right") - 1
        has_patient = (last >= 0) & (
            _integers(patients["subscriber"])[np.maximum(last, 0)] == of_claim
        )
        dependent = patients.take(pa.array(np.maximum(last, 0)))
        for column in set(patients.column_names) & set(subscribers.column_names):
            if column.startswith("patient_"):
                chosen = pc.if_else(pa.array(has_patient), dependent[column], claims[column])
                claims = _replaced(claims, column, chosen)
    if "claim_codes" in raw:
        codes = raw["claim_codes"]
        for column, qualifiers in _CODES.items():
            wanted = pa.array(qualifiers, codes["qualifier"].type)
            found = codes.filter(pc.is_in(codes["qualifier"], wanted))
            claims = claims.append_column(column, _of_claims(claims, found, "code"))
    others = raw["other_payers"]
    # who paid before says what it paid; a payer without that amount is asked after this one
    earlier = others.filter(pc.is_valid(others["paid_amount"]))
    claims = claims.append_column("prior_payer_id", _of_claims(claims, earlier, "payer_id"))
    totals = earlier.group_by("claim").aggregate([("paid_amount", "sum")])
    paid = _of_claims(claims, totals, "paid_amount_sum")
    claims = claims.append_column("prior_payer_paid_amount", paid)
    claims = claims.append_column("claim_form", pa.repeat(pa.scalar(claim_form), len(claims)))
    return _with_batch(claims, raw["transactions"])


# HI of an institutional claim: the column of a code, by its qualifiers
_CODES = {"principal_diagnosis_code": (b"ABK", b"BK"), "drg_code": (b"DR",)}


def _of_claims(claims: pa.Table, rows: pa.Table, column: str) -> pa.ChunkedArray:
    """A column of the first of the rows that belong to each claim; null where none does."""
    parents, first = np.unique(_integers(rows["claim"]), return_index=True)
    at = pc.index_in(claims["row"], pa.array(parents, claims["row"].type))
    return rows[column].take(pa.array(first)).take(at)


def _with_batch(claims: pa.Table, transactions: pa.Table) -> pa.Table:
    at = np.searchsorted(_integers(transactions["transaction"]), _integers(claims["transaction"]))
    batch = transactions.take(pa.array(at))
    for column in ("batch_reference", "submitted_date"):
        claims = claims.append_column(column, batch[column])
    return claims


def _remarks(raw: dict[str, pa.Table]) -> pa.Table:
    """The remarks of an 835 as they stand: one row each, of lines (LQ) and of claims (MIA, MOA)."""
    found = []
    for table, segment in (("line_remarks", "LQ"), ("mia_remarks", "MIA"), ("moa_remarks", "MOA")):
        rows = raw[table]
        for place in range(1, 6):
            if (column := f"remark_{place}") not in rows.column_names:
                continue
            count = len(rows)
            lists = rows["code_list"] if segment == "LQ" else pa.repeat(pa.scalar(b"HE"), count)
            lines = rows["line"] if segment == "LQ" else pa.nulls(count, pa.int64())
            remarks = {
                "transaction": rows["transaction"],
                "segment": rows["segment"],
                "claim": rows["claim"].cast(pa.int64()),
                "line": lines.cast(pa.int64()),
                "place": pa.repeat(place, count),
                "remark_segment": pa.repeat(pa.scalar(segment), count),
                "code_list": lists.cast(pa.binary()),
                "remark_code": rows[column].cast(pa.binary()),
            }
            is_given = pc.fill_null(pc.not_equal(remarks["remark_code"], b""), False)
            found.append(pa.table(remarks).filter(is_given))
    keys = ("transaction", "segment", "place")
    return pa.concat_tables(found).sort_by([(key, "ascending") for key in keys])


def _responses(raw: dict[str, pa.Table]) -> pa.Table:
    """The answers of a 999, each with what it says about its group as a whole."""
    groups, responses = raw["transactions"], raw["responses"]
    is_answered = pc.is_in(groups["transaction"], responses["transaction"].combine_chunks())
    alone = groups.filter(pc.invert(is_answered)).select(["transaction", "segment"])
    answers = pa.concat_tables([responses.drop_columns(["row"]), alone], promote_options="default")
    answers = answers.sort_by([("transaction", "ascending"), ("segment", "ascending")])
    at = np.searchsorted(_integers(groups["transaction"]), _integers(answers["transaction"]))
    above = groups.take(pa.array(at))
    for column in set(groups.column_names) - {"row", *answers.column_names}:
        answers = answers.append_column(column, above[column])
    numbers = ordinal(_integers(answers["transaction"]))
    return answers.append_column("response_no", pa.array(numbers, pa.int32()))


def _add_batches(raw: dict[str, pa.Table]) -> None:
    """The receivers and providers of a 277CA in one table, numbered as they stand in their
    transaction; a provider knows its receiver, and a claim its provider."""
    receivers, providers, claims = raw["receivers"], raw["providers"], raw["ack_claims"]
    batches = pa.concat_tables([receivers, providers], promote_options="default")
    order = np.argsort(_order(batches), kind="stable")
    numbers = np.empty(len(batches), dtype=np.int64)
    numbers[order] = ordinal(_integers(batches["transaction"])[order])
    of_receiver, of_provider = np.split(numbers, [len(receivers)])
    parents = pa.array(of_receiver).take(providers["receiver"].combine_chunks())
    parents = pa.concat_arrays([pa.nulls(len(receivers), pa.int64()), parents])
    batches = batches.append_column("batch_no", pa.array(numbers))
    batches = batches.append_column("parent_batch_no", parents)
    raw["ack_batches"] = batches.take(pa.array(order))
    of_claim = pa.array(of_provider).take(claims["provider"].combine_chunks())
    raw["ack_claims"] = claims.append_column("batch_no", of_claim)


def _order(rows: pa.Table) -> Rows:
    """A number that sorts rows of different tables as they stand in the data."""
    return _integers(rows["transaction"]) * (1 << 40) + _integers(rows["segment"])


def _replaced(rows: pa.Table, column: str, values: pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.column_names.index(column), column, values)


def _typed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of the schema that come from the data, converted, and the references."""
    columns: dict[str, pa.ChunkedArray] = {}
    for wanted in schema:
        if wanted.name in rows.column_names and wanted.name not in REFERENCES:
            values = _convert(rows[wanted.name], wanted)
            if (stand_in := f"{wanted.name}__2") in rows.column_names:
                values = pc.coalesce(values, _convert(rows[stand_in], wanted))
            columns[wanted.name] = values
    for reference in REFERENCES:
        if reference in rows.column_names:
            columns[reference] = rows[reference]
    return pa.table(columns)


def _convert(values: pa.ChunkedArray, column: pa.Field) -> pa.ChunkedArray:
    wanted = column.type
    if pa.types.is_binary(values.type):
        # all bytes were decoded before
        values = pc.cast(values, options=_TEXT)
        if pa.types.is_date(wanted):
            # many rows, few dates: each is read once
            coded = values.combine_chunks().dictionary_encode()
            return pa.chunked_array([_dates(coded.dictionary, column).take(coded.indices)])
        is_empty = pc.equal(values, "")
        return pc.if_else(is_empty, None, values) if pc.any(is_empty).as_py() else values
    if pa.types.is_integer(wanted) and pa.types.is_decimal(values.type):
        # of more digits than a count may have: no count
        values = pc.if_else(pc.less(pc.abs(values), pa.scalar(10**6, values.type)), values, None)
    if pa.types.is_decimal(wanted):
        limit = Decimal(10 ** (wanted.precision - wanted.scale))
        bounds = pc.min_max(values).as_py()
        if bounds["max"] is None or -limit < bounds["min"] <= bounds["max"] < limit:
            return values.cast(wanted)
        fits = pc.and_(
            pc.less(values, pa.scalar(limit, values.type)),
            pc.greater(values, pa.scalar(-limit, values.type)),
        )
        return pc.if_else(fits, values, None).cast(wanted)
    return values.cast(wanted)


_TEXT = pc.CastOptions(pa.string(), allow_invalid_utf8=True)


def _dates(texts: pa.Array, column: pa.Field) -> pa.Array:
    """D8 is ccyymmdd, DT adds hhmm, RD8 is ccyymmdd-ccyymmdd: its first day counts, but its last
    where the end of something is asked for; null for anything else."""
    is_date = pc.match_substring_regex(texts, r"^\d{8}(\d{4}|-\d{8})?$")
    texts = pc.if_else(is_date, texts, None)
    if column.name.endswith("_to_date"):
        texts = pc.replace_substring_regex(texts, r"^\d{8}-", "")
    days = pc.utf8_slice_codeunits(texts, 0, 8)
    return pc.strptime(days, "%Y%m%d", "s", error_is_null=True).cast(column.type)


def _number(tables: dict[str, pa.Table], kind: TransactionSet) -> None:
    """Add claim_no (in the transaction), line_no (in the claim), own numbers, and own rows."""
    if not kind.claims:
        return
    claims = tables[kind.claims]
    claim_no = ordinal(_integers(claims["transaction"]))
    claims = claims.append_column("claim", pa.array(np.arange(len(claims))))
    tables[kind.claims] = claims.append_column("claim_no", pa.array(claim_no, pa.int32()))
    line_no = np.empty(0, dtype=np.int64)
    if kind.lines:
        lines = tables[kind.lines]
        line_no = ordinal(_integers(lines["claim"]))
        lines = lines.append_column("line", pa.array(np.arange(len(lines))))
        lines = lines.append_column("line_no", pa.array(line_no, pa.int32()))
        tables[kind.lines] = _with_claim_no(lines, claim_no)
    if kind.spec.startswith("835"):
        for table, number in (
            ("remit_adjustments", "adjustment_no"),
            ("remit_remarks", "remark_no"),
        ):
            rows = _with_claim_no(tables[table], claim_no)
            numbers = pa.array(line_no, pa.int32()).take(rows["line"].combine_chunks())
            rows = rows.append_column("line_no", numbers)
            tables[table] = _with_ordinal(rows, "claim", number)
        provider_level = tables["remit_provider_adjustments"]
        tables["remit_provider_adjustments"] = _with_ordinal(
            provider_level, "transaction", "adjustment_no"
        )


def _with_claim_no(rows: pa.Table, claim_no: Rows) -> pa.Table:
    numbers = pa.array(claim_no, pa.int32()).take(rows["claim"].combine_chunks())
    return rows.append_column("claim_no", numbers)


def _with_ordinal(rows: pa.Table, parent: str, name: str) -> pa.Table:
    numbers = ordinal(_integers(rows[parent]))
    return rows.append_column(name, pa.array(numbers, pa.int32()))


def ordinal(parents: Rows) -> Rows:
    """1, 2, 3 … within each run of equal parents (sorted, as they stand in the data)."""
    if not len(parents):
        return np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(np.diff(parents, prepend=parents[0] - 1))
    return np.arange(len(parents)) - np.repeat(starts, np.diff(starts, append=len(parents))) + 1


def _integers(values: pa.ChunkedArray) -> Rows:
    return values.to_numpy()


# elements that hold dollars, and the reason of an adjustment, without which its dollars are not
# read: what cannot be read there is held, never taken as nothing
_AMOUNTS: dict[bytes, frozenset[int]] = {
    b"BPR": frozenset((2,)),
    b"CLP": frozenset((3, 4, 5)),
    b"SVC": frozenset((2, 3)),
    b"CAS": frozenset((2, 3, 6, 9, 12, 15, 18)),
    b"PLB": frozenset((4, 6, 8, 10, 12, 14)),
    b"AMT": frozenset((2,)),
    b"CLM": frozenset((2,)),
    b"SV1": frozenset((2,)),
    b"SV2": frozenset((3,)),
    b"STC": frozenset((4,)),
}
_UNREADABLE = frozenset(("TypeMismatch", "RequiredElementMissing"))
# the envelope is judged before; here it is absent, and oxedi says so
_ENVELOPE = frozenset(("ControlCountMismatch", "ControlNumberMismatch"))
# what a segment says beyond what the spec knows: kept as it was sent, no column holds it
_UNREAD = frozenset(("UnknownSegment", "UnknownOccurrence", "OccurrenceOverMax", "CompositeShape"))
# segments that announce dollars: a second one, or one in a strange place, is not a mere remark
_ANNOUNCING = frozenset((b"BPR", b"CLM"))


@dataclass(frozen=True)
class _Finding:
    """Something odd about data that is loaded, at a segment counted in its transaction."""

    transaction: int
    segment: int
    level: int
    kind: str
    rule: str
    element: int | None
    path: str
    datum: str | None


def _add_diagnostics(
    parsed: Parsed, found: Sequence[oxedi.Diagnostic], further: Sequence[_Finding]
) -> None:
    """Sort oxedi's findings: unreadable amounts to `unreadable`, all others are warnings; those
    about segments that are not read keep the segment."""
    kept = list(further)
    unread: dict[int, _Finding] = {}
    for finding in found:
        segment, kind = finding.segment, finding.kind
        if segment is None or kind in _ENVELOPE or "transaction" not in finding.path:
            continue
        transaction = int(np.searchsorted(parsed.first_segments, segment, side="right")) - 1
        within = segment - int(parsed.first_segments[transaction])
        if kind in _UNREADABLE:
            tag = parsed.document[segment].id
            # AMT informs only: its amount may be absent, but not be something else
            is_optional = tag == b"AMT" and kind == "RequiredElementMissing"
            if finding.element in _AMOUNTS.get(tag, ()) and not is_optional:
                what = f"{tag.decode('ascii', 'replace')}{finding.element:02d}"
                # a reason never shows the value: it is logged, and what stands there may be a name
                problem = "is not an amount" if finding.datum else "is missing"
                parsed.unreadable.append((transaction, within, f"{what} {problem}"))
                continue
        odd = _Finding(
            transaction,
            within,
            finding.level,
            kind,
            _sentence(finding.rule),
            finding.element,
            finding.path,
            finding.datum.decode("utf-8", "replace") or None,
        )
        if kind in _UNREAD:
            unread.setdefault(segment, odd)
            if (tag := parsed.document[segment].id) in _ANNOUNCING:
                reason = f"{tag.decode()} where no amount is read: {odd.rule}"
                if tag == b"BPR" and kind == "OccurrenceOverMax":
                    reason = "a second BPR: several payments are joined in one ST"
                # wherever it stands, it is about the transaction: so it is said of its ST
                parsed.unreadable.append((transaction, 0, reason))
        if kind == "LoopOverMax" and _is_second_payer(parsed, transaction, segment):
            parsed.second_payers.append((transaction, within))
        kept.append(odd)
    parsed.diagnostics = _findings(parsed, kept)
    if unread:
        terminator = parsed.document.delimiters.segment
        segments = [parsed.document[segment] for segment in unread]
        texts = [s.raw.strip(PADDING).removesuffix(terminator).strip(PADDING) for s in segments]
        rows = _findings(parsed, list(unread.values())).rename_columns({"path": "loop_path"})
        rows = rows.append_column("segment_id", _decoded(s.id for s in segments))
        parsed.unread = rows.append_column("segment_text", _decoded(texts))


def _is_second_payer(parsed: Parsed, transaction: int, segment: int) -> bool:
    """Whether a segment is an N1*PR that names another payer than the first of its transaction."""
    names = _payer(parsed, segment)
    if not names:
        return False
    at = int(parsed.first_segments[transaction])
    while not (first := _payer(parsed, at)):
        at += 1
    return not names & first


def _payer(parsed: Parsed, segment: int) -> set[bytes]:
    """The name (N102) and the number (N104) in an N1*PR; nothing for any other segment."""
    found = parsed.document[segment]
    if found.id != b"N1":
        return set()
    delimiters = parsed.document.delimiters
    text = found.raw.strip(PADDING).removesuffix(delimiters.segment)
    elements = [element.strip().upper() for element in text.split(delimiters.element)]
    return {*elements[2:3], *elements[4:5]} - {b""} if elements[1:2] == [b"PR"] else set()


def _decoded(texts: Iterable[bytes]) -> pa.Array:
    return pa.array([text.decode("utf-8", "replace") for text in texts], pa.string())


def _findings(parsed: Parsed, found: list[_Finding]) -> pa.Table:
    """Findings as rows, each with the claim and the line whose loop holds it."""
    if not found:
        return parsed.diagnostics
    claim_loop, line_loop = f"/{parsed.set.claim_loop}#", f"/{parsed.set.line_loop}#"
    paths = [finding.path for finding in found]
    position = np.array([f.transaction * (1 << 40) + f.segment for f in found], dtype=np.int64)
    none: list[int | None] = [None] * len(found)
    claim, claim_no, line_no = none, none, none
    if parsed.claims is not None:
        claim, claim_no = _last(parsed.claims, "claim", position, claim_loop, paths)
    if parsed.set.lines:
        line_no = _last(parsed.tables[parsed.set.lines], "line", position, line_loop, paths)[1]
    return pa.table(
        {
            "level": pa.array([f.level for f in found], pa.int32()),
            "kind": pa.array([f.kind for f in found], pa.string()),
            "rule": pa.array([f.rule for f in found], pa.string()),
            "element": pa.array([f.element for f in found], pa.int32()),
            "path": pa.array([_loops(path) for path in paths], pa.string()),
            "datum": pa.array([f.datum for f in found], pa.string()),
            "transaction": pa.array([f.transaction for f in found], pa.int64()),
            "segment": pa.array([f.segment for f in found], pa.int64()),
            "claim": pa.array(claim, pa.int64()),
            "claim_no": pa.array(claim_no, pa.int32()),
            "line_no": pa.array(line_no, pa.int32()),
        },
    )


# where each set has a composite that is always sent: the segment and its element
_COMPOSITES = {"835": (b"SVC", 1), "837P": (b"CLM", 5), "837I": (b"CLM", 5), "277CA": (b"STC", 1)}
_COMPOSED = re.compile(rb"[A-Za-z0-9]{1,3}([^A-Za-z0-9\s.])[A-Za-z0-9]")


def _foreign_separators(
    name: str, data: bytes, starts: Sequence[int], delimiters: Delimiters
) -> list[_Finding]:
    """Transactions whose composites are written with another separator than ISA16 names (E1).

    The header is binding, so their composites are read as one value each; but who reads "HC>99213"
    as a procedure should be told. The first composite of a transaction speaks for all.
    """
    found: list[_Finding] = []
    if name not in _COMPOSITES:
        return found
    tag, element = _COMPOSITES[name]
    opening = tag + delimiters.element
    for number, (start, end) in enumerate(pairwise([*starts, len(data)])):
        at = data.find(opening, start, end)
        if at < 0:
            continue
        segment = data[at : data.find(delimiters.segment, at)]
        value = b"".join(segment.split(delimiters.element, element + 1)[element : element + 1])
        if delimiters.component in value or not (other := _COMPOSED.match(value)):
            continue
        written, declared = other[1].decode("latin-1"), delimiters.component.decode()
        rule = f"E1: composites are written with {written!r}, ISA16 says {declared!r}: kept whole"
        finding = _Finding(
            number, data.count(delimiters.segment, start, at), 1, "ComponentSeparator", rule,
            element, "", value.decode("latin-1"),
        )  # fmt: skip
        found.append(finding)
    return found


def _last(
    rows: pa.Table, name: str, position: Rows, loop: str, paths: list[str]
) -> tuple[list[int | None], list[int | None]]:
    """For each position inside a loop: the row (and its number) of the loop that holds it."""
    if not len(rows):
        return [None] * len(paths), [None] * len(paths)
    at = np.searchsorted(_order(rows), position, side="right") - 1
    numbers = _integers(rows[f"{name}_no"])
    inside = [loop in path and row >= 0 for path, row in zip(paths, at, strict=True)]
    return (
        [int(row) if ok else None for row, ok in zip(at, inside, strict=True)],
        [int(numbers[row]) if ok else None for row, ok in zip(at, inside, strict=True)],
    )


def _sentence(rule: str) -> str:
    """A finding's sentence without segment numbers: those count in our batch, not in the file."""
    return re.sub(r" opened at segment #\d+|; read from segments [#\d, ]+", "", rule)


def _loops(path: str) -> str:
    """`interchange#1/group#1/transaction#7/2000#9` → `2000`: ordinals count in our batch."""
    return "/".join(re.sub(r"#\d+", "", path).split("/")[3:])
