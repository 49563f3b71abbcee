"""The job that looks at one's own sources before anything is loaded, as `rcm sources check`."""

from typing import Any

import dagster as dg

from rcm_platform.assets.common import log_progress
from rcm_platform.assets.sources import source_key
from rcm_platform.ingest import source_check
from rcm_platform.ingest.source_check import SourceCheck
from rcm_platform.settings import Settings


def job(settings: Settings) -> dg.JobDefinition:
    """One observation of each configured source: its tables, what is missing, what to do next."""

    @dg.op(description="Ask each source what it holds. Nothing is written.")
    def look_at_sources(context: dg.OpExecutionContext) -> None:
        for found in source_check.check(settings, log_progress(context)):
            context.log_event(_observation(found))

    @dg.job(
        name="sources_check",
        description=(
            "Look at each configured source before a load: what is there, what is missing, what "
            "stays empty without it. The answers stand on the assets of the group `sources`."
        ),
        executor_def=dg.in_process_executor,
    )
    def sources_check() -> None:
        look_at_sources()

    return sources_check


def _observation(found: SourceCheck) -> dg.AssetObservation:
    tables = [
        dg.TableRecord(
            {
                "table": table.name,
                "rows": "absent" if table.rows is None else f"{table.rows:,}",
                "missing": ", ".join(table.missing),
                "without it": table.without if table.rows is None else "",
            }
        )
        for table in found.tables
    ]
    metadata: dict[str, Any] = {
        "can be loaded": found.is_good,
        "next steps": dg.MetadataValue.md(
            "\n".join(f"{number}. {step}" for number, step in enumerate(found.steps, 1)) or "none"
        ),
    }
    if tables:
        metadata["tables"] = dg.MetadataValue.table(tables)
    if found.unread:
        metadata["not read"] = ", ".join(found.unread)
    return dg.AssetObservation(
        source_key(found.source),
        description=found.problem or None,
        metadata=metadata,
    )
