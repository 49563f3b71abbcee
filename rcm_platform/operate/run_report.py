"""What a run did: received, held, checked and published, as `rcm run` prints it and as the last
event of every run in the Dagster UI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rcm_platform.explain import exceptions, links
from rcm_platform.ingest import feeds, lake_access, received
from rcm_platform.ingest.quarantine import items as quarantine_items
from rcm_platform.operate.step_results import (
    ConservationResult,
    FaultsResult,
    LoadResult,
    TruthResult,
    problems_of,
)
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

# the step of a blocking check fails with it; the check itself says more
CHECK_FAILED = "DagsterAssetCheckFailedError"

SOURCE_COLUMNS = ("source", "files", "bytes", "rows", "dollars", "held", "held $")
EXCEPTION_COLUMNS = ("rule", "open", "dollars", "oldest, days", "what it says")
PROOF_COLUMNS = ("proof", "scope", "unit", "amount", "unexplained", "")


@dataclass
class RunReport:
    """What a run did. Seconds are wall time; table rows are text, ready to show."""

    succeeded: bool = False
    as_of: str = ""
    published: str = ""
    published_path: str = ""
    has_published: bool = False
    unchanged_since: str = ""
    """When the run ended that this report is of, where nothing has changed since."""
    total_seconds: float = 0.0
    files_loaded: int = 0
    rows_added: int = 0
    checks_passed: int = 0
    checks_failed: int = 0
    held_items: int = 0
    held_amount: str = "0.00"
    stages: dict[str, float] = field(default_factory=dict)
    sources: list[list[str]] = field(default_factory=list)
    proof: list[list[str]] = field(default_factory=list)
    exceptions: list[list[str]] = field(default_factory=list)
    """What is open in the version that readers see, by rule: the most dollars first."""
    warnings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The run in a few words, and what to do next."""
        said = [
            f"{self.files_loaded:,} files and {self.rows_added:,} rows were new",
            f"{self.checks_passed:,} checks passed, {self.checks_failed:,} did not",
            f"${self.held_amount} in {self.held_items:,} items wait in quarantine",
            f"readers see {self.published}, as of {self.as_of}"
            if self.published
            else "nothing is published yet",
        ]
        if self.failures:
            said.append(f"failed: {', '.join(self.failures)}")
        return f"{'Done' if self.succeeded else 'Failed'}: {'; '.join(said)}. Next: {self.next}"

    @property
    def next(self) -> str:
        """The next step of whoever reads the report."""
        if not self.succeeded:
            if self.has_published:
                return (
                    "mend the first failure and run again; the figures of this run are published."
                )
            return "mend the first failure and run again; what was published before still stands."
        if self.warnings:
            return "read the warnings on the assets that they name."
        if self.held_items:
            return "`rcm quarantine list` says what is held and why."
        return f"open the scorecard, {links.SCORECARD_PATH}."


def read(settings: Settings, events: Iterable[dg.DagsterEvent], succeeded: bool) -> RunReport:
    """The report on a run with these events, on the lake and the published files as they are."""
    report = RunReport(succeeded=succeeded)
    _add_events(report, events)
    if not feeds.of_users(settings):
        report.warnings.append("No source is configured: RCM_WORLD is off and no RCM_ path is set.")
    _add_sources(report, settings)
    if version := versions.current(settings.published_dir):
        report.published, report.as_of = version.version, version.as_of
        report.published_path = str(version.path(settings.published_dir, OPERATIONS))
        _add_exceptions(report, settings)
    return report


def record(instance: dg.DagsterInstance, run: dg.DagsterRun, report: RunReport) -> None:
    """Write the report as the last event of its run."""
    import dagster as dg
    from dagster._core.events import EngineEventData

    metadata: dict[str, Any] = {
        "scorecard": dg.MetadataValue.url(links.SCORECARD_PATH),
        "seconds by stage": ", ".join(f"{s} {t:.1f}" for s, t in report.stages.items()),
    }
    for name, columns, rows in (
        ("sources", SOURCE_COLUMNS, report.sources),
        ("proof", PROOF_COLUMNS, report.proof),
        ("open exceptions", EXCEPTION_COLUMNS, report.exceptions),
    ):
        if rows:
            named = [column or "holds" for column in columns]
            records = [dg.TableRecord(dict(zip(named, row, strict=True))) for row in rows]
            metadata[name] = dg.MetadataValue.table(records)
    for name, lines in (("warnings", report.warnings), ("failures", report.failures)):
        if lines:
            metadata[name] = "\n".join(lines)
    instance.report_engine_event(report.sentence, run, EngineEventData(metadata))


def stage_of(step: str) -> str:
    """The stage of a run that a step belongs to, as reports name it."""
    known = {
        "world": "world",
        "persons": "persons",
        "warehouse": "dbt",
        "make_snapshot": "snapshot",
    }
    for prefix, stage in (("raw_", "raw"), ("published", "publish"), ("leadership", "scorecard")):
        if step.startswith(prefix):
            return stage
    return known.get(step, "checks")


