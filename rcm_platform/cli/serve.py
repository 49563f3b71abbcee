"""`rcm ui`, `rcm serve` and `rcm users`, and what keeps an installation: health and backup."""

from __future__ import annotations

from typing import Annotated

import typer

from rcm_platform.cli.console import stop
from rcm_platform.settings import get_settings
from rcm_platform.web.processes import Part


def ui(
    port: Annotated[int, typer.Option(help="Port on the loopback address.")] = 3000,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="For leaders: nothing can be started or changed.")
    ] = False,
) -> None:
    """Start the Dagster UI, the operations desk and the daemon (schedule, sensors, freshness) on
    loopback.

    With --read-only there is no daemon and no page that names patients, and the page to open is the
    scorecard.
    """
    from rcm_platform.operate import dagster_home
    from rcm_platform.web import processes

    # everything is here, whatever a deployment on this machine has elsewhere
    settings = get_settings().model_copy(update={"code_server": None})
    typer.echo("Starting (about half a minute; Ctrl-C stops it) ...")
    try:
        dagster_home.prepare_dagster_home(settings)
        if read_only:
            processes.read_only(settings, port, typer.echo)
        code = processes.serve(settings, list(Part), "127.0.0.1", port, typer.echo, login=False)
    except (ValueError, ModuleNotFoundError) as problem:
        stop(str(problem))
    raise typer.Exit(code)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
    only: Annotated[
        list[Part] | None,
        typer.Option(help="A part, where others run elsewhere (RCM_CODE_SERVER)."),
    ] = None,
) -> None:
    """Start the platform for many people: the Dagster UI and the operations desk behind a login,
    and the daemon.

    It does not start without DAGSTER_AUTH_SECRET_KEY. Who came in, who saw claims and what was
    refused stands in audit.log in RCM_HOME.
    """
    from rcm_platform.operate import dagster_home
    from rcm_platform.web import processes

    settings = get_settings()
    try:
        dagster_home.prepare_dagster_home(settings)
        code = processes.serve(settings, only or list(Part), host, port, typer.echo)
    except (ValueError, ModuleNotFoundError) as problem:
        stop(str(problem))
    raise typer.Exit(code)


def users(context: typer.Context) -> None:
    """Say who may come in by `rcm serve`.

    add-user NAME --viewer | --launcher | --editor | --admin, list-users, change-password NAME,
    change-role NAME ROLE, delete-user NAME, list-permissions; limit NAME FACILITY ... | --all, of
    which organizations a user sees rows.
    """
    from rcm_platform.web import access, organizations

    try:
        if context.args[:1] == ["limit"]:
            typer.echo(organizations.command(get_settings(), context.args[1:]))
            return
        code = access.users(get_settings(), context.args)
    except ValueError as problem:
        stop(str(problem))
    raise typer.Exit(code)
