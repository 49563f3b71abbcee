"""The webservers that all tests of this folder share that only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.web_servers import serving


@pytest.fixture(scope="session")
def with_claims(built: Built) -> Iterator[int]:
    """The port of `rcm ui`."""
    with serving(built.settings.home, "ui") as port:
        yield port


@pytest.fixture(scope="session")
def figures_only(built: Built) -> Iterator[int]:
    """The port of `rcm ui --read-only`."""
    with serving(built.settings.home, "ui", "--read-only") as port:
        yield port
