"""Which tests run together on one worker, and which files begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

# what takes longest begins first, so that no worker is left alone with it at the end; the second
# worker has something of its own while the first waits for the run that most tests read
LONGEST_FIRST = (
    "graph/test_end_to_end.py",
    "graph/test_real_input.py",
    "cases",
    "graph/test_landing.py",
    "sources/test_database_servers.py",
    "browser/test_materialize.py",
    "dbt",
    "browser",
    "world",
    "sources",
    "assets",
    "web",
)

# files whose tests share what takes long to set up
TOGETHER = (
    {"dbt/test_conventions.py", "dbt/test_staging.py", "dbt/test_unit_tests.py"},
    {
        "browser/test_dagster_ui.py",
        "browser/test_documentation_pages.py",
        "browser/test_trace_pages.py",
    },
)

_TESTS = Path(__file__).parents[1]


def place(item: pytest.Item) -> int:
    """Where in the order the file of a test stands."""
    path = item.path.relative_to(_TESTS)
    named = [n for n, part in enumerate(LONGEST_FIRST) if path.is_relative_to(part)]
    return min(named, default=len(LONGEST_FIRST))


class OneWorkerPerFile(LoadScopeScheduling):
    """A file is handed to a worker whole, in the order in which the tests were collected.

    (The marks of `--dist loadgroup` do nothing here: pytest 9 keeps the id of a test where
    pytest-xdist 3.8 cannot change it.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].partition(f"{_TESTS.name}/")[2]
        return next((" ".join(sorted(files)) for files in TOGETHER if file in files), file)
