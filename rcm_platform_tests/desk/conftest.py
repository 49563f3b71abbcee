"""What the tests of the desk have in common."""

from __future__ import annotations

import pytest

from rcm_platform.desk import viewer


@pytest.fixture(autouse=True)
def no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A webserver that another test made in this process has left its key there."""
    monkeypatch.delenv(viewer.KEY_VARIABLE, raising=False)
