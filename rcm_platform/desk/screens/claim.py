"""To come."""

from rcm_platform.desk import desk, parts

parts.head(desk.here(), "claim", "To come.")
