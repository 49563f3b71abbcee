"""The engines that build the models where DuckDB does not, by their name in RCM_TARGET."""

from __future__ import annotations

from collections.abc import Mapping

from rcm_platform.settings import Settings
from rcm_platform.warehouse.engines import postgres, spark
from rcm_platform.warehouse.engines.common import Engine, EngineUnavailable

__all__ = ["BY_NAME", "Engine", "EngineUnavailable", "chosen"]

BY_NAME: Mapping[str, Engine] = {"postgres": postgres, "spark": spark}


def chosen(settings: Settings) -> Engine | None:
    """The engine of the settings; none where DuckDB builds."""
    return BY_NAME.get(settings.target)
