"""The unit tests of the models, which no run of the platform repeats."""

from __future__ import annotations

import re
from typing import Any

from rcm_platform_tests.support.handmade import Warehouse


def test_every_unit_test_of_the_models_passes(
    nothing_arrived: Warehouse, parsed: dict[str, Any]
) -> None:
    output = nothing_arrived.dbt("test", "--select", "test_type:unit")
    found = re.search(r"Done\. PASS=(\d+) WARN=0 ERROR=0 SKIP=0", output)
    assert found, output[-3000:]
    # what dbt does before it begins counts as one that passed
    operations = [n for n in parsed["nodes"].values() if n["resource_type"] == "operation"]
    assert int(found[1]) == len(parsed["unit_tests"]) + len(operations)
