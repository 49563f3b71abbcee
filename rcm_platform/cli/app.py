"""The command line `rcm`: every command, in the order in which its help lists them."""

from __future__ import annotations

import typer

from rcm_platform.cli import bench, explain, published, quarantine, run, serve, sources, world

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From encounter to cash: one asset graph from source systems to published marts.",
)
app.command()(run.run)
app.command()(serve.ui)
app.command()(serve.serve)
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(serve.users)
app.command()(serve.health)
app.command()(serve.backup)
app.command()(serve.restore)
app.command()(sources.compare)
app.command()(sources.persons)
app.command("trace")(explain.trace_number)
app.command()(bench.bench)
app.command()(explain.snapshots)
app.command()(published.export)
app.add_typer(world.world_app, name="world")
app.add_typer(published.published_app, name="published")
app.add_typer(quarantine.quarantine_app, name="quarantine")
