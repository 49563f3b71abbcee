"""The command line `rcm`: every command, in the order in which its help lists them."""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError

from rcm_platform.cli import (
    bench,
    exceptions,
    explain,
    installation,
    parity,
    persons,
    published,
    quarantine,
    remittance,
    run,
    serve,
    sources,
    world,
    x12,
)
from rcm_platform.settings import Settings, get_settings
from rcm_platform.sources.hospitals import ProjectError
from rcm_platform.warehouse.engines import EngineUnavailable
from rcm_platform.warehouse.project import DbtError

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
app.command()(installation.health)
app.command()(installation.compact)
app.command()(installation.backup)
app.command()(installation.restore)
app.command()(sources.compare)
app.command()(persons.persons)
app.command("trace")(explain.trace_number)
app.command()(explain.kpis)
app.command()(bench.bench)
app.command()(parity.parity)
app.command()(explain.snapshots)
app.command()(published.export)
app.add_typer(x12.x12_app, name="x12")
app.add_typer(world.world_app, name="world")
app.add_typer(published.published_app, name="published")
app.add_typer(sources.sources_app, name="sources")
app.add_typer(exceptions.exceptions_app, name="exceptions")
app.add_typer(remittance.desk_app, name="desk")
app.add_typer(quarantine.quarantine_app, name="quarantine")


def main() -> None:
    """Run a command; settings and a dbt project that make no sense are told in a sentence."""
    try:
        app(prog_name="rcm")
    except ValidationError as problem:
        if problem.title != Settings.__name__:
            raise
        # what was given is not repeated: it may be a URL with its password
        for error in problem.errors():
            names = ", ".join(f"RCM_{part}".upper() for part in error["loc"])
            typer.echo(f"{names}: {error['msg']}" if names else error["msg"], err=True)
    except (ProjectError, DbtError, EngineUnavailable) as problem:
        typer.echo(str(problem), err=True)
    except Exception as problem:
        # takes long to import, and only now is needed
        from rcm_platform.lake import LakeError
        from rcm_platform.operate.disk import why_full

        said = str(problem) if isinstance(problem, LakeError) else ""
        if not (said := why_full(get_settings(), problem) or said):
            raise
        typer.echo(said, err=True)
    else:
        return
    sys.exit(1)
