"""Sample files that no one here wrote, in a folder beside the checkout or at RCM_FIXTURES_DIR."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CHECKOUT = next(path for path in Path(__file__).parents if (path / "pyproject.toml").is_file())
FOLDER = Path(os.environ.get("RCM_FIXTURES_DIR") or _CHECKOUT.parent / "shared" / "fixtures")
SYNTHEA, SYNTHEA_LARGE, X12 = (FOLDER / name for name in ("synthea", "synthea_large", "x12"))

REQUIRED = "RCM_FIXTURES_REQUIRED"


def needs(part: Path) -> pytest.MarkDecorator:
    """A test that reads one of the folders above is skipped where it is not there."""
    assert part in (SYNTHEA, SYNTHEA_LARGE, X12)
    return pytest.mark.skipif(not part.is_dir(), reason=_missing(part))


def require() -> None:
    """Where the files must be there, no test is skipped for want of them; raises UsageError."""
    for part in (SYNTHEA, SYNTHEA_LARGE, X12):
        if os.environ.get(REQUIRED) and not part.is_dir():
            raise pytest.UsageError(f"{REQUIRED} is set, and there are {_missing(part)}")


def _missing(part: Path) -> str:
    return f"no sample files in {part}: set RCM_FIXTURES_DIR to the folder that has them"
