"""X12 files: remittances (835), claims (837P, 837I) and acknowledgements (999, 277CA) → rows."""

from rcm_platform.sources.x12.loader import load_folder
from rcm_platform.sources.x12.reader import Reading, parse, read
from rcm_platform.sources.x12.tables import TABLES

__all__ = ["TABLES", "Reading", "load_folder", "parse", "read"]
