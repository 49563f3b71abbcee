"""Thin Dagster modules, one per group: they call the logic modules and record what happened."""

import warnings

from dagster_shared.utils.warnings import BetaWarning, PreviewWarning

# forty lines per load about `freshness`, pools and code references
warnings.filterwarnings("ignore", category=BetaWarning)
warnings.filterwarnings("ignore", category=PreviewWarning)
