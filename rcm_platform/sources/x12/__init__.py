"""X12 files: 835 remittances, 837P claims and 277CA acknowledgements → rows and quarantine."""

from rcm_platform.sources.x12.loader import load_folder
from rcm_platform.sources.x12.reader import Reading, parse, read
from rcm_platform.sources.x12.tables import TABLES

__all__ = ["TABLES", "Reading", "load_folder", "parse", "read"]
