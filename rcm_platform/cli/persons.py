"""`rcm persons`: how many persons stand behind the patient records, and how right that is."""

from __future__ import annotations

from typing import Annotated

import typer

from rcm_platform.cli.console import print_table, stop
from rcm_platform.settings import get_settings


def persons(
    worst: Annotated[int, typer.Option(help="How many errors of each kind to show.")] = 10,
) -> None:
    """Show how many persons stand behind the patient records and, in a synthetic world, how right
    that is: precision and recall against the truth, with the evidence of the worst errors."""
    from rcm_platform.ingest import lake_access
    from rcm_platform.operate import pipeline
    from rcm_platform.persons import store as linkage

    settings = get_settings()
    lake = lake_access.open_lake(settings)
    as_of = pipeline.as_of_date(settings, lake)
    try:
        found = linkage.link(settings, lake, as_of)
        typer.echo(
            f"{found.record_count:,} patient records of {found.person_count:,} persons as of "
            f"{as_of}; {found.linked_count:,} pairs linked, {found.review_count:,} for review"
        )
        if not settings.world:
            return
        truth = settings.world_dir / "truth"
        judged = linkage.judge(settings, lake, truth, as_of, worst)
    except (OSError, ValueError) as problem:
        stop(str(problem))
    typer.echo(
        f"precision {judged.precision:.4%} ({judged.false_positives:,} wrong of "
        f"{judged.true_positives + judged.false_positives:,} linked pairs), recall "
        f"{judged.recall:.4%} ({judged.false_negatives:,} missed of "
        f"{judged.true_positives + judged.false_negatives:,})"
    )
    for title, cases in (
        ("Linked, but not one person", judged.worst_false_positives),
        ("One person, but not linked", judged.worst_false_negatives),
    ):
        if len(cases):
            rows = [linkage.evidence(case) for case in cases.to_pylist()]
            print_table(title, ["records", "weight", "evidence"], rows, text=3)
