"""What people entered into a synthetic world: its truth knows nothing of it."""

from __future__ import annotations

from rcm_platform.lake import Lake
from rcm_platform.settings import PAPER_REMITTANCES


def has_entered_money(lake: Lake) -> bool:
    """Whether people entered remittances: then the truth is no longer what marts must say."""
    return bool(
        lake.query(
            f"select 1 from {lake.scan('platform', 'received_files')} "
            f"where source_system = '{PAPER_REMITTANCES}' limit 1"
        )
    )
