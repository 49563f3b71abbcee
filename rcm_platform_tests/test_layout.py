"""Where code lives: the rooms of CONTRIBUTING.md, and what each may import."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rcm_platform"
NAME = PACKAGE.name

FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {
    ".".join((NAME, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in FILES
}

ORCHESTRATED = ("web", "operate", "assets", "automation", "definitions", "benchmarks", "cli")
"""Rooms that may know Dagster."""


def rooms(heading: str = "Rooms") -> list[str]:
    """The rooms in their order, as CONTRIBUTING.md lists them below a heading."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([a-z_]+)(?:\.py|/)`", section, re.MULTILINE)


def imports(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room(module: str) -> str:
    return module.split(".")[1]


def test_the_root_holds_the_rooms_and_nothing_else() -> None:
    held = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert held - {"__init__"} == set(rooms())


def test_no_room_imports_one_below_it() -> None:
    order = {name: number for number, name in enumerate(rooms())}
    back = sorted(
        f"{module} imports {other}"
        for module, path in MODULES.items()
        for other in imports(path)
        if other.startswith(f"{NAME}.")
        and module != NAME
        and order[room(other)] > order[room(module)]
    )
    assert back == []


def test_the_world_knows_nothing_but_itself() -> None:
    outside = sorted(
        f"{module} imports {other}"
        for module, path in MODULES.items()
        if module.startswith(f"{NAME}.world")
        for other in imports(path)
        if other.startswith(f"{NAME}.") and room(other) != "world"
    )
    assert outside == []


def test_no_module_imports_itself_by_a_detour() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        graph[module] |= {other for other in imports(path) if other in MODULES and other != module}
    # a package and what it offers for its own modules are one
    for module, path in MODULES.items():
        if path.name == "__init__.py":
            graph[module] = {other for other in graph[module] if not other.startswith(f"{module}.")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        pytest.fail(" → ".join(problem.args[1]))


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m != NAME and room(m) not in ORCHESTRATED]
)
def test_logic_does_not_know_the_orchestrator(module: str) -> None:
    known = {name.split(".")[0] for name in imports(MODULES[module])}
    assert not {name for name in known if name.startswith("dagster")}


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("deploy/*.md"),
    ]
)


@pytest.mark.parametrize("page", PAGES)
def test_every_place_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    named = re.findall(
        r"`((?:rcm_platform|rcm_dbt|rcm_platform_tests|docs|deploy)/[^`\s<>]*)`", text
    )
    named += [
        str((ROOT / page).parent.relative_to(ROOT) / link)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    ]
    assert sorted(n for n in named if not (ROOT / n).exists() and not [*ROOT.glob(n)]) == []
