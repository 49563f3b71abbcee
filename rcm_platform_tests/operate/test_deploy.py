"""What deploy/ starts exists: commands, options and variables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer.main
import yaml

from rcm_platform.cli.app import app
from rcm_platform.settings import Settings
from rcm_platform.web.access import USER_COMMANDS

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "deploy/compose.yaml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
CONTAINERFILE = (ROOT / "deploy/Containerfile").read_text()


def commands() -> Iterator[list[str]]:
    for service in OURS.values():
        yield service["command"]
        yield service["healthcheck"]["test"][1:]
    for found in re.findall(r"CMD (\[.*\])", CONTAINERFILE):
        yield yaml.safe_load(found)


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_each_command_is_one_of_the_command_line(command: list[str]) -> None:
    program, *arguments = command
    assert program == "rcm"
    # `--help` at the end: the options before it are parsed, and nothing is started
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    name, *options = arguments
    found = group.get_command(typer.Context(group), name)
    assert found
    found.make_context(name, list(options))


def test_the_readme_names_commands_that_exist() -> None:
    text = (ROOT / "deploy/README.md").read_text()
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"`?\brcm ([a-z]+)", text)) <= known
    assert set(re.findall(r"users ((?:add|list|change|delete)-\w+)", text)) <= set(USER_COMMANDS)


def test_each_variable_is_explained_in_the_example() -> None:
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{(\w+)", COMPOSE))
    for service in OURS.values():
        used |= set(service["environment"])
    named = re.findall(r"(?:RCM|DAGSTER_AUTH)_[A-Z0-9_]+", (ROOT / "deploy/README.md").read_text())
    assert used | set(named) <= example


def test_no_secret_is_written_down() -> None:
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if "PASSWORD" in name or "KEY" in name:
                assert re.fullmatch(r"\$\{\w+:\?\}", value), name


def test_only_the_reverse_proxy_reaches_the_door() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"web"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])
    assert "\nUSER rcm\n" in CONTAINERFILE


def test_the_web_finds_the_graph_where_the_daemon_offers_it() -> None:
    settings = Settings(code_server=OURS["web"]["environment"]["RCM_CODE_SERVER"])
    assert settings.code_server
    assert settings.code_server.partition(":")[0] in SERVICES


def test_what_people_enter_is_where_every_container_reaches_it() -> None:
    for service in OURS.values():
        url = re.sub(r"\$\{\w+:\?\}", "secret", service["environment"]["RCM_DESK_URL"])
        assert Settings(desk_url=url).desk_url == url
        assert urlsplit(url).hostname in SERVICES


def test_the_image_gets_what_the_platform_needs() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for copied in re.findall(r"^COPY (.*) \S+$", CONTAINERFILE, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists()
            assert f"!{name}" in ignored
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = (ROOT / "constraints.txt").read_text().lower()
    for need in project["project"]["optional-dependencies"]["deploy"]:
        assert re.split(r"[\[=>]", need)[0] + "==" in pinned
