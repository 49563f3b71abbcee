"""Group `raw`: one asset per table of the append-only lake, one step per feed."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import dagster as dg

from rcm_platform.assets.common import (
    AS_READ,
    DATA_TEAM,
    RAW_FRESHNESS,
    WRITER_POOL,
    column_schema,
    log_progress,
    mark_run,
    money,
    run_day,
)
from rcm_platform.assets.sources import source_key
from rcm_platform.ingest import feeds as ingest_feeds
from rcm_platform.ingest import lake_access, received
from rcm_platform.ingest.feeds import Feed
from rcm_platform.ingest.quarantine import items, last_load
from rcm_platform.ingest.quarantine.items import Item
from rcm_platform.lake import Lake
from rcm_platform.operate import pipeline
from rcm_platform.operate.run_tags import NOT_READ_TAG
from rcm_platform.operate.step_results import LoadResult, problems_metadata
from rcm_platform.settings import Settings
from rcm_platform.sources import rules as source_rules
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import column_lineage

GROUP = "raw"
PLATFORM = {
    "received_files": "Every file and database extract that arrived, and what became of its bytes.",
    "quarantine": "Every byte that could not be loaded, with the rule it broke.",
    "quarantine_decisions": "What became of what was quarantined, and who decided it.",
    "exception_decisions": "What people decided about exceptions: waived, closed, matched, why.",
}
SOURCE_CHECK = "source_available"
SHOWN = 20
"""Rows of a table on a page; the command line has all."""
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
    feeds = ingest_feeds.feeds(settings).values()
    tables = [raw_key(feed.name, table) for feed in feeds for table in feed.tables]
    described = column_lineage.described_sources(settings.dbt_target_dir)
    return [
        *(_feed_asset(settings, feed, described) for feed in feeds),
        _platform_asset(settings, tables),
    ]


def _feed_asset(
    settings: Settings, feed: Feed, described: Mapping[tuple[str, str], Mapping[str, str]]
) -> dg.AssetsDefinition:
    sources = [s for s in feed.origins if s in ingest_feeds.locations(settings)]
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
        config_schema=_COMPARE if feed.name in hospitals(settings) else None,
        pool=WRITER_POOL,
    )
    def load(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from rcm_platform.sources.base import LoadSummary, SourceUnavailable

        summary, problems, read = LoadSummary(feed.name), list[str](), list[str]()
        with lake_access.writing(settings, context.log.warning) as lake:
            for source in sources:
                try:
                    summary = summary.merge(
                        pipeline.land(
                            settings,
                            lake,
                            source,
                            log_progress(context),
                            compares_all=bool(
                                (context.op_execution_context.op_config or {}).get("full_compare")
                            ),
                        )
                    )
                    read.append(source)
                except SourceUnavailable as problem:
                    # one absent source never stops the others: say it, show it, go on
                    problems.append(str(problem))
                    context.log.error(str(problem))
                    mark_run(context, NOT_READ_TAG, source)
            counts = lake_access.row_counts(lake, feed.name, feed.tables)
            as_of = pipeline.as_of_date(settings, lake, run_day(context))
            delivered = {d.source: d for d in received.deliveries(settings, lake, as_of)}
        # the freshness of a source of yours: late when it was not read, or has stopped
        for source in set(read) - set(ingest_feeds.from_world(settings)):
            if delivered[source].is_current:
                context.log_event(_read_event(delivered[source]))
        for message in summary.messages:
            context.log.warning(message)

        for table in feed.tables:
            yield dg.MaterializeResult(
                asset_key=raw_key(feed.name, table),
                metadata={
                    "dagster/row_count": counts[table],
                    **LoadResult(summary.rows.get(table, 0), summary.files_loaded).metadata(),
                    "bytes read": summary.byte_count,
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
                **problems_metadata(problems),
                **({"messages": "\n".join(summary.messages)} if summary.messages else {}),
            },
        )

    return load


def _read_event(delivery: received.Delivery) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        source_key(delivery.source),
        description="Read, and its data is current.",
        metadata={"latest arrival": str(delivery.latest or "nothing yet")},
        tags=AS_READ,
    )


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
        with lake_access.writing(settings, context.log.warning) as lake:
            settled = pipeline.end_load(settings, lake)
        if settled:
            context.log.info(f"{len(settled)} quarantined items were loaded or corrected since")
        counts = lake_access.row_counts(lake, "platform", PLATFORM)
        for table, rows in counts.items():
            metadata: dict[str, dg.MetadataValue] = {
                "dagster/row_count": dg.MetadataValue.int(rows)
            }
            if table == "quarantine":
                metadata |= _open_metadata(settings, lake)
            if table == "received_files":
                metadata |= _received_metadata(lake)
            yield dg.MaterializeResult(asset_key=raw_key("platform", table), metadata=metadata)

    return platform


def _open_metadata(settings: Settings, lake: Lake) -> dict[str, dg.MetadataValue]:
    """What is open, as figures (which get a plot over time), the newest items, and by rule."""
    held = items.items(lake, only_open=True)
    new = {item.quarantine_id for item in last_load.newly_held(settings, lake)}
    held.sort(key=lambda item: item.quarantine_id not in new)
    rules = source_rules.rules(settings.project_dir)
    by_rule = [
        dg.TableRecord(
            {
                "source": source,
                "rule": _rule_in_words(rules, rule),
                "open": len(some),
                "dollars": money(items.dollars(some)),
            }
        )
        for (source, rule), some in items.by_rule(held).items()
    ]
    return {
        "open items": dg.MetadataValue.int(len(held)),
        "open dollars": dg.MetadataValue.float(float(items.dollars(held))),
        **({"newest open items": item_table(held, rules)} if held else {}),
        **({"open by rule": dg.MetadataValue.table(by_rule)} if by_rule else {}),
    }


def item_table(
    held: Sequence[Item], rules: Mapping[str, source_rules.Rule]
) -> dg.TableMetadataValue:
    """The first of these items for people to act on; no value of a row is in it."""
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "rule": _rule_in_words(rules, item.rule_id),
                    "dollars": _known(item.dollar_amount),
                    "what to do": _to_do(rules, item),
                    "file": f"{item.source_system}: {item.source_file}",
                    "place": item.place,
                    "arrived": str(item.arrival_date),
                }
            )
            for item in held[:SHOWN]
        ]
    )


def _received_metadata(lake: Lake) -> dict[str, dg.MetadataValue]:
    """What arrived: the newest files, and all of them by source."""
    totals = [
        dg.TableRecord(
            {
                "source": total.source,
                "files": total.files,
                "bytes": total.byte_count,
                "rows": total.row_count,
                "dollars": _known(total.dollar_amount),
            }
        )
        for total in received.received(lake)
    ]
    newest = [
        dg.TableRecord(
            {
                "arrived": str(file.arrival_date),
                "file": f"{file.source}: {file.name}",
                "became": file.status,
                "bytes": file.byte_count,
                "of them held": file.held_byte_count,
                "rows": file.row_count,
                "dollars": _known(file.dollar_amount),
            }
        )
        for file in received.newest_files(lake, SHOWN)
    ]
    tables = {"newest files": newest, "by source": totals}
    return {name: dg.MetadataValue.table(rows) for name, rows in tables.items() if rows}


def _to_do(rules: Mapping[str, source_rules.Rule], item: Item) -> str:
    step = f"{rules[item.rule_id].next_step} " if item.rule_id in rules else ""
    return f"{step}See `{item.show_command}`."


def _rule_in_words(rules: Mapping[str, source_rules.Rule], rule: str) -> str:
    return f"{rule}: {rules[rule].description}" if rule in rules else rule


def _known(amount: Decimal | None) -> str:
    return "unknown" if amount is None else money(amount)
