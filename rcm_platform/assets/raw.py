"""Group `raw`: one asset per table of the append-only lake, one step per feed."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from rcm_platform import column_lineage, ingest, landing, quarantine
from rcm_platform.assets.common import (
    DATA_TEAM,
    RAW_FRESHNESS,
    WRITER_POOL,
    column_schema,
    log_progress,
    money,
)
from rcm_platform.assets.sources import source_key
from rcm_platform.hospitals import hospitals
from rcm_platform.ingest import Feed
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings

GROUP = "raw"
PLATFORM = {
    "received_files": "Every file and database extract that arrived, and what became of its bytes.",
    "quarantine": "Every byte that could not be loaded, with the rule it broke.",
    "quarantine_decisions": "What became of what was quarantined, and who decided it.",
}
SOURCE_CHECK = "source_available"
_COMPARE = {
    "full_compare": dg.Field(
        bool,
        default_value=False,
        description="Compare the whole database with the lake: finds deletes, and changes without "
        "a new modification date. As `rcm compare`.",
    )
}


def raw_key(feed: str, table: str) -> dg.AssetKey:
    """The asset of a raw table."""
    return dg.AssetKey(["raw", feed, table])


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """One step per feed, then the platform's own tables, which depend on all of them."""
    feeds = ingest.feeds(settings).values()
    tables = [raw_key(feed.name, table) for feed in feeds for table in feed.tables]
    described = column_lineage.described_sources(settings.dbt_target_dir)
    return [
        *(_feed_asset(settings, feed, described) for feed in feeds),
        _platform_asset(settings, tables),
    ]


def _feed_asset(
    settings: Settings, feed: Feed, described: Mapping[tuple[str, str], Mapping[str, str]]
) -> dg.AssetsDefinition:
    sources = [s for s in feed.origins if s in ingest.locations(settings)]
    first = raw_key(feed.name, next(iter(feed.tables)))

    @dg.multi_asset(
        name=f"raw_{feed.name}",
        specs=[
            dg.AssetSpec(
                raw_key(feed.name, table),
                deps=[source_key(s) for s in sources],
                description=f"`{table}` {feed.description}, append-only, nothing altered.",
                group_name=GROUP,
                kinds={"python", "parquet"},
                owners=DATA_TEAM,
                freshness_policy=RAW_FRESHNESS if sources else None,
                metadata={
                    "dagster/column_schema": column_schema(
                        schema, described.get((feed.name, table))
                    )
                },
            )
            for table, schema in feed.tables.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                SOURCE_CHECK,
                asset=first,
                description=f"The sources of {feed.name} could be reached and read.",
            )
        ],
        config_schema=_COMPARE if feed.name in hospitals() else None,
        pool=WRITER_POOL,
    )
    def load(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from rcm_platform.sources.base import LoadSummary, SourceUnavailable

        summary, problems = LoadSummary(feed.name), list[str]()
        with ingest.writing(settings) as lake:
            for source in sources:
                # what arrives from here on is new to the next look at the folder
                seen = landing.look_at(settings, source)
                try:
                    summary = summary.merge(
                        ingest.compare_source(settings, lake, source, log_progress(context)).summary
                        if (context.op_execution_context.op_config or {}).get("full_compare")
                        else ingest.load_source(settings, lake, source, log_progress(context))
                    )
                    landing.note_loaded(settings, source, seen)
                except SourceUnavailable as problem:
                    # one absent source never stops the others: say it, show it, go on
                    problems.append(str(problem))
                    context.log.error(str(problem))
            counts = ingest.row_counts(lake, feed.name, feed.tables)
        for message in summary.messages:
            context.log.warning(message)

        for table in feed.tables:
            yield dg.MaterializeResult(
                asset_key=raw_key(feed.name, table),
                metadata={
                    "dagster/row_count": counts[table],
                    "rows added": summary.rows.get(table, 0),
                    "bytes read": summary.byte_count,
                    "files loaded": summary.files_loaded,
                    "files skipped (seen before)": summary.files_skipped,
                    "files quarantined": summary.files_quarantined,
                    "quarantined items": summary.quarantined_count,
                    "quarantined dollars": money(summary.quarantined_amount),
                    **{f"{name} dollars": money(x) for name, x in summary.dollar_amounts.items()},
                },
            )
        yield dg.AssetCheckResult(
            asset_key=first,
            check_name=SOURCE_CHECK,
            passed=not problems,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "sources": ", ".join(sources) or "none configured",
                **({"problems": "\n".join(problems)} if problems else {}),
                **({"messages": "\n".join(summary.messages)} if summary.messages else {}),
            },
        )

    return load


def _platform_asset(settings: Settings, tables: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="raw_platform",
        pool=WRITER_POOL,
        specs=[
            dg.AssetSpec(
                raw_key("platform", table),
                deps=tables,
                description=description,
                group_name=GROUP,
                kinds={"python", "parquet"},
                owners=DATA_TEAM,
                freshness_policy=RAW_FRESHNESS,
            )
            for table, description in PLATFORM.items()
        ],
    )
    def platform(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        """The feeds write these as they go; here what they settled is noted, and all is counted."""
        with ingest.writing(settings) as lake:
            settled = quarantine.settle(settings, lake)
            quarantine.keep_originals(settings, lake)
        if settled:
            context.log.info(f"{len(settled)} quarantined items were loaded or corrected since")
        counts = ingest.row_counts(lake, "platform", PLATFORM)
        for table, rows in counts.items():
            metadata: dict[str, dg.MetadataValue] = {
                "dagster/row_count": dg.MetadataValue.int(rows)
            }
            if table == "quarantine":
                metadata |= _open_metadata(lake)
            yield dg.MaterializeResult(asset_key=raw_key("platform", table), metadata=metadata)

    return platform


def _open_metadata(lake: Lake) -> dict[str, dg.MetadataValue]:
    """What is open, as figures (which get a plot over time) and by source and rule."""
    totals = quarantine.open_totals(lake)
    by_rule = [
        dg.TableRecord({"source": source, "rule": rule, "open": count, "dollars": money(dollars)})
        for source, rule, count, dollars in totals
    ]
    return {
        "open items": dg.MetadataValue.int(sum(count for _, _, count, _ in totals)),
        "open dollars": dg.MetadataValue.float(float(sum(dollars for *_, dollars in totals))),
        **({"open by rule": dg.MetadataValue.table(by_rule)} if by_rule else {}),
    }