def _add_events(report: RunReport, events: Iterable[dg.DagsterEvent]) -> None:
    import dagster as dg

    loads: dict[str, int] = {}
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
            made = event.step_materialization_data.materialization
            if load := LoadResult.of(made.metadata):
                report.rows_added += load.rows_added
                # a step says of each of its tables what it read for all of them
                loads[event.step_key or ""] = load.files_loaded
            report.has_published |= made.asset_key.path[0] == "published"
        elif event.is_step_success and event.step_key:
            stage = stage_of(event.step_key)
            seconds = event.step_success_data.duration_ms / 1000
            report.stages[stage] = report.stages.get(stage, 0.0) + seconds
        elif event.is_step_failure:
            error = event.step_failure_data.error
            if error is None or error.cls_name != CHECK_FAILED:
                report.failures.append(f"step {event.step_key}: {_why(error)}")
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            _add_check(report, event.asset_check_evaluation_data)
    report.files_loaded = sum(loads.values())


def _why(error: Any) -> str:
    """The innermost cause of a step's failure: the outer ones only say that the step failed."""
    while error and error.cause:
        error = error.cause
    message = str(error.message) if error else "failed"
    # dbt's own words, without the command line that led to them
    return message.rpartition("Errors parsed from dbt logs:")[2].strip()


def _add_check(report: RunReport, check: Any) -> None:
    report.checks_passed += check.passed
    report.checks_failed += not check.passed
    if not check.passed:
        blocks = check.blocking and check.severity.value == "ERROR"
        told = report.failures if blocks else report.warnings
        told.extend(problems_of(check.metadata) or [_said(check)])
    mark = "✓" if check.passed else "✗"
    if conserved := ConservationResult.of(check.metadata):
        report.proof.extend(_proof_rows(check.check_name, conserved))
    elif truth := TruthResult.of(check.metadata):
        wrong = truth.only_in_mart + truth.only_in_truth
        name = check.check_name.removesuffix("_true")
        report.proof.append(["truth", name, "rows", f"{truth.rows_in_truth:,}", f"{wrong:,}", mark])
    elif faults := FaultsResult.of(check.metadata):
        wrong = faults.missed + faults.wrong_findings
        report.proof.append(
            ["truth", "planted faults", "findings", f"{faults.planted:,}", f"{wrong:,}", mark]
        )


def _said(check: Any) -> str:
    """A failed check by its name and figures, where it says nothing else."""
    figures = "; ".join(
        f"{key}: {value.value}"
        for key, value in check.metadata.items()
        if isinstance(value.value, str | int | float) and not key.startswith("dagster")
    )
    return f"check {check.asset_key.to_user_string()}: {check.check_name} ({figures})"


def _proof_rows(check_name: str, conserved: ConservationResult) -> Iterator[list[str]]:
    """One row per figure that is not nothing everywhere; many equal tables are one row, a broken
    one always its own."""
    subject = check_name.removesuffix("_conserved")
    tables = 0
    for scope, unit, places in conserved.rows:
        amounts = [amount for amount in places.values() if amount]
        equal = len(set(amounts)) == 1
        if unit == "rows" and equal:
            tables += 1
            continue
        if equal and not Decimal(amounts[0].replace(",", "")):
            continue  # of a source that is not there, or brought nothing
        difference = "0" if equal else " ≠ ".join(amounts)
        yield [subject, scope, unit, amounts[0], difference, "✓" if equal else "✗"]
    if tables:
        yield [subject, "raw and staging", "tables", str(tables), "0", "✓"]


def _add_exceptions(report: RunReport, settings: Settings) -> None:
    with versions.open_published(settings.published_dir, OPERATIONS) as con:
        report.exceptions = [
            [
                of.rule_id,
                f"{of.count:,}",
                f"{of.amount:,.2f}",
                "" if of.oldest_days is None else f"{of.oldest_days:,}",
                of.description,
            ]
            for of in exceptions.open_totals(con)
        ]


def _add_sources(report: RunReport, settings: Settings) -> None:
    if not settings.lake_dir.exists():
        return
    lake = lake_access.open_lake(settings)
    held: dict[str, tuple[int, Decimal]] = {}
    for source, _, items, dollars in quarantine_items.open_totals(lake):
        before = held.get(source, (0, Decimal(0)))
        held[source] = (before[0] + items, before[1] + dollars)
    report.held_items = sum(items for items, _ in held.values())
    report.held_amount = f"{sum((dollars for _, dollars in held.values()), Decimal(0)):,.2f}"
    for of in received.received(lake):
        amount = "" if of.dollar_amount is None else f"{of.dollar_amount:,.2f}"
        items, waiting = held.get(of.source, (0, Decimal(0)))
        figures = [f"{of.files:,}", f"{of.byte_count:,}", f"{of.row_count:,}", amount]
        report.sources.append([of.source, *figures, f"{items:,}", f"{waiting:,.2f}"])
