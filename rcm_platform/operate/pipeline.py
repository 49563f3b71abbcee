"""The pipeline without an orchestrator: land, link, build, prove, publish.

The assets take these steps one by one and record what each did; `run` takes all of them, one after
the other, with nothing recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb

from rcm_platform.explain import trace_audit
from rcm_platform.ingest import arrivals, feeds, lake_access, load, synthetic
from rcm_platform.ingest.quarantine import last_load, originals
from rcm_platform.ingest.quarantine.settle import settle
from rcm_platform.lake import merging
from rcm_platform.persons import store
from rcm_platform.proof import conservation, files, planted_faults, truth
from rcm_platform.publish import exports, phi, small_cells, versions
from rcm_platform.settings import Settings
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.duckdb_errors import discreet
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import build_state, column_lineage, failed_tests
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse import tables as warehouse_tables

if TYPE_CHECKING:
    from rcm_platform.ingest.quarantine.items import Item
    from rcm_platform.lake import Lake
    from rcm_platform.sources.base import LoadSummary


def _untimed(stage: str) -> AbstractContextManager[None]:
    """Of who times no stage."""
    return nullcontext()


class NotPublished(Exception):  # noqa: N818 (reads as what happened)
    """No version was written; the message says why and what to do."""


@dataclass(frozen=True)
class Published:
    """A version, and what stands in the file of each audience."""

    version: versions.Version
    audiences: Mapping[str, Sequence[versions.Relation]]
    warnings: tuple[str, ...] = ()
    """What did not keep it from being published: absent sources, differences from the truth."""


def as_of_date(settings: Settings, lake: Lake, day: date | None = None) -> date:
    """The date that a run reports as of: the run's own, the settings', or the latest in raw, but
    never before what readers see: an earlier state would not replace it."""
    arrived = lake_access.last_date(settings, lake, day)
    present = None if day or settings.as_of else versions.current(settings.published_dir)
    return max(arrived, date.fromisoformat(present.as_of)) if present else arrived


@discreet()
def land(
    settings: Settings,
    lake: Lake,
    source: str,
    progress: load.Progress = None,
    *,
    compares_all: bool = False,
) -> LoadSummary:
    """Land what is new in a source system, or (of a hospital) compare all of it.

    Raises SourceUnavailable when it cannot be reached.
    """
    # what arrives from here on is new to the next look at the folder
    seen = arrivals.look_at(settings, source)
    if compares_all:
        summary = load.compare_source(settings, lake, source, progress).summary
    else:
        summary = load.load_source(settings, lake, source, progress)
    arrivals.note_loaded(settings, source, seen)
    return summary


def end_load(settings: Settings, lake: Lake) -> list[Item]:
    """Once all feeds have loaded: write down which held items that settled, keep the files that a
    replay needs, note what the load brought, and merge small files. The caller holds the lock."""
    settled = settle(lake, as_of_date(settings, lake))
    originals.keep_originals(settings, lake)
    last_load.note_load(settings, lake)
    merging.compact(lake.root)
    return settled


@contextmanager
def building(
    settings: Settings,
    lake: Lake,
    as_of: date,
    manifest: Mapping[str, Any],
    chosen: Collection[str],
    loaded: Collection[str],
    say: Callable[[str], object],
) -> Iterator[None]:
    """Around a dbt build of the models `chosen`, in a run that loads the feeds `loaded`: what must
    be made before it, and what is then known of the warehouse.

    Raises NotBuilt where the models chosen are made of what was never built.
    """
    plan = build_state.plan(settings, lake, as_of, manifest, chosen, loaded)
    # models of another date need the persons of that date
    if plan.first or not store.is_linked(settings.persons_dir):
        store.link(settings, lake, as_of)
    if chosen:  # else only tests were asked for
        build_state.build_begins(settings)
    if plan.first:
        say("First the other models: they are of another date or state")
        which = ["--select", " ".join(plan.first), "--indirect-selection", "cautious"]
        _dbt_build(settings, lake, as_of, *which)
    with lake.reading_all():
        yield
    if chosen and plan.is_whole:
        build_state.build_ended(settings, lake, as_of)


def build(settings: Settings, lake: Lake, as_of: date) -> None:
    """Build and test every model. Raises DbtError when dbt fails."""
    dbt_project.prepared_manifest(settings)
    build_state.build_begins(settings)
    _dbt_build(settings, lake, as_of, "--quiet")
    build_state.build_ended(settings, lake, as_of)


def _dbt_build(settings: Settings, lake: Lake, as_of: date, *which: str) -> None:
    target = ["--target-path", str(dbt_project.run_target(settings))]
    with lake.reading_all():
        try:
            dbt_project.run_dbt(
                settings, as_of, *dbt_project.build_command(settings), *which, *target
            )
            warehouse_tables.gather(settings, as_of)
        except dbt_project.DbtError:
            warehouse_tables.gather(settings, as_of, is_whole=False)
            failed = [test for test in failed_tests.read(settings) if test.stops]
            if not failed:
                raise
            raise dbt_project.DbtError("\n".join(test.sentence for test in failed)) from None
    warehouse_tables.write_lineage(settings, lake, warehouse_tables.read(settings))


@discreet()
def prove(settings: Settings, lake: Lake, as_of: date) -> list[str]:
    """What does not hold of all that blocks publishing, in words, on the warehouse as it is.

    The same as the blocking checks of `assets/checks`; those of dbt have stopped `build`.
    """
    manifest, lineage = column_lineage.read(settings.dbt_target_dir)
    least = small_cells.smallest_cell(settings.project_dir)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        proven = conservation.prove(con, lake, as_of, hospitals(settings))
        lines = [*files.account_for_files(lake), *(line for of in proven.values() for line in of)]
        problems = [
            f"{line.subject} of {line.scope}: {line.unexplained:,} {line.unit} are unexplained"
            for line in lines
            if not line.passed
        ]
        problems += [str(leak) for leak in phi.leaks(manifest, lineage)]
        problems += small_cells.problems(con, manifest, least)
        problems += trace_audit.audit_warehouse(con, as_of).broken
    return problems


@discreet()
def judge(settings: Settings, lake: Lake, as_of: date) -> list[str]:
    """What differs from the truth of the synthetic world, of which the warehouse is: marts, planted
    faults and persons, in words. Once people entered remittances, of which the world knows nothing,
    only the persons."""
    folder = settings.world_dir / "truth"
    linked = store.judge(settings, lake, folder, as_of)
    wrong = []
    if not store.is_good(linked):
        wrong.append(f"persons: precision {linked.precision:.4f}, recall {linked.recall:.4f}")
    if truth.has_entered_money(lake):
        return wrong
    results = truth.compare_all(
        settings.warehouse_path, settings.memory_limit, folder / "knowable", as_of, truth.CHECKS
    )
    for check, result in zip(truth.CHECKS, results, strict=True):
        if not result.passed:
            rows = result.only_in_mart + result.only_in_truth
            wrong.append(f"{check.proves} ({check.name}): {rows:,} rows differ")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        wrong += [
            f"rule {rule.rule_id}: {rule.found:,} of {rule.planted:,} planted faults are found, "
            f"{rule.findings - rule.right:,} findings are none"
            for rule in planted_faults.compare(con, folder)
            if not rule.passed
        ]
        wrong += [
            f"{one.record}: {one.planted:,} planted, {one.findings:,} found"
            for one in planted_faults.differences(con, folder)
        ]
    return wrong


@discreet()
def publish(
    settings: Settings, lake: Lake, failed: Collection[str] = (), run_id: str = ""
) -> Published:
    """Write and audit a version of the warehouse, one file for each audience, and let readers see
    it. The caller holds the lock; `failed` names blocking checks whose last answer is no.

    Raises NotPublished while nothing was built, the warehouse is of several states, a blocking
    check stands failed or a dollar is unexplained; AuditFailed where a file is not what the
    warehouse holds.
    """
    if (as_of := build_state.built_as_of(settings)) is None:
        raise NotPublished(
            "Not published: some models are older than others, or a build failed. Run the "
            "job `nightly`."
        )
    if failed:
        raise NotPublished(
            f"Not published: {', '.join(failed)} failed when last asked. Mend the cause "
            "and execute the check again, or run the job `nightly`."
        )
    if not settings.warehouse_path.exists():
        raise NotPublished("Nothing was built yet: run the job `nightly` (or `rcm run`) once.")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        facts = conservation.summary(con, lake, as_of, hospitals(settings))
    if unexplained := Decimal(facts["unexplained"]):
        raise NotPublished(f"Not published: ${unexplained:,.2f} is unexplained.")
    audiences = phi.relations(*column_lineage.read(settings.dbt_target_dir))
    version = versions.publish(
        settings.warehouse_path,
        settings.published_dir,
        audiences,
        as_of,
        facts | ({"run_id": run_id} if run_id else {}),
        settings.memory_limit,
    )
    return Published(version, audiences)


def load_all(
    settings: Settings, timed: Callable[[str], AbstractContextManager[None]] = _untimed
) -> tuple[date, list[str]]:
    """Everything that dbt reads: raw from every source, and the persons; with the date to report as
    of, and what is said of sources that are absent. They do not stop the others."""
    absent = []
    with lake_access.single_writer(settings):
        if feeds.from_world(settings):
            with timed("world"):
                synthetic.build_world(settings)
        with timed("raw"), lake_access.writing(settings) as lake:
            for source in feeds.locations(settings):
                try:
                    land(settings, lake, source)
                except SourceUnavailable as problem:
                    absent.append(str(problem))
            end_load(settings, lake)
        as_of = as_of_date(settings, lake)
        with timed("persons"):
            store.link(settings, lake, as_of)
    return as_of, absent


def run(
    settings: Settings, timed: Callable[[str], AbstractContextManager[None]] = _untimed
) -> Published:
    """From the sources to what readers see; `timed` is told of each stage.

    An absent source does not stop the others. Raises DbtError or NotPublished.
    """
    with lake_access.single_writer(settings):
        as_of, warnings = load_all(settings, timed)
        lake = lake_access.open_lake(settings)
        with timed("dbt"):
            build(settings, lake, as_of)
        with timed("checks"):
            problems = prove(settings, lake, as_of)
            if settings.world:
                warnings += judge(settings, lake, as_of)
        if problems:
            raise NotPublished(f"Not published: {'; '.join(problems)}.")
        with timed("publish"):
            published = publish(settings, lake)
            manifest, _ = column_lineage.read(settings.dbt_target_dir)
            exports.export_all(settings.published_dir, manifest)
    return replace(published, warnings=tuple(warnings))
