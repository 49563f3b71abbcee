"""From the source systems into the lake, and what is held in quarantine on the way."""
